"""Launching: once, whoever tries; and never at the cost of the request that asked for it."""

import asyncio
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from api.app import create_app
from api.dependencies import LaunchesAfterCommit, Transaction, User
from domain.errors import ErrorCode, RecastError
from resources.dagster import DagsterClient
from resources.database import jobs
from resources.database.connection import Database
from resources.database.records import Job
from resources.settings import Settings
from studio.importing import import_video
from studio.launching import launch
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn, running
from tests.integration.api.standins import Dagster, Issuer

LINK = {"youtube_url": "https://youtu.be/demo0000001"}


@pytest.fixture
def database(database_urls: DatabaseUrls) -> Database:
    return Database(database_urls.worker)


async def row(database: Database, job_id: str) -> Job:
    async with database.connect() as connection:
        job = await jobs.find_job(connection, UUID(job_id))
    assert job
    return job


async def free_claim(database: Database, job_id: str) -> None:
    async with database.connect() as connection:
        await connection.execute(
            "update jobs set launch_claimed_at = null, dagster_run_id = null where id = %s", (job_id,)
        )


async def test_many_launchers_make_one_run(alice: SignedIn, database: Database, dagster: Dagster) -> None:
    job_id = (await alice.import_video())["job_id"]
    await free_claim(database, job_id)
    dagster.launched.clear()
    dagster.slow_seconds = 0.1
    client = DagsterClient(dagster.url, "recast")
    runs = await asyncio.gather(*(launch(database.connect, client, UUID(job_id)) for _ in range(6)))
    await client.close()
    assert len([run for run in runs if run]) == len(dagster.launched) == 1
    assert (await row(database, job_id)).dagster_run_id in runs


async def test_a_launch_that_surely_failed_gives_its_claim_back(
    alice: SignedIn, database: Database, dagster: Dagster
) -> None:
    dagster.refusal = "PythonError"
    job = await row(database, (await alice.import_video())["job_id"])
    assert (job.launch_claimed_at, job.dagster_run_id, job.launch_number) == (None, None, 1)
    async with database.connect() as connection:
        assert job.id in await jobs.list_launchable(connection, 10)


async def test_a_dagster_that_is_away_costs_no_request(
    settings: Settings, issuer: Issuer, database: Database, tmp_path: Path
) -> None:
    away = settings.model_copy(update={"dagster_url": "http://127.0.0.1:9"})
    headers = {"Authorization": f"Bearer {issuer.token(uuid4())}"}
    app = create_app(away, page=tmp_path / "none")
    async with running(app) as address, httpx.AsyncClient(base_url=address, timeout=20, headers=headers) as client:
        answer = await client.post("/api/v1/youtube/import", json=LINK)
        stages = await client.get(f"/api/v1/jobs/{answer.json()['job_id']}/stages")
    assert answer.status_code == 202
    assert (await row(database, answer.json()["job_id"])).launch_claimed_at is None
    assert (stages.status_code, stages.json()["code"]) == (503, "PIPELINE_UNAVAILABLE")


async def test_a_slow_launch_keeps_nobody_waiting_and_is_not_cut_off(
    settings: Settings, issuer: Issuer, database: Database, dagster: Dagster, tmp_path: Path
) -> None:
    dagster.slow_seconds = 4.0
    headers = {"Authorization": f"Bearer {issuer.token(uuid4())}"}
    app = create_app(settings, page=tmp_path / "none")
    async with running(app) as address, httpx.AsyncClient(base_url=address, timeout=20, headers=headers) as client:
        began = time.monotonic()
        answer = await client.post("/api/v1/youtube/import", json=LINK)
        seconds = time.monotonic() - began
    assert answer.status_code == 202
    assert 2.5 < seconds < 3.9
    # The process has ended by now: it waited for the launch.
    assert (await row(database, answer.json()["job_id"])).dagster_run_id


async def test_a_launch_of_unknown_outcome_keeps_its_claim(
    alice: SignedIn, database: Database, dagster: Dagster
) -> None:
    job_id = (await alice.import_video())["job_id"]
    await free_claim(database, job_id)
    dagster.slow_seconds = 1.0
    client = DagsterClient(dagster.url, "recast", client=httpx.AsyncClient(timeout=0.3))
    assert await launch(database.connect, client, UUID(job_id)) is None
    await client.close()
    job = await row(database, job_id)
    assert job.launch_claimed_at
    assert job.dagster_run_id is None


async def test_a_database_lost_while_launching_raises_nothing(database: Database, dagster: Dagster) -> None:
    client = DagsterClient(dagster.url, "recast")
    away = Database("postgresql://x@127.0.0.1:9/x")
    assert await launch(away.connect, client, uuid4()) is None
    await client.close()
    assert dagster.launched == []


async def test_what_was_not_committed_is_not_launched(
    settings: Settings, issuer: Issuer, dagster: Dagster, tmp_path: Path
) -> None:
    app = create_app(settings, page=tmp_path / "none")

    @app.post("/api/v1/half-done")
    async def half_done(user: User, connection: Transaction, launches: LaunchesAfterCommit) -> None:
        launches.add((await import_video(connection, user.sub, LINK["youtube_url"])).id)
        raise RecastError(ErrorCode.CONFLICT)

    headers = {"Authorization": f"Bearer {issuer.token(uuid4())}"}
    async with running(app) as address, httpx.AsyncClient(base_url=address, headers=headers) as client:
        assert (await client.post("/api/v1/half-done")).status_code == 409
        assert (await client.get("/api/v1/jobs")).json()["jobs"] == []
    assert dagster.launched == []
