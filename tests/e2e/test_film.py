"""A link goes in, a film comes out; and what a creator and an operator do with it afterwards."""

import asyncio
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from domain.premade import PREMADE
from domain.profile import Aspect
from domain.stages import JobType
from resources.dagster import DagsterClient
from resources.database import jobs, scripts
from resources.database.connection import Connection, UserDatabase
from resources.database.records import JobOptions
from resources.media import probe
from resources.settings import Settings
from resources.storage import Storage, final_object_key
from studio.launching import launch
from tests.e2e.conftest import Creator, Launch

pytestmark = pytest.mark.xdist_group("films")


async def kept_clips(worker: Connection, job_id: UUID) -> list[tuple[int, str, str]]:
    cursor = await worker.execute(
        "select scene_index, clip_key, s3_key from job_scenes where job_id = %s order by scene_index", (job_id,)
    )
    return await cursor.fetchall()


async def wait_for_run(stack_dagster: str, run_id: str) -> str:
    query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    until = time.monotonic() + 120
    async with httpx.AsyncClient(timeout=30) as http:
        while time.monotonic() < until:
            answer = await http.post(f"{stack_dagster}/graphql", json={"query": query, "variables": {"id": run_id}})
            status: str = answer.json()["data"]["runOrError"]["status"]
            if status in ("SUCCESS", "FAILURE", "CANCELED"):
                return status
            await asyncio.sleep(0.3)
    pytest.fail(f"run {run_id} did not end")


async def test_a_link_becomes_a_film(
    creator: Creator, worker: Connection, storage: Storage, settings: Settings, tmp_path: Path
) -> None:
    script_id = await creator.import_short()
    job = await creator.finish((await creator.order(script_id, scenes=3, aspect=Aspect.WIDE)).id)
    assert job.status == "succeeded", job.error
    assert [scene.status for scene in job.scenes] == ["succeeded"] * 3
    assert {stage.status for stage in job.stages} == {"succeeded"}

    result = (await creator.http.get(f"/jobs/{job.id}/result")).json()
    film = tmp_path / "film.mp4"
    await creator.api.download(result["video_url"], film)
    facts = probe(film)
    assert (facts.width, facts.height, facts.frame_rate, facts.start_time) == (1280, 720, 30, 0)
    cursor = await worker.execute("select scene from job_scenes where job_id = %s", (job.id,))
    spoken = sum(max(2.0, row[0]["end"] - row[0]["start"]) for row in await cursor.fetchall())
    assert abs(facts.duration - spoken) < 3 / 30
    assert film.read_bytes().find(b"moov") < film.read_bytes().find(b"mdat")
    stored = await storage.head(final_object_key(creator.user_id, job.id))
    assert stored is not None
    assert stored.version, "the bucket keeps versions"

    async with httpx.AsyncClient() as anyone:
        assert (await anyone.get(result["preview_url"], headers={"Range": "bytes=0-99"})).status_code == 206
        assert (await anyone.get(f"{settings.cdn_url}/{stored.key}")).status_code == 403

    stages = (await creator.http.get(f"/jobs/{job.id}/stages")).json()["stages"]
    assert [one["stage"] for one in stages] == [
        "transcript",
        "script",
        "scenes",
        "cast",
        "narration",
        "clips",
        "final_mp4",
    ]
    assert all(one["materialized_at"] for one in stages)


async def test_the_same_film_again_films_nothing(creator: Creator, worker: Connection) -> None:
    script_id = await creator.import_short()
    first = await creator.finish((await creator.order(script_id, scenes=2, seed=7)).id)
    again = await creator.finish((await creator.order(script_id, scenes=2, seed=7)).id)
    assert (first.status, again.status) == ("succeeded", "succeeded")
    cursor = await worker.execute(
        "select kind, count(*) from job_events where job_id = %s and scene_index is not null group by kind", (again.id,)
    )
    assert await cursor.fetchall() == [("scene_reused", 2)]


