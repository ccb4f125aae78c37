"""POST /youtube/import: from a link to a script and a job that is launched at once."""

import asyncio
from uuid import UUID

import pytest

from resources.database import jobs
from resources.database.connection import Connection, Database
from studio.idempotency import RequestIdentity
from studio.importing import import_video
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn
from tests.integration.api.standins import Dagster

LINK = {"youtube_url": "https://www.youtube.com/watch?v=demo0000001&t=12"}


async def test_an_import_is_launched_before_it_is_answered(alice: SignedIn, dagster: Dagster) -> None:
    imported = await alice.import_video()
    assert dagster.job_ids() == [imported["job_id"]]
    assert dagster.launched[0]["dagster_job"] == "import_job"
    job = (await alice.get(f"/jobs/{imported['job_id']}")).json()
    assert (job["type"], job["status"], job["progress"]) == ("import", "queued", 0)
    assert job["script_id"] == imported["script_id"]
    assert [stage["stage"] for stage in job["stages"]] == ["transcript", "script"]


async def test_only_the_address_of_the_video_is_kept_of_a_link(alice: SignedIn) -> None:
    answer = await alice.post("/youtube/import", {"youtube_url": "https://youtu.be/demo0000001?si=tracking-me"})
    script = (await alice.get(f"/scripts/{answer.json()['script_id']}")).json()
    assert script["youtube_url"] == "https://www.youtube.com/watch?v=demo0000001"


async def test_a_link_that_is_no_video_makes_nothing(alice: SignedIn, dagster: Dagster) -> None:
    answer = await alice.post("/youtube/import", {"youtube_url": "https://vimeo.com/1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_LINK")
    assert (await alice.get("/jobs")).json()["jobs"] == []
    assert dagster.launched == []


async def test_the_same_request_with_the_same_key_is_one_import(alice: SignedIn, dagster: Dagster) -> None:
    first = await alice.post("/youtube/import", LINK, idempotency_key="once")
    again = await alice.post("/youtube/import", LINK, idempotency_key="once")
    assert (again.status_code, again.json()) == (202, first.json())
    assert len((await alice.get("/jobs")).json()["jobs"]) == 1
    assert len(dagster.launched) == 1


async def test_one_key_sent_many_times_at_once_is_one_import(alice: SignedIn, dagster: Dagster) -> None:
    answers = await asyncio.gather(*(alice.post("/youtube/import", LINK, idempotency_key="at-once") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len((await alice.get("/jobs")).json()["jobs"]) == 1
    assert len(dagster.launched) == 1


async def test_of_two_requests_in_flight_the_later_leaves_nothing_behind(
    alice: SignedIn, database_urls: DatabaseUrls
) -> None:
    await alice.get("/jobs")  # makes the user's row
    database = Database(database_urls.worker)
    identity = RequestIdentity.of("in-flight", "import_youtube_video", {})

    async def request() -> UUID:
        async with database.connect() as connection, connection.transaction():
            return (await import_video(connection, alice.user_id, LINK["youtube_url"], identity)).id

    async with database.connect() as first, database.connect() as observer:
        async with first.transaction():
            job = await import_video(first, alice.user_id, LINK["youtube_url"], identity)
            later = asyncio.create_task(request())
            while not await is_anybody_waiting(observer):
                await asyncio.sleep(0.01)
        assert await later == job.id
        cursor = await observer.execute("select count(*) from projects")
        assert await cursor.fetchone() == (1,)


async def is_anybody_waiting(connection: Connection) -> bool:
    cursor = await connection.execute("select exists (select from pg_locks where not granted)")
    return await cursor.fetchone() == (True,)


async def test_a_key_is_not_for_two_different_requests(alice: SignedIn) -> None:
    await alice.post("/youtube/import", LINK, idempotency_key="once")
    other = await alice.post("/youtube/import", {"youtube_url": "https://youtu.be/talk0000001"}, idempotency_key="once")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")


async def test_a_key_used_for_an_import_is_not_for_a_film(alice: SignedIn) -> None:
    imported = (await alice.post("/youtube/import", LINK, idempotency_key="once")).json()
    other = await alice.post("/jobs", {"script_id": imported["script_id"]}, idempotency_key="once")
    assert other.json()["code"] == "IDEMPOTENCY_MISMATCH"


async def test_how_a_source_is_read_is_kept_with_its_import(alice: SignedIn, database_urls: DatabaseUrls) -> None:
    wanted = {"languages": ["pt-BR", "en"], "translate_to": "de", "keep_fillers": True, "keep_sound_tags": False}
    imported = (await alice.post("/youtube/import", LINK | wanted)).json()
    async with Database(database_urls.worker).connect() as connection:
        job = await jobs.find_job(connection, UUID(imported["job_id"]))
    assert job
    assert job.options.reading.model_dump(mode="json") == wanted


@pytest.mark.parametrize(
    "wrong", [{"languages": ["english"]}, {"languages": ["en"] * 11}, {"translate_to": ""}, {"translate_to": "de&x=1"}]
)
async def test_what_is_no_language_is_refused(alice: SignedIn, wrong: dict[str, object]) -> None:
    answer = await alice.post("/youtube/import", LINK | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")


async def test_two_users_may_choose_the_same_key(alice: SignedIn, mallory: SignedIn) -> None:
    mine = await alice.post("/youtube/import", LINK, idempotency_key="once")
    theirs = await mallory.post("/youtube/import", LINK, idempotency_key="once")
    assert theirs.status_code == 202
    assert theirs.json()["job_id"] != mine.json()["job_id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "line\ttab"])
async def test_a_key_that_cannot_be_kept_is_refused(alice: SignedIn, key: str) -> None:
    answer = await alice.post("/youtube/import", LINK, idempotency_key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")
    assert answer.json()["errors"][0]["location"] == "header.Idempotency-Key"
