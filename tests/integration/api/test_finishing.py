"""A film of one's own, finished another way, and music of one's own."""

import io
import wave
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
import pytest

from cli.api_client import ApiClient
from cli.finishing import Wishes
from domain.errors import ErrorCode, RecastError
from domain.finish import Finish, Fit, Music, Transition, TransitionKind
from domain.music import Piece
from domain.stages import Stage
from resources.database import jobs, scenes
from resources.database.connection import Database, UserDatabase
from resources.database.records import Job
from resources.settings import Settings
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import Pipeline
from tests.integration.api.standins import Dagster
from tests.integration.api.test_takes import PROMPT, show
from tests.integration.objects import Bucket, with_object_store

CROSSFADE = {"kind": "crossfade", "seconds": 0.5}


@pytest.fixture
def settings(settings: Settings, s3: dict[str, str]) -> Settings:
    return with_object_store(settings, s3)


@pytest.fixture
async def finished(alice: SignedIn, film: str, pipeline: Pipeline, database_urls: DatabaseUrls) -> str:
    """A film of two scenes that is done."""
    await pipeline.begin(film, "clips")
    await pipeline.plan_scenes(film)
    async with Database(database_urls.worker).connect() as connection:
        for row in await scenes.list_scenes(connection, UUID(film)):
            await scenes.save_prompt(connection, row.id, PROMPT)
            await show(connection, row.id, "a" * 64)
    await pipeline.finish_film(film)
    return film


async def job_of(database_urls: DatabaseUrls, film: str) -> Job:
    async with Database(database_urls.worker).connect() as connection:
        job = await jobs.find_job(connection, UUID(film))
    assert job
    return job


async def change(user: SignedIn, film: str, **changes: object) -> httpx.Response:
    return await user.request("PATCH", f"/jobs/{film}/finish", json=changes)


def tune(seconds: float = 4.0, loudness: float = 0.5) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        form = loudness * 32767 * np.sin(np.arange(int(8000 * seconds)) * 0.3)
        file.writeframes(form.astype("<i2").tobytes())
    return buffer.getvalue()


async def send_music(user: SignedIn, content: bytes) -> httpx.Response:
    body = {"filename": "tune.wav", "size_bytes": len(content), "content_type": "audio/wav"}
    announced = (await user.post("/music", body)).json()
    async with httpx.AsyncClient(timeout=20) as anybody:
        sent = await anybody.put(announced["url"], content=content, headers=announced["headers"])
    assert sent.status_code == 200
    return await user.post(f"/music/{announced['id']}/complete", {})


async def test_a_film_is_ordered_with_its_finish(
    alice: SignedIn, cast_script: str, database_urls: DatabaseUrls
) -> None:
    finish = {"transition": {"kind": "wipe"}, "music": {"piece": "dawn", "volume_db": -3}, "fit": "contain"}
    answer = await alice.post("/jobs", {"script_id": cast_script, "finish": finish})
    assert answer.status_code == 202, answer.text
    shown = answer.json()["options"]["finish"]
    assert shown["transition"] == {"kind": "wipe", "seconds": 0.5}
    assert shown["music"] == {"piece": "dawn", "upload_id": None, "volume_db": -3}
    job = await job_of(database_urls, answer.json()["id"])
    assert job.options.finish == Finish(
        transition=Transition(kind=TransitionKind.WIPE), music=Music(piece=Piece.DAWN, volume_db=-3), fit=Fit.CONTAIN
    )


async def test_a_finished_film_is_finished_another_way_and_nothing_else_is_run(
    alice: SignedIn, finished: str, dagster: Dagster, database_urls: DatabaseUrls
) -> None:
    launched = len(dagster.launched)
    answer = await change(alice, finished, transition=CROSSFADE, order=[2, 1])
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert dagster.launched[launched:][0]["stages"] == ["final_mp4"]
    finish = (await job_of(database_urls, finished)).options.finish
    assert finish == Finish(transition=Transition(kind=TransitionKind.CROSSFADE), order=(2, 1))
    detail = (await alice.get(f"/jobs/{finished}")).json()
    assert [scene["status"] for scene in detail["scenes"]] == ["succeeded"] * 2
    assert detail["cost"]["reserved_usd"] == 0