async def test_an_operator_films_one_scene_again_and_the_others_are_kept(
    creator: Creator, worker: Connection, storage: Storage, settings: Settings, materialize: Launch
) -> None:
    script_id = await creator.import_short()
    job = await creator.finish((await creator.order(script_id, scenes=3)).id)
    before = await kept_clips(worker, job.id)
    versions = [(await storage.head(key)) for _, _, key in before]
    film = await storage.head(final_object_key(creator.user_id, job.id))

    run_id = await materialize(job.id, ["clips", "final_mp4"], {"clips": {"config": {"scenes": [2]}}})
    assert await wait_for_run(settings.dagster_url, run_id) == "SUCCESS"

    after = await kept_clips(worker, job.id)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert [(await storage.head(key)) for _, _, key in before] == versions
    assert (await creator.api.job(job.id)).status == "succeeded"
    new_film = await storage.head(final_object_key(creator.user_id, job.id))
    assert film is not None
    assert new_film is not None
    assert new_film.version != film.version


async def test_a_failed_scene_keeps_its_siblings_and_materialize_finishes_the_film(
    creator: Creator, worker: Connection, storage: Storage, settings: Settings, materialize: Launch
) -> None:
    """The picture of one character is damaged: scenes without that character are filmed all the same."""
    script_id = await creator.import_short()
    key = f"users/{creator.user_id}/characters/{uuid4()}/1.png"
    await storage.put_bytes(key, b"not a picture at all", "image/png")
    cursor = await worker.execute(
        "insert into characters (user_id, name, image_url) values (%s, 'Blot', %s) returning id", (creator.user_id, key)
    )
    row = await cursor.fetchone()
    ada, chidi = PREMADE[0].character_id, PREMADE[2].character_id
    await creator.api.cast(script_id, [ada, row[0], chidi])
    job = await creator.finish(
        (await creator.api.generate(script_id, {"max_scenes": 4, "seed": 3, "aspect": "1:1"})).id
    )
    assert job.status == "failed"
    assert job.error is not None
    assert job.error.code == "SCENES_FAILED"
    by_status: dict[str, list[int]] = {"succeeded": [], "failed": []}
    for scene in job.scenes:
        by_status[scene.status].append(scene.index)
    assert by_status["succeeded"]
    assert by_status["failed"]
    kept = {index: (key, s3) for index, key, s3 in await kept_clips(worker, job.id) if index in by_status["succeeded"]}

    cursor = await worker.execute("select image_url from characters where id = %s", (ada,))
    portrait = await cursor.fetchone()
    await storage.put_bytes(key, await storage.get_bytes(portrait[0]), "image/png")
    run_id = await materialize(job.id, ["clips", "final_mp4"])
    assert await wait_for_run(settings.dagster_url, run_id) == "SUCCESS"
    finished = await creator.api.job(job.id)
    assert finished.status == "succeeded"
    after = {index: (key, s3) for index, key, s3 in await kept_clips(worker, job.id) if index in kept}
    assert after == kept


async def test_two_launchers_at_the_same_instant_make_one_run(
    creator: Creator, worker: Connection, settings: Settings
) -> None:
    """The API, twice, and the sweeping sensor, all after the same row."""
    await creator.api.characters()  # the first request makes the user's row
    project_id = await scripts.insert_project(worker, creator.user_id, "A film")
    script = await scripts.insert_script(
        worker, creator.user_id, project_id, "https://www.youtube.com/watch?v=demo0000001", "demo0000001"
    )
    job = await jobs.insert_job(
        worker,
        user_id=creator.user_id,
        project_id=project_id,
        script_id=script.id,
        job_type=JobType.IMPORT,
        options=JobOptions(),
    )
    assert job
    users = UserDatabase(settings.api_database_url.get_secret_value())
    await users.open()
    clients = [DagsterClient(settings.dagster_url, settings.dagster_location) for _ in range(4)]
    runs = await asyncio.gather(*(launch(lambda: users.as_user(creator.user_id), client, job.id) for client in clients))
    assert len([run for run in runs if run]) <= 1
    finished = await creator.finish(job.id)
    assert finished.status == "succeeded"
    query = "query ($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results { runId } } } }"
    tags = {"filter": {"tags": [{"key": "job_id", "value": str(job.id)}]}}
    async with httpx.AsyncClient(timeout=30) as http:
        answer = await http.post(f"{settings.dagster_url}/graphql", json={"query": query, "variables": tags})
    assert len(answer.json()["data"]["runsOrError"]["results"]) == 1
    for client in clients:
        await client.close()
    await users.close()


