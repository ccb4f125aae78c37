"""The reconcile sensor on a real database and an instance of Dagster in memory."""

import asyncio
import json
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import dagster as dg
import pytest

from resources.database import jobs
from resources.database.connection import Connection, Database
from resources.settings import Settings
from sensors.reconcile import STRAY_SECONDS, reconcile
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def started_run(instance: dg.DagsterInstance, job_id: UUID) -> dg.DagsterRun:
    tags = {"dagster/partition": str(job_id)}
    return instance.add_run(
        dg.DagsterRun("generation_job", str(uuid4()), status=dg.DagsterRunStatus.STARTED, tags=tags)
    )


def look(instance: dg.DagsterInstance, urls: DatabaseUrls, *, first_seen: dict[str, float]) -> dict[str, float]:
    """One evaluation, and since when it has seen nobody at which job or run."""
    context = dg.build_sensor_context(
        instance=instance,
        cursor=json.dumps(first_seen),
        resources={"database": Database(urls.worker), "settings": Settings.model_construct(max_launches=3)},
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