async def test_until_the_new_film_is_there_the_old_one_is(alice: SignedIn, finished: str, pipeline: Pipeline) -> None:
    await change(alice, finished, music={"piece": "pulse"})
    for _ in ("queued", "running"):
        result = (await alice.get(f"/jobs/{finished}/result")).json()
        assert (result["delivery"], result["finish"]["music"]["piece"]) == (1, None)
        await pipeline.begin(finished, "final_mp4")


async def test_what_is_not_named_stays_as_it_is(
    alice: SignedIn, finished: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    await change(alice, finished, transition=CROSSFADE, order=[2])
    await pipeline.finish_film(finished)
    await change(alice, finished, keeps_clip_sound=True)
    await pipeline.finish_film(finished)
    finish = (await job_of(database_urls, finished)).options.finish
    assert finish == Finish(transition=Transition(kind=TransitionKind.CROSSFADE), order=(2,), keeps_clip_sound=True)
    await change(alice, finished, order=[])
    assert (await job_of(database_urls, finished)).options.finish.order == ()


async def test_a_film_that_is_finished_so_already_is_left_alone(
    alice: SignedIn, finished: str, dagster: Dagster
) -> None:
    launched = len(dagster.launched)
    answer = await change(alice, finished, transition={"kind": "cut", "seconds": 0.5})
    assert (answer.status_code, answer.json()["status"]) == (202, "succeeded")
    assert len(dagster.launched) == launched


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"order": [1, 1]}, 422, "INVALID_REQUEST"),
        ({"order": [1, 3]}, 422, "INVALID_REQUEST"),
        ({"order": [0]}, 422, "INVALID_REQUEST"),
        ({"transition": {"kind": "explosion"}}, 422, "INVALID_REQUEST"),
        ({"transition": {"kind": "dip", "seconds": 9}}, 422, "INVALID_REQUEST"),
        ({"music": {"piece": "yesterday"}}, 422, "INVALID_REQUEST"),
        ({"music": {"upload_id": str(uuid4())}}, 404, "NOT_FOUND"),
        ({"music": {"volume_db": 40}}, 422, "INVALID_REQUEST"),
        ({"seed": 7}, 422, "INVALID_REQUEST"),
    ],
)
async def test_a_finish_that_cannot_be_had_changes_nothing(
    alice: SignedIn, finished: str, changes: dict[str, object], status: int, code: str
) -> None:
    before = (await alice.get(f"/jobs/{finished}")).json()
    answer = await change(alice, finished, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await alice.get(f"/jobs/{finished}")).json() == before