async def test_a_canceled_job_keeps_what_is_filmed_and_goes_on_when_retried(
    creator: Creator, worker: Connection
) -> None:
    script_id = await creator.import_short()
    job = await creator.order(script_id, scenes=10)
    await creator.until(job.id, lambda one: any(scene.status == "succeeded" for scene in one.scenes))
    await creator.api.cancel(job.id)
    canceled = await creator.finish(job.id)
    assert canceled.status == "canceled"
    done = {index: key for index, key, s3 in await kept_clips(worker, job.id) if s3}
    assert 0 < len(done) < 10
    await creator.api.retry(job.id)
    finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    assert done.items() <= {index: key for index, key, _ in await kept_clips(worker, job.id)}.items()


async def test_a_video_that_cannot_be_read_fails_its_import_with_a_code(creator: Creator) -> None:
    codes = {
        "private0001": "VIDEO_UNAVAILABLE",
        "agelimit001": "VIDEO_RESTRICTED",
        "livenow0001": "VIDEO_RESTRICTED",
        "blockedip01": "TRANSCRIPT_BLOCKED",
        "musiconly01": "EMPTY_SCRIPT",
    }
    imports = {video: await creator.api.import_video(f"https://youtu.be/{video}") for video in codes}
    for video, imported in imports.items():
        job = await creator.finish(imported.job_id)
        assert job.status == "failed", video
        assert job.error is not None
        assert (job.error.code, bool(job.error.message), bool(job.error.remedy)) == (codes[video], True, True)


async def stale(dagster_url: str, job_id: UUID) -> dict[str, str]:
    """What Dagster says of each stage in a job's partition."""
    query = """query ($keys: [AssetKeyInput!]!, $partition: String!) {
      assetNodes(assetKeys: $keys) { assetKey { path } staleStatus(partition: $partition) }
    }"""
    keys = [{"path": [stage]} for stage in ("script", "scenes", "cast")]
    variables = {"keys": keys, "partition": str(job_id)}
    async with httpx.AsyncClient(timeout=30) as http:
        answer = await http.post(f"{dagster_url}/graphql", json={"query": query, "variables": variables})
    return {node["assetKey"]["path"][0]: node["staleStatus"] for node in answer.json()["data"]["assetNodes"]}


async def test_an_edit_makes_the_film_stale_and_films_only_its_own_scene(
    creator: Creator, worker: Connection, settings: Settings
) -> None:
    script_id = await creator.import_short()
    film = await creator.finish((await creator.order(script_id, scenes=3, seed=15)).id)
    assert film.status == "succeeded", film.error
    assert set((await stale(settings.dagster_url, film.id)).values()) == {"FRESH"}

    script = (await creator.http.get(f"/scripts/{script_id}")).json()
    plan = (await creator.http.get(f"/scripts/{script_id}/scenes")).json()["scenes"]
    edits = [{"op": "set_text", "line": plan[1]["line_ids"][0], "text": "Something else is said here."}]
    body = {"version": script["version"], "edits": edits}
    assert (await creator.http.patch(f"/scripts/{script_id}", json=body)).status_code == 200
    assert await stale(settings.dagster_url, film.id) == {"script": "FRESH", "scenes": "STALE", "cast": "STALE"}

    again = await creator.finish((await creator.order(script_id, scenes=3, seed=15)).id)
    keys = [[key for _, key, _ in await kept_clips(worker, job.id)] for job in (film, again)]
    assert [old == new for old, new in zip(*keys, strict=True)] == [True, False, True]

    restored = await creator.http.post(
        f"/scripts/{script_id}/versions/{script['version']}/restore", json={"version": script["version"] + 1}
    )
    assert restored.status_code == 200
    assert (await stale(settings.dagster_url, again.id))["scenes"] == "STALE"
