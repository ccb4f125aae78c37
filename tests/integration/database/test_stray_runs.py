"""The reconcile sensor on a real database and an instance of Dagster in memory."""

import asyncio
import json
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import dagster as dg
import pytest

from domain.stages import LAUNCH_TAG
from resources.database import jobs
from resources.database.connection import Connection, Database
from resources.settings import Settings
from sensors.reconcile import STRAY_SECONDS, reconcile
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant

START_SECONDS = 30.0
SETTINGS = Settings.model_construct(max_launches=3, run_start_seconds=START_SECONDS)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def started_run(
    instance: dg.DagsterInstance, job_id: UUID, state: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED
) -> dg.DagsterRun:
    tags = {"dagster/partition": str(job_id), LAUNCH_TAG: "1"}
    return instance.add_run(dg.DagsterRun("generation_job", str(uuid4()), status=state, tags=tags))


async def launched_run(
    worker: Connection, instance: dg.DagsterInstance, job_id: UUID, state: dg.DagsterRunStatus
) -> dg.DagsterRun:
    job = await jobs.claim_launch(worker, job_id)
    assert job
    run = started_run(instance, job_id, state)
    await jobs.record_run(worker, job_id, job.launch_number, run.run_id)
    return run


def look(instance: dg.DagsterInstance, urls: DatabaseUrls, *, first_seen: dict[str, float]) -> dict[str, float]:
    """One evaluation, and since when it has seen nobody at which job or run."""
    context = dg.build_sensor_context(
        instance=instance,
        cursor=json.dumps(first_seen),
        resources={
            "database": Database(urls.worker),
            "settings": Settings.model_construct(max_launches=3, run_start_seconds=START_SECONDS),
        },
    )
    reconcile(context)
    seen: dict[str, float] = json.loads(context.cursor or "{}")
    return seen


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found.status


async def end_well(worker: Connection, job_id: UUID, run_id: str) -> None:
    assert await jobs.begin_job(worker, job_id, run_id, launch_number=None)
    assert await jobs.succeed_job(worker, job_id, run_id)


async def test_a_run_whose_worker_died_after_its_jobs_end_is_ended(
    instance: dg.DagsterInstance, database_urls: DatabaseUrls, worker: Connection, ann: Tenant
) -> None:
    """Otherwise the job's next run would wait behind it for hours."""
    run = started_run(instance, ann.job_id)
    await end_well(worker, ann.job_id, run.run_id)
    seen = await asyncio.to_thread(look, instance, database_urls, first_seen={})
    assert status(instance, run) is dg.DagsterRunStatus.STARTED
    assert run.run_id in seen
    long_ago = {run.run_id: time.time() - STRAY_SECONDS - 1}
    await asyncio.to_thread(look, instance, database_urls, first_seen=long_ago)
    assert status(instance, run) is dg.DagsterRunStatus.FAILURE
    job = await jobs.find_job(worker, ann.job_id)
    assert job
    assert job.status == "succeeded"


async def test_a_run_that_still_holds_its_ended_job_goes_on(
    instance: dg.DagsterInstance, database_urls: DatabaseUrls, worker: Connection, ann: Tenant
) -> None:
    run = started_run(instance, ann.job_id)
    await end_well(worker, ann.job_id, run.run_id)
    assert await jobs.try_lock_job(worker, ann.job_id)
    long_ago = {run.run_id: time.time() - STRAY_SECONDS - 1}
    seen = await asyncio.to_thread(look, instance, database_urls, first_seen=long_ago)
    assert status(instance, run) is dg.DagsterRunStatus.STARTED
    assert seen == {}


@pytest.mark.parametrize("state", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
async def test_a_job_whose_worker_died_before_its_first_stage_is_launched_again(
    instance: dg.DagsterInstance,
    database_urls: DatabaseUrls,
    worker: Connection,
    ann: Tenant,
    state: dg.DagsterRunStatus,
) -> None:
    run = await launched_run(worker, instance, ann.job_id, state)
    seen = await asyncio.to_thread(look, instance, database_urls, first_seen={})
    assert list(seen) == [str(ann.job_id)]
    assert status(instance, run) is state
    long_ago = {str(ann.job_id): time.time() - START_SECONDS}
    await asyncio.to_thread(look, instance, database_urls, first_seen=long_ago)
    assert status(instance, run) is dg.DagsterRunStatus.FAILURE
    assert ann.job_id in await jobs.list_launchable(worker, 10)


async def test_a_run_may_wait_in_the_queue_for_any_time(
    instance: dg.DagsterInstance, database_urls: DatabaseUrls, worker: Connection, ann: Tenant
) -> None:
    """Nor does the time in the queue count when its worker is asked for at last."""
    run = await launched_run(worker, instance, ann.job_id, dg.DagsterRunStatus.NOT_STARTED)
    long_ago = {str(ann.job_id): time.time() - 1000 * START_SECONDS}
    seen = await asyncio.to_thread(look, instance, database_urls, first_seen=long_ago)
    assert status(instance, run) is dg.DagsterRunStatus.NOT_STARTED
    assert seen == {}
