"""Jobs: ordered, listed, followed, canceled and tried again."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from resources.database import clips, scenes
from resources.database.connection import Database
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import LINES, Pipeline
from tests.integration.api.standins import Dagster


async def test_a_film_is_pinned_to_the_script_and_launched_at_once(
    alice: SignedIn, cast_script: str, dagster: Dagster
) -> None:
    answer = await alice.post("/jobs", {"script_id": cast_script, "aspect": "9:16", "seed": 7, "max_scenes": 2})
    job = answer.json()
    assert answer.status_code == 202
    assert (job["type"], job["status"], job["script_version"]) == ("generation", "queued", 1)
    assert job["options"] == {
        "aspect": "9:16",
        "style": "warm flat illustration",
        "provider": "local",
        "model": None,
        "seed": 7,
        "max_scenes": 2,
        "target_seconds": 0,
        "deliver_partial": False,
        "narration": "off",  # what auto means here, where nobody speaks
        "finish": {
            "transition": {"kind": "cut", "seconds": 0.5},
            "music": {"piece": None, "upload_id": None, "volume_db": 0.0},
            "keeps_clip_sound": False,
            "fit": "cover",
            "captions": "karaoke",
            "order": [],
        },
    }
    script = (await alice.get(f"/scripts/{cast_script}")).json()
    assert job["parent_job_id"] == script["import_job"]["id"]
    assert dagster.launched[-1] | {"job_id": job["id"], "dagster_job": "generation_job"} == dagster.launched[-1]


async def test_a_script_that_is_not_imported_cannot_be_filmed(alice: SignedIn) -> None:
    imported = await alice.import_video()
    answer = await alice.post("/jobs", {"script_id": imported["script_id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_READY")


async def test_a_script_without_a_cast_cannot_be_filmed(alice: SignedIn, pipeline: Pipeline) -> None:
    imported = await alice.import_video()
    await pipeline.finish_import(imported["job_id"], imported["script_id"])
    answer = await alice.post("/jobs", {"script_id": imported["script_id"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "EMPTY_CAST")


async def test_an_order_sent_twice_at_once_is_one_film(alice: SignedIn, cast_script: str, dagster: Dagster) -> None:
    body = {"script_id": cast_script, "seed": 3}
    answers = await asyncio.gather(*(alice.post("/jobs", body, idempotency_key="film") for _ in range(5)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert dagster.job_ids().count(answers[0].json()["id"]) == 1
    other = await alice.post("/jobs", body | {"seed": 4}, idempotency_key="film")
    assert other.json()["code"] == "IDEMPOTENCY_MISMATCH"


@pytest.mark.parametrize(
    "options",
    [
        {"aspect": "4:3"},
        {"style": ""},
        {"style": "x" * 201},
        {"seed": -1},
        {"seed": 2**31},
        {"max_scenes": 1001},
        {"target_seconds": 9},
        {"target_seconds": -90},
        {"target_seconds": 3601},
        {"provider": "x" * 51},
        {"camera": "steady"},
    ],
)
async def test_options_outside_their_limits_are_refused(
    alice: SignedIn, cast_script: str, options: dict[str, object]
) -> None:
    answer = await alice.post("/jobs", {"script_id": cast_script, **options})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")


async def test_pages_hold_every_job_once_while_new_ones_come_in(alice: SignedIn) -> None:
    first = [(await alice.import_video())["job_id"] for _ in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = (await alice.get("/jobs", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await alice.import_video()
    assert seen == first[::-1]


async def test_a_last_page_that_is_full_has_no_next(alice: SignedIn) -> None:
    for _ in range(2):
        await alice.import_video()
    assert (await alice.get("/jobs", params={"limit": 2})).json()["next_cursor"] is None


async def test_a_list_can_be_narrowed_to_a_state_and_a_type(alice: SignedIn, film: str) -> None:
    async def ids(**filters: str) -> list[str]:
        return [job["id"] for job in (await alice.get("/jobs", params=filters)).json()["jobs"]]

    assert await ids(type="generation") == [film]
    assert await ids(status="queued") == [film]
    assert await ids(type="import", status="queued") == []
    assert len(await ids(status="succeeded")) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "MjAyNi0wMS0wMSB4"},
        {"cursor": "é"},
        {"limit": "0"},
        {"limit": "101"},
        {"status": "done"},
    ],
)
async def test_a_list_asked_for_wrongly_is_refused(alice: SignedIn, query: dict[str, str]) -> None:
    answer = await alice.get("/jobs", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")


async def test_a_job_tells_which_scene_failed_and_why(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await pipeline.begin(film, "clips")
    await pipeline.plan_scenes(film)
    await pipeline.fail_scene(film, 2)
    await pipeline.fail(film, "clips")
    job = (await alice.get(f"/jobs/{film}")).json()
    assert (job["status"], job["error"]["code"], job["error"]["message"]) == (
        "failed",
        "SCENES_FAILED",
        "Scene 1 failed.",
    )
    assert job["error"]["retryable"] is True
    first, second = job["scenes"]
    assert (first["index"], first["status"], first["error"]) == (1, "queued", None)
    assert second["error"]["code"] == "SCENE_TIMEOUT"
    assert (first["text"], first["seconds"], first["characters"]) == (LINES[0].text, 2.0, [])


WAITING = dict.fromkeys(("script", "scenes", "cast", "narration", "clips", "final_mp4"), "waiting")


async def stages_of(user: SignedIn, job_id: str) -> dict[str, str]:
    return {one["stage"]: one["status"] for one in (await user.get(f"/jobs/{job_id}")).json()["stages"]}


async def test_stages_follow_the_newest_event_of_each(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    assert await stages_of(alice, film) == WAITING
    await pipeline.begin(film, "clips")
    assert await stages_of(alice, film) == WAITING | {"clips": "running"}
    await pipeline.fail(film, "clips")
    assert await stages_of(alice, film) == WAITING | {"clips": "failed"}
    await alice.post(f"/jobs/{film}/retry")
    assert await stages_of(alice, film) == WAITING


async def test_a_filmed_scene_tells_how_its_characters_are_kept_recognisable(
    alice: SignedIn, film: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    await pipeline.begin(film, "clips")
    await pipeline.plan_scenes(film)
    told = {"how": "trained", "why": "Zed is alone and has a trained model."}
    async with Database(database_urls.worker).connect() as connection:
        (row, *_) = await scenes.list_scenes(connection, UUID(film))
        await clips.save_clip(connection, row.user_id, "a" * 64, "clip.mp4", {"likeness": told, "frames": 90})
        await scenes.succeed_scene(connection, row.id, clip_key="a" * 64, s3_key="clip.mp4")
    shown = (await alice.get(f"/jobs/{film}")).json()["scenes"]
    assert [scene["likeness"] for scene in shown] == [told, None]


async def test_a_stage_in_which_the_worker_was_lost_waits_again(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await pipeline.begin(film, "clips")
    await pipeline.lose_worker(film)
    assert await stages_of(alice, film) == WAITING
    await pipeline.begin(film, "script")
    assert await stages_of(alice, film) == WAITING | {"script": "running"}


async def test_a_job_given_up_shows_the_stage_in_which_it_was_lost(
    alice: SignedIn, film: str, pipeline: Pipeline
) -> None:
    await pipeline.begin(film, "clips")
    await pipeline.give_up(film)
    job = (await alice.get(f"/jobs/{film}")).json()
    lost = next(one for one in job["stages"] if one["stage"] == "clips")
    assert (lost["status"], lost["message"]) == ("failed", job["error"]["message"])


async def test_canceling_says_what_is_kept_and_can_be_said_twice(
    alice: SignedIn, film: str, pipeline: Pipeline
) -> None:
    await pipeline.begin(film)
    first = await alice.post(f"/jobs/{film}/cancel")
    again = await alice.post(f"/jobs/{film}/cancel")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert first.json()["cancel_requested_at"]
    assert "kept" in first.json()["meaning"]
    await pipeline.carry_out_cancel(film)
    assert (await alice.post(f"/jobs/{film}/cancel")).json()["status"] == "canceled"


async def test_a_job_that_has_ended_cannot_be_canceled(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await pipeline.finish_film(film)
    answer = await alice.post(f"/jobs/{film}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


async def test_a_failed_job_is_tried_again_as_the_next_launch(
    alice: SignedIn, film: str, pipeline: Pipeline, dagster: Dagster
) -> None:
    await pipeline.begin(film, "clips")
    await pipeline.plan_scenes(film)
    await pipeline.fail_scene(film, 1)
    await pipeline.fail(film, "clips")
    answer = await alice.post(f"/jobs/{film}/retry")
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["progress"], answer.json()["error"]) == ("queued", 0, None)
    launches = [tags["recast/launch"] for tags in dagster.launched if tags["job_id"] == film]
    assert launches == ["1", "2"]
    scenes = (await alice.get(f"/jobs/{film}")).json()["scenes"]
    assert [scene["status"] for scene in scenes] == ["queued", "queued"]


async def test_a_canceled_job_is_tried_again(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await alice.post(f"/jobs/{film}/cancel")
    await pipeline.carry_out_cancel(film)
    answer = await alice.post(f"/jobs/{film}/retry")
    assert (answer.status_code, answer.json()["cancel_requested_at"]) == (202, None)


async def test_two_retries_at_once_are_one(alice: SignedIn, film: str, pipeline: Pipeline, dagster: Dagster) -> None:
    await pipeline.begin(film)
    await pipeline.fail(film, "script")
    answers = await asyncio.gather(*(alice.post(f"/jobs/{film}/retry") for _ in range(4)))
    assert [answer.status_code for answer in answers] == [202] * 4
    assert dagster.job_ids().count(film) == 2


async def test_a_job_that_goes_on_is_left_alone_by_a_retry(
    alice: SignedIn, film: str, pipeline: Pipeline, dagster: Dagster
) -> None:
    await pipeline.begin(film)
    answer = await alice.post(f"/jobs/{film}/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    assert dagster.job_ids().count(film) == 1


async def test_a_job_that_went_well_is_not_tried_again(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await pipeline.finish_film(film)
    answer = await alice.post(f"/jobs/{film}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


async def test_no_user_can_write_a_state_or_retry_anothers_job_in_the_database(
    alice: SignedIn, mallory: SignedIn, film: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    await pipeline.begin(film)
    await pipeline.fail(film, "script")
    async with await psycopg.AsyncConnection.connect(database_urls.api) as connection:
        claims = f'{{"sub": "{mallory.user_id}"}}'
        await connection.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)", (claims,)
        )
        assert await (await connection.execute("select * from retry_job(%s)", (film,))).fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("update jobs set status = 'queued' where id = %s", (film,))
    assert (await alice.get(f"/jobs/{film}")).json()["status"] == "failed"
