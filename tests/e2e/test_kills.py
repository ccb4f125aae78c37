"""`kill -9` of anything at any time: every job ends, and what was finished is not done again."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psutil
import pytest

from cli.api_client import ApiClient, JobView
from cli.stack.folder import StackFolder
from cli.stack.ports import free_port
from cli.stack.processes import marked_processes
from cli.stack.stack import Stack
from cli.stack.state import RunningStack, read_running_stack
from resources.auth import AuthClient
from resources.database.connection import Connection, Database
from tests.e2e.conftest import Creator

pytestmark = pytest.mark.xdist_group("stack")

SCENES = 4
START_SECONDS = 120


def run_workers(key: str) -> list[psutil.Process]:
    """The processes of a stack that execute a run: children that the code server spawned."""
    return [
        process
        for process in marked_processes(key)
        if any("spawn_main" in argument for argument in command_of(process))
    ]


def service(stack: Stack, mark: str) -> psutil.Process:
    return next(process for process in marked_processes(stack.folder.key) if mark in " ".join(command_of(process)))


def command_of(process: psutil.Process) -> list[str]:
    """Nothing for one that has just ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


async def finished_scenes(connection: Connection, job_id: UUID) -> dict[int, tuple[str, datetime]]:
    cursor = await connection.execute(
        "select scene_index, clip_key, finished_at from job_scenes where job_id = %s and status = 'succeeded'",
        (job_id,),
    )
    return {index: (key, at) for index, key, at in await cursor.fetchall()}


def some_scenes_are_done(job: JobView) -> bool:
    return any(scene.status == "succeeded" for scene in job.scenes)


async def test_a_killed_worker_is_replaced_and_finished_scenes_are_kept(
    stack: Stack, creator: Creator, worker: Connection
) -> None:
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    before = await finished_scenes(worker, job.id)
    for process in run_workers(stack.folder.key):
        process.kill()
    finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    after = await finished_scenes(worker, job.id)
    assert len(after) == SCENES
    assert before.items() <= after.items()


async def test_a_killed_code_server_takes_its_worker_along_and_the_job_still_ends(
    stack: Stack, creator: Creator, worker: Connection
) -> None:
    """Dagster believes that the run goes on: only the job's free lock tells."""
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    before = await finished_scenes(worker, job.id)
    for process in [service(stack, "api grpc"), *run_workers(stack.folder.key)]:
        process.kill()
    finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    assert before.items() <= (await finished_scenes(worker, job.id)).items()


async def test_a_killed_postgres_comes_back_and_the_job_ends(stack: Stack, creator: Creator) -> None:
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    service(stack, "bin/postgres -D").kill()
    finished = await creator.finish(job.id)
    assert finished.status in ("succeeded", "failed")
    if finished.status == "failed":
        assert finished.error is not None
        assert finished.error.code in ("DATABASE_UNAVAILABLE", "RUN_LOST")
        await creator.api.retry(job.id)
        finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error


async def test_a_killed_s3_loses_nothing(stack: Stack, creator: Creator, worker: Connection) -> None:
    """It is back within a second or two; a scene that could not wait that long says so, and a retry films it."""
    job = await creator.order(await creator.import_short(), scenes=SCENES)
    await creator.until(job.id, some_scenes_are_done)
    before = await finished_scenes(worker, job.id)
    service(stack, "weed mini").kill()
    finished = await creator.finish(job.id)
    if finished.status == "failed":
        assert {scene.error.code for scene in finished.scenes if scene.error} <= {"STORAGE_UNAVAILABLE"}
        await creator.api.retry(job.id)
        finished = await creator.finish(job.id)
    assert finished.status == "succeeded", finished.error
    assert before.items() <= (await finished_scenes(worker, job.id)).items()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home of a stack"
    folder.mkdir()
    yield folder
    for process in marked_processes(StackFolder.at(folder).key):
        process.kill()
    StackFolder.at(folder).remove()


def start_stack(home: Path) -> subprocess.Popen[bytes]:
    taken: set[int] = set()
    environment = {**os.environ, "RECAST_HOME": str(home)}
    for name in ("POSTGRES", "S3", "DAGSTER", "CODE_SERVER", "API", "SANDBOX"):
        port = free_port(taken)
        taken.add(port)
        environment[f"RECAST_PORT_{name}"] = str(port)
    with (home.parent / "up.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up"], env=environment, stdout=log, stderr=log, start_new_session=True
        )


async def until_up(home: Path, process: subprocess.Popen[bytes]) -> RunningStack:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        running = read_running_stack(home)
        if running and running.ready:
            return running
        await asyncio.sleep(0.2)
    pytest.fail((home.parent / "up.log").read_text()[-2000:])


async def test_a_killed_stack_started_again_ends_every_job(home: Path) -> None:

    process = start_stack(home)
    running = await until_up(home, process)
    email = f"{uuid4()}@example.com"
    with AuthClient(f"{running.urls['sandbox']}/auth/v1") as auth:
        session = auth.sign_up(email, "correct horse battery")
    async with httpx.AsyncClient(
        base_url=running.urls["api"], headers={"Authorization": f"Bearer {session.access_token}"}, timeout=30
    ) as http:
        creator = Creator(session.user_id, ApiClient(http), http)
        filming = await creator.order(await creator.import_short(), scenes=SCENES)
        await creator.until(filming.id, some_scenes_are_done)
        waiting = await creator.api.import_video("https://www.youtube.com/watch?v=demo0000001")
    async with Database(running.environment()["RECAST_DATABASE_URL"]).connect() as connection:
        before = await finished_scenes(connection, filming.id)

    os.killpg(process.pid, signal.SIGKILL)
    for one in marked_processes(StackFolder.at(home).key):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()

    process = start_stack(home)
    running = await until_up(home, process)
    with AuthClient(f"{running.urls['sandbox']}/auth/v1") as auth:
        session = auth.sign_in(email, "correct horse battery")
    async with httpx.AsyncClient(
        base_url=running.urls["api"], headers={"Authorization": f"Bearer {session.access_token}"}, timeout=30
    ) as http:
        creator = Creator(session.user_id, ApiClient(http), http)
        assert (await creator.finish(waiting.job_id)).status == "succeeded"
        finished = await creator.finish(filming.id)
        assert finished.status == "succeeded", finished.error
    async with Database(running.environment()["RECAST_DATABASE_URL"]).connect() as connection:
        assert before.items() <= (await finished_scenes(connection, filming.id)).items()

    process.terminate()
    process.wait(timeout=60)
    assert list(marked_processes(StackFolder.at(home).key)) == []
