"""`kill -9` of anything at any time: every job ends, and what was finished is not done again."""

from datetime import datetime
from uuid import UUID

import pytest

from benchmarks.chaos import service
from cli.api_client import JobView
from cli.stack.processes import run_workers
from resources.database.connection import Connection, Database
from tests.e2e.conftest import Creator
from tests.e2e.recast import Recast
from tests.integration.stack.conftest import listens_on_loopback_alone, survivors

pytestmark = pytest.mark.xdist_group("kills")

SCENES = 4
DEMO = "https://www.youtube.com/watch?v=demo0000001"


def kill(stack: Recast, mark: str) -> None:
    """The service whose command has ``mark`` in it."""
    process = service(stack, mark)
    assert process is not None
    process.kill()


async def finished_scenes(connection: Connection, job_id: UUID) -> dict[int, tuple[str, datetime]]:
    cursor = await connection.execute(
        "select scene_index, clip_key, finished_at from job_scenes where job_id = %s and status = 'succeeded'",
        (job_id,),
    )
    return {index: (key, at) for index, key, at in await cursor.fetchall()}


def some_scenes_are_done(job: JobView) -> bool:
    return any(scene.status == "succeeded" for scene in job.scenes)


def is_filming(job: JobView) -> bool:
    return any(scene.status == "running" for scene in job.scenes)


async def test_a_killed_worker_is_replaced_and_finished_scenes_are_kept(
    stack: Recast, creator: Creator, worker: Connection
) -> None:
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    before = await finished_scenes(worker, job.id)
    for process in run_workers(stack.key):
        process.kill()
    finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    after = await finished_scenes(worker, job.id)
    assert len(after) == SCENES
    assert before.items() <= after.items()


async def test_a_killed_code_server_takes_its_worker_along_and_the_job_still_ends(
    stack: Recast, creator: Creator, worker: Connection
) -> None:
    """Dagster believes that the run goes on: only the job's free lock tells."""
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    before = await finished_scenes(worker, job.id)
    workers = run_workers(stack.key)
    kill(stack, "api grpc")
    for process in workers:
        process.kill()
    finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    assert before.items() <= (await finished_scenes(worker, job.id)).items()


async def test_a_killed_postgres_comes_back_and_the_job_ends(stack: Recast, creator: Creator) -> None:
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    kill(stack, "bin/postgres -D")
    finished = await creator.finish(job.id)
    assert finished.status in ("succeeded", "failed")
    if finished.status == "failed":
        assert finished.error is not None
        assert finished.error.code in ("DATABASE_UNAVAILABLE", "RUN_LOST")
        await creator.api.retry(job.id)
        finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error


async def test_a_killed_s3_loses_nothing(stack: Recast, creator: Creator, worker: Connection) -> None:
    """It is back within a second or two; a scene that could not wait that long says so, and a retry films it."""
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    before = await finished_scenes(worker, job.id)
    kill(stack, "weed mini")
    finished = await creator.finish(job.id)
    if finished.status == "failed":
        assert {scene.error.code for scene in finished.scenes if scene.error} <= {"STORAGE_UNAVAILABLE"}
        await creator.api.retry(job.id)
        finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    assert before.items() <= (await finished_scenes(worker, job.id)).items()


async def test_a_stack_that_is_stopped_and_killed_ends_every_job(stack: Recast, creator: Creator) -> None:
    script_id = await creator.import_short()
    job = await creator.order(script_id, scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    waiting = await creator.api.import_video(DEMO)

    processes = stack.processes()
    assert run_workers(stack.key)
    assert listens_on_loopback_alone(processes)
    code_server = stack.folder.log("code-server")
    said = code_server.stat().st_size
    stack.stop()
    assert survivors(processes) == []
    # The worker had the time to say so, which lets the job be launched again at the next start.
    assert b"RUN_FAILURE" in code_server.read_bytes()[said:]

    stack.start()
    await creator.until(job.id, is_filming)
    async with Database(stack.environment()["RECAST_DATABASE_URL"]).connect() as connection:
        before = await finished_scenes(connection, job.id)
    stack.kill()

    stack.start()
    assert (await creator.finish(waiting.job_id)).status == "succeeded"
    finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    async with Database(stack.environment()["RECAST_DATABASE_URL"]).connect() as connection:
        assert before.items() <= (await finished_scenes(connection, job.id)).items()
