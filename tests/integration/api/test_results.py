"""The finished film, the stages in Dagster, and events as they happen."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.api.conftest import S3_SECRET, SignedIn
from tests.integration.api.pipeline import RESULT, Pipeline
from tests.integration.api.standins import Dagster


async def test_a_finished_film_has_two_links_and_its_facts(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await pipeline.finish_film(film)
    answer = await alice.get(f"/jobs/{film}/result")
    result = answer.json()
    assert answer.status_code == 200
    key = f"users/{alice.user_id}/jobs/{film}/final.mp4"
    video, preview = urlsplit(result["video_url"]), urlsplit(result["preview_url"])
    assert video.path == f"/recast/{key}"
    assert parse_qs(video.query)["X-Amz-Expires"] == ["900"]
    assert (preview.netloc, preview.path) == ("cdn.example", f"/{key}")
    assert parse_qs(preview.query)["Key-Pair-Id"] == ["K2TEST"]
    assert {name: result[name] for name in ("scenes", "width", "height", "size_bytes", "sha256")} == {
        name: getattr(RESULT, name) for name in ("scenes", "width", "height", "size_bytes", "sha256")
    }
    assert result["expires_at"] < result["preview_expires_at"]
    assert answer.headers["cache-control"] == "no-store"


async def test_links_hold_neither_tokens_nor_secrets(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await pipeline.finish_film(film)
    text = (await alice.get(f"/jobs/{film}/result")).text
    assert alice.token not in text
    assert S3_SECRET not in text
    assert "PRIVATE KEY" not in text


@pytest.mark.parametrize("state", ["queued", "running", "failed", "canceled"])
async def test_there_is_no_result_before_the_end(alice: SignedIn, film: str, pipeline: Pipeline, state: str) -> None:
    if state != "queued":
        await pipeline.begin(film)
    if state == "failed":
        await pipeline.fail(film, "clips")
    if state == "canceled":
        await alice.post(f"/jobs/{film}/cancel")
        await pipeline.carry_out_cancel(film)
    answer = await alice.get(f"/jobs/{film}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_READY")
    assert state in answer.json()["detail"]


async def test_a_film_that_is_being_changed_is_there_as_it_was_until_it_is_done(
    alice: SignedIn, film: str, pipeline: Pipeline
) -> None:
    await pipeline.finish_film(film)
    await pipeline.begin(film, "clips", run_id="by-hand")
    answer = await alice.get(f"/jobs/{film}/result")
    assert (answer.status_code, answer.json()["delivery"]) == (200, 1)


async def test_a_film_has_a_poster_and_thumbnails(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    await pipeline.finish_film(film)
    result = (await alice.get(f"/jobs/{film}/result")).json()
    poster = urlsplit(result["poster_url"])
    assert (poster.path, parse_qs(poster.query)["versionId"]) == ("/recast/poster.jpg", ["v1"])
    assert [one["scene"] for one in result["thumbnails"]] == [2, 1]
    assert urlsplit(result["thumbnails"][0]["url"]).path == "/recast/2.webp"


async def test_an_import_has_no_film(alice: SignedIn, pipeline: Pipeline) -> None:
    imported = await alice.import_video()
    await pipeline.finish_import(imported["job_id"], imported["script_id"])
    answer = await alice.get(f"/jobs/{imported['job_id']}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_READY")


async def test_stages_in_dagster_come_with_links_and_the_inherited_transcript(
    alice: SignedIn, film: str, dagster: Dagster
) -> None:
    dagster.materialized = {"transcript", "script"}
    stages = (await alice.get(f"/jobs/{film}/stages")).json()["stages"]
    assert [one["stage"] for one in stages] == [
        "transcript",
        "script",
        "scenes",
        "cast",
        "narration",
        "clips",
        "final_mp4",
    ]
    assert [one["is_materialized"] for one in stages] == [True, True, False, False, False, False, False]
    assert stages[0]["asset_url"] == f"https://dagster.example/assets/transcript?partition={film}"
    assert stages[0]["run_url"] == "https://dagster.example/runs/run-1"
    assert stages[5]["run_url"] is None


async def test_an_import_shows_its_own_two_stages(alice: SignedIn) -> None:
    job_id = (await alice.import_video())["job_id"]
    stages = (await alice.get(f"/jobs/{job_id}/stages")).json()["stages"]
    assert [one["stage"] for one in stages] == ["transcript", "script"]


def messages(stream: str) -> list[dict[str, str]]:
    """The server-sent events of a whole stream, as fields."""
    blocks = [block for block in stream.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


async def test_events_come_as_they_happen_and_end_with_the_job(
    alice: SignedIn, anybody: httpx.AsyncClient, film: str, pipeline: Pipeline
) -> None:
    await pipeline.begin(film, "clips")
    headers = {"Authorization": f"Bearer {alice.token}"}
    received = ""
    async with anybody.stream("GET", f"/api/v1/jobs/{film}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for text in stream.aiter_text():
            if not received:
                await pipeline.note(film, "scene_filmed", "The scene is filmed")
                await pipeline.finish_film(film)
            received += text
    told = messages(received)
    events = [json.loads(one["data"]) for one in told if one["event"] == "event"]
    assert [event["kind"] for event in events] == ["stage_started", "scene_filmed"]
    states = [json.loads(one["data"])["status"] for one in told if one["event"] == "job"]
    assert states == ["running", "succeeded"]


async def test_a_stream_goes_on_after_the_last_event_seen(alice: SignedIn, film: str, pipeline: Pipeline) -> None:
    for kind in ("one", "two", "three"):
        await pipeline.note(film, kind, kind)
    await pipeline.finish_film(film)
    all_of_it = messages((await alice.get(f"/jobs/{film}/events")).text)
    second = next(one for one in all_of_it if '"two"' in one["data"])
    rest = messages((await alice.get(f"/jobs/{film}/events", headers={"Last-Event-ID": second["id"]})).text)
    assert [json.loads(one["data"])["kind"] for one in rest if one["event"] == "event"] == ["three"]


async def test_streams_that_wait_hold_no_connection(alice: SignedIn, anybody: httpx.AsyncClient, film: str) -> None:
    headers = {"Authorization": f"Bearer {alice.token}"}

    async def first_message(held: asyncio.Event, opened: asyncio.Semaphore) -> None:
        async with anybody.stream("GET", f"/api/v1/jobs/{film}/events", headers=headers) as stream:
            await anext(stream.aiter_text())
            opened.release()
            await held.wait()

    held, opened = asyncio.Event(), asyncio.Semaphore(0)
    streams = [asyncio.create_task(first_message(held, opened)) for _ in range(25)]
    for _ in streams:
        await opened.acquire()
    assert (await alice.get(f"/jobs/{film}")).status_code == 200
    held.set()
    await asyncio.gather(*streams)
