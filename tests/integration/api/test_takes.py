"""One scene of a finished film, made again or shown in an older version."""

from uuid import UUID, uuid4

import pytest

from domain.shots import Camera, Light, Setting, ShotPrompt
from domain.speech import PlacedLine, SpokenLine
from resources.database import jobs, scenes
from resources.database.connection import Database, UserDatabase
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import Pipeline
from tests.integration.api.standins import Dagster

PROMPT = ShotPrompt(
    text="Ada looks up",
    caption="Did you see that?",
    setting=Setting.SEA,
    light=Light.NIGHT,
    camera=Camera.STILL,
    style="ink",
    characters=(),
    speaker=None,
    seed=7,
)


@pytest.fixture
async def finished(alice: SignedIn, film: str, pipeline: Pipeline, database_urls: DatabaseUrls) -> str:
    """A film of two scenes, each with one take."""
    await pipeline.begin(film, "clips")
    await pipeline.plan_scenes(film)
    async with Database(database_urls.worker).connect() as connection:
        for row in await scenes.list_scenes(connection, UUID(film)):
            await scenes.save_prompt(connection, row.id, PROMPT)
            await show(connection, row.id, "a" * 64)
        job = await jobs.find_job(connection, UUID(film))
        assert job
        await jobs.succeed_job(connection, job.id, job.dagster_run_id)
    return film


async def show(connection: object, scene_id: UUID, clip_key: str) -> None:
    await scenes.succeed_scene(connection, scene_id, clip_key=clip_key, s3_key=f"clips/{clip_key}")  # type: ignore[arg-type]
    await scenes.save_take(connection, scene_id)  # type: ignore[arg-type]


async def prompt_of(database_urls: DatabaseUrls, film: str, index: int) -> ShotPrompt:
    async with Database(database_urls.worker).connect() as connection:
        row = await scenes.find_scene(connection, UUID(film), index)
    assert row
    assert row.prompt
    return row.prompt


async def test_a_scene_is_filmed_again_and_the_others_are_kept(
    alice: SignedIn, finished: str, database_urls: DatabaseUrls, dagster: Dagster
) -> None:
    launched = dagster.job_ids().count(finished)
    answer = await alice.post(f"/jobs/{finished}/scenes/2/retry", {})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert dagster.job_ids().count(finished) == launched + 1
    states = [scene["status"] for scene in (await alice.get(f"/jobs/{finished}")).json()["scenes"]]
    assert states == ["succeeded", "queued"]
    assert await prompt_of(database_urls, finished, 2) == PROMPT.model_copy(update={"seed": 8})
    assert await prompt_of(database_urls, finished, 1) == PROMPT


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"prompt": "Ada points up"}, {"text": "Ada points up", "directed_by": "user"}),
        ({"seed": 99}, {"seed": 99}),
        ({"provider": "local", "model": "flat"}, {}),
    ],
)
async def test_the_new_take_differs_as_asked(
    alice: SignedIn, finished: str, database_urls: DatabaseUrls, body: dict[str, object], changed: dict[str, object]
) -> None:
    assert (await alice.post(f"/jobs/{finished}/scenes/1/retry", body)).status_code == 202
    assert await prompt_of(database_urls, finished, 1) == PROMPT.model_copy(update=changed)
    async with Database(database_urls.worker).connect() as connection:
        row = await scenes.find_scene(connection, UUID(finished), 1)
    assert row
    assert row.provider == body.get("provider")


@pytest.mark.parametrize(
    ("index", "body", "status", "code"),
    [
        (3, {}, 404, "NOT_FOUND"),
        (0, {}, 422, "INVALID_REQUEST"),
        (1, {"prompt": ""}, 422, "INVALID_REQUEST"),
        (1, {"prompt": "x" * 2001}, 422, "INVALID_REQUEST"),
        (1, {"seed": -1}, 422, "INVALID_REQUEST"),
        (1, {"provider": "imaginary"}, 422, "UNKNOWN_MODEL"),
        (1, {"provider": "replicate"}, 422, "PROVIDER_NOT_CONFIGURED"),
        (1, {"camera": "still"}, 422, "INVALID_REQUEST"),
    ],
)
async def test_a_wish_that_cannot_be_met_changes_nothing(
    alice: SignedIn, finished: str, index: int, body: dict[str, object], status: int, code: str
) -> None:
    before = (await alice.get(f"/jobs/{finished}")).json()
    answer = await alice.post(f"/jobs/{finished}/scenes/{index}/retry", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await alice.get(f"/jobs/{finished}")).json() == before


async def say(database_urls: DatabaseUrls, film: str, index: int) -> None:
    line = SpokenLine(line_id=1, character_id=None, text="Did you see that?", key="k", seconds=1.0)
    async with Database(database_urls.worker).connect() as connection:
        row = await scenes.find_scene(connection, UUID(film), index)
        assert row
        await scenes.save_speech(connection, row.id, [PlacedLine(line=line, start=0)], 2.0)