async def test_a_film_under_way_or_without_all_its_clips_is_not_finished_another_way(
    alice: SignedIn, finished: str, film: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    """Neither by the API nor by a user's own SQL."""
    async with Database(database_urls.worker).connect() as connection:
        await connection.execute("update job_scenes set status = 'queued' where scene_index = 2")
    answer = await change(alice, finished, order=[1])
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert "Scene 2" in answer.json()["detail"]
    users = UserDatabase(database_urls.api, max_connections=1)
    await users.open()
    async with users.as_user(alice.user_id) as own:
        assert await jobs.change_finish(own, UUID(finished), Finish()) is None
    async with users.as_user(uuid4()) as other:
        assert await jobs.change_finish(other, UUID(finished), Finish()) is None
    await users.close()
    await pipeline.begin(finished, "clips", run_id="a later run")
    answer = await change(alice, finished, order=[1])
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


async def test_a_film_stands_when_a_change_of_it_fails_and_the_change_can_be_tried_again(
    alice: SignedIn, finished: str, pipeline: Pipeline, dagster: Dagster, database_urls: DatabaseUrls
) -> None:
    before = (await alice.get(f"/jobs/{finished}/result")).json()
    await change(alice, finished, order=[1])
    await pipeline.begin(finished, "final_mp4")
    await pipeline.fail(finished, "final_mp4", ErrorCode.STITCH_FAILED)
    job = (await alice.get(f"/jobs/{finished}")).json()
    assert (job["status"], job["progress"], job["error"]["code"]) == ("succeeded", 100, "STITCH_FAILED")
    assert next(one["status"] for one in job["stages"] if one["stage"] == "final_mp4") == "failed"
    after = (await alice.get(f"/jobs/{finished}/result")).json()
    assert (after["delivery"], after["finish"]) == (before["delivery"], before["finish"])
    again = await alice.post(f"/jobs/{finished}/retry")
    assert (again.status_code, again.json()["status"], again.json()["error"]) == (202, "queued", None)
    assert (await job_of(database_urls, finished)).first_stage is Stage.FINAL_MP4
    assert dagster.launched[-1]["stages"] == ["final_mp4"]
    await pipeline.finish_film(finished)
    assert (await alice.get(f"/jobs/{finished}")).json()["error"] is None
    assert (await alice.post(f"/jobs/{finished}/retry")).status_code == 409


async def test_after_a_change_that_failed_the_finish_of_before_can_be_asked_for(
    alice: SignedIn, finished: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    """It is what the next take is finished with."""
    await change(alice, finished, order=[1])
    await pipeline.begin(finished, "final_mp4")
    await pipeline.fail(finished, "final_mp4", ErrorCode.STITCH_FAILED)
    answer = await change(alice, finished, order=[])
    assert answer.json()["status"] == "queued"
    assert (await job_of(database_urls, finished)).options.finish == Finish()


async def test_a_film_that_never_was_is_tried_again_from_its_first_stage(
    alice: SignedIn, film: str, pipeline: Pipeline, dagster: Dagster, database_urls: DatabaseUrls
) -> None:
    await pipeline.begin(film, "clips")
    await pipeline.plan_scenes(film)
    async with Database(database_urls.worker).connect() as connection:
        for row in await scenes.list_scenes(connection, UUID(film)):
            await scenes.save_prompt(connection, row.id, PROMPT)
            await show(connection, row.id, "a" * 64)
    for _ in ("as it was ordered", "finished another way"):
        await pipeline.fail(film, "final_mp4", ErrorCode.STITCH_FAILED)
        assert (await alice.get(f"/jobs/{film}")).json()["status"] == "failed"
        await change(alice, film, order=[1])
        assert (await job_of(database_urls, film)).first_stage is Stage.FINAL_MP4
        await pipeline.begin(film, "final_mp4")
    await pipeline.fail(film, "final_mp4", ErrorCode.STITCH_FAILED)
    await alice.post(f"/jobs/{film}/retry")
    assert (await job_of(database_urls, film)).first_stage is None
    assert dagster.launched[-1]["stages"] == []


async def test_what_a_transition_or_music_is_not_told_stays_as_it_is(
    alice: SignedIn, finished: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    await change(alice, finished, transition={"kind": "dip", "seconds": 1}, music={"piece": "dawn", "volume_db": -3})
    for transition, music, expected in [
        ({"seconds": 0.4}, {"volume_db": 2}, ("dip", 0.4, "dawn", 2)),
        ({"kind": "wipe"}, {"piece": "night"}, ("wipe", 0.4, "night", 2)),
        ({}, {"piece": None}, ("wipe", 0.4, None, 2)),
    ]:
        await pipeline.finish_film(finished)
        await change(alice, finished, transition=transition, music=music)
        finish = (await job_of(database_urls, finished)).options.finish
        told = (finish.transition.kind, finish.transition.seconds, finish.music.piece, finish.music.volume_db)
        assert told == expected


async def test_music_of_ones_own_is_sent_looked_at_and_used(
    alice: SignedIn, mallory: SignedIn, finished: str, database_urls: DatabaseUrls
) -> None:
    answer = await send_music(alice, tune())
    assert answer.status_code == 200, answer.text
    sent = answer.json()
    assert (sent["filename"], sent["seconds"]) == ("tune.wav", 4.0)
    again = await alice.post(f"/music/{sent['id']}/complete", {})
    assert again.json() == sent
    music = (await alice.get("/music")).json()
    assert music["sent"] == [sent]
    assert {one["piece"] for one in music["pieces"]} == set(Piece)
    assert (await mallory.get("/music")).json()["sent"] == []
    answer = await change(alice, finished, music={"upload_id": sent["id"]})
    assert answer.status_code == 202, answer.text
    assert answer.json()["options"]["finish"]["music"]["upload_id"] == sent["id"]
    key = (await job_of(database_urls, finished)).options.finish.music.upload_key
    assert key == f"users/{alice.user_id}/uploads/{sent['id']}/source"


@pytest.mark.parametrize(
    ("content", "code"),
    [(tune(0.2), "MEDIA_REJECTED"), (b"la la la", "MEDIA_REJECTED"), (tune(4, 0.0), "NO_SOUND")],
    ids=["a sound of 0.2 s", "a text", "silence"],
)
async def test_what_is_no_music_is_refused_and_nothing_of_it_is_kept(
    alice: SignedIn, settings: Settings, database_urls: DatabaseUrls, content: bytes, code: str
) -> None:
    answer = await send_music(alice, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert Bucket(settings).keys(f"users/{alice.user_id}/") == set()
    with psycopg.connect(database_urls.admin) as admin:
        assert admin.execute("select count(*) from uploads where state <> 'discarded'").fetchone() == (0,)


async def test_music_of_a_film_under_way_is_not_deleted(alice: SignedIn, finished: str, pipeline: Pipeline) -> None:
    sent = (await send_music(alice, tune())).json()
    await change(alice, finished, music={"upload_id": sent["id"]})
    answer = await alice.request("DELETE", f"/uploads/{sent['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    await pipeline.finish_film(finished)
    assert (await alice.request("DELETE", f"/uploads/{sent['id']}")).status_code == 204
    assert (await alice.get("/music")).json()["sent"] == []


async def test_a_recording_is_no_music_and_music_no_recording(
    alice: SignedIn, mallory: SignedIn, finished: str
) -> None:
    sent = (await send_music(alice, tune())).json()
    answer = await alice.post(f"/uploads/{sent['id']}/complete", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    answer = await mallory.post(f"/music/{sent['id']}/complete", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def client_of(user: SignedIn, address: str) -> Any:
    headers = {"Authorization": f"Bearer {user.token}"}
    return httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers, timeout=20)


async def test_what_is_typed_becomes_the_body_that_is_asked_for(alice: SignedIn, address: str, tmp_path: Path) -> None:
    (tmp_path / "tune.wav").write_bytes(tune())
    async with await client_of(alice, address) as http:
        client = ApiClient(http)
        typed = Wishes(transition=TransitionKind.DIP, music="dawn", volume_db=2, clip_sound=False, order=[2, 1])
        assert await typed.as_body(client) == {
            "transition": {"kind": "dip"},
            "music": {"piece": "dawn", "volume_db": 2},
            "keeps_clip_sound": False,
            "order": [2, 1],
        }
        assert await Wishes(music="none").as_body(client) == {"music": {"piece": None}}
        body = await Wishes(music=str(tmp_path / "tune.wav")).as_body(client)
        sent = str((await client.music()).sent[0].id)
        assert body == {"music": {"upload_id": sent}}
        assert await Wishes(music=sent, volume_db=1).as_body(client) == {"music": {"upload_id": sent, "volume_db": 1}}
        with pytest.raises(RecastError, match="no piece, no file"):
            await Wishes(music="no such tune.wav").as_body(client)
        with pytest.raises(RecastError, match="no piece, no file"):
            await Wishes(music=str(uuid4())).as_body(client)
        with pytest.raises(RecastError, match="--music"):
            await Wishes(volume_db=3).as_body(client)


async def test_only_what_is_typed_of_a_film_that_is_there_is_asked_for(
    alice: SignedIn, finished: str, address: str, pipeline: Pipeline
) -> None:
    async with await client_of(alice, address) as http:
        client = ApiClient(http)
        present = (await client.job(UUID(finished))).options.finish
        body = await Wishes(transition_seconds=1).as_body(client, present)
        assert body == {"transition": {"kind": "crossfade", "seconds": 1}}
        with pytest.raises(RecastError, match="--music"):
            await Wishes(volume_db=3).as_body(client, present)
        await change(alice, finished, transition={"kind": "dip"}, music={"piece": "dawn"})
        present = (await client.job(UUID(finished))).options.finish
        body = await Wishes(transition_seconds=1, volume_db=3).as_body(client, present)
        assert body == {"transition": {"seconds": 1}, "music": {"volume_db": 3}}