async def readings(database_urls: DatabaseUrls, film: str) -> list[int]:
    async with Database(database_urls.worker).connect() as connection:
        return [row.reading for row in await scenes.list_scenes(connection, UUID(film))]


async def test_a_scene_is_spoken_again_and_nothing_is_filmed(
    alice: SignedIn, finished: str, database_urls: DatabaseUrls, dagster: Dagster
) -> None:
    await say(database_urls, finished, 2)
    launched = dagster.job_ids().count(finished)
    answer = await alice.post(f"/jobs/{finished}/scenes/2/speak", {})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert dagster.job_ids().count(finished) == launched + 1
    assert await readings(database_urls, finished) == [0, 1]
    assert [scene["status"] for scene in (await alice.get(f"/jobs/{finished}")).json()["scenes"]] == ["succeeded"] * 2


async def test_what_cannot_be_spoken_again_changes_nothing(
    alice: SignedIn, finished: str, database_urls: DatabaseUrls
) -> None:
    """Also where a user's own SQL asks for it."""
    for index, status, code in ((1, 409, "CONFLICT"), (3, 404, "NOT_FOUND"), (0, 422, "INVALID_REQUEST")):
        answer = await alice.post(f"/jobs/{finished}/scenes/{index}/speak", {})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    await say(database_urls, finished, 1)
    async with Database(database_urls.worker).connect() as connection:
        await connection.execute("update job_scenes set status = 'queued' where scene_index = 2")
        job = await jobs.find_job(connection, UUID(finished))
    assert job
    answer = await alice.post(f"/jobs/{finished}/scenes/1/speak", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert "Scene 2 is not filmed" in answer.json()["detail"]
    users = UserDatabase(database_urls.api, max_connections=1)
    await users.open()
    async with users.as_user(job.user_id) as own:
        assert await jobs.speak_again(own, job.id, 1) is None
    async with users.as_user(uuid4()) as stranger:
        assert await jobs.speak_again(stranger, job.id, 1) is None
    await users.close()
    assert await readings(database_urls, finished) == [0, 0]


async def test_a_film_under_way_is_left_alone(alice: SignedIn, film: str) -> None:
    for path in ("retry", "speak", "takes/1/choose"):
        answer = await alice.post(f"/jobs/{film}/scenes/1/{path}", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


async def test_an_older_take_is_shown_again_at_no_cost(
    alice: SignedIn, finished: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    await alice.post(f"/jobs/{finished}/scenes/1/retry", {})
    await pipeline.begin(finished, "clips")
    async with Database(database_urls.worker).connect() as connection:
        row = await scenes.find_scene(connection, UUID(finished), 1)
        assert row
        await show(connection, row.id, "b" * 64)
        job = await jobs.find_job(connection, UUID(finished))
        assert job
        await jobs.succeed_job(connection, job.id, job.dagster_run_id)
    takes = (await alice.get(f"/jobs/{finished}/scenes/1/takes")).json()["takes"]
    assert [(take["number"], take["is_shown"], take["seed"]) for take in takes] == [(1, False, 7), (2, True, 8)]
    answer = await alice.post(f"/jobs/{finished}/scenes/1/takes/1/choose", {})
    assert (answer.status_code, answer.json()["status"], answer.json()["cost"]["reserved_usd"]) == (202, "queued", 0)
    takes = (await alice.get(f"/jobs/{finished}/scenes/1/takes")).json()["takes"]
    assert [take["is_shown"] for take in takes] == [True, False]
    assert [scene["status"] for scene in (await alice.get(f"/jobs/{finished}")).json()["scenes"]] == ["succeeded"] * 2


async def test_a_take_is_not_chosen_in_a_film_whose_other_scenes_would_have_to_be_bought(
    alice: SignedIn, finished: str, database_urls: DatabaseUrls
) -> None:
    """Neither by the API nor by a user's own SQL."""
    async with Database(database_urls.worker).connect() as connection:
        await connection.execute("update job_scenes set status = 'queued' where scene_index = 2")
        await connection.execute("update job_scenes set status = 'canceled' where scene_index = 2")
    answer = await alice.post(f"/jobs/{finished}/scenes/1/takes/1/choose", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert "Scene 2" in answer.json()["detail"]
    async with Database(database_urls.worker).connect() as connection:
        job = await jobs.find_job(connection, UUID(finished))
    assert job
    users = UserDatabase(database_urls.api, max_connections=1)
    await users.open()
    async with users.as_user(job.user_id) as own:
        assert await jobs.choose_take(own, job.id, 1, 1) is None
    await users.close()


async def test_a_take_that_is_not_there_cannot_be_chosen(alice: SignedIn, finished: str) -> None:
    answer = await alice.post(f"/jobs/{finished}/scenes/1/takes/9/choose", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
