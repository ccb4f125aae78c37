"""Writes the end of a failed run to its job, a moment after Dagster knows of it."""

import asyncio

import dagster as dg

from domain.reconcile import decide
from resources.database import jobs
from resources.database.connection import Database
from resources.settings import Settings
from sensors.runs import job_of_run, situation, step_failure
from studio.reconciling import carry_out

EVERY_SECONDS = 9
"""A step that fails tells its job itself; this is for what it could not."""


@dg.run_failure_sensor(
    name="failures",
    monitor_all_code_locations=True,
    minimum_interval_seconds=EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes code and message of a failed run to its job, or queues the job again when its worker died.",
)
def failures(
    context: dg.RunFailureSensorContext,
    database: dg.ResourceParam[Database],
    settings: dg.ResourceParam[Settings],
) -> None:
    asyncio.run(_settle(context.instance, context.dagster_run, database, settings))


async def _settle(instance: dg.DagsterInstance, run: dg.DagsterRun, database: Database, settings: Settings) -> None:
    job_id = job_of_run(run)
    if job_id is None:
        return
    async with database.connect() as connection:
        job = await jobs.find_job(connection, job_id)
        if job is None or job.dagster_run_id != run.run_id or job.status not in ("queued", "running"):
            return
        step = step_failure(instance, run.run_id)
        is_held = await jobs.is_job_locked(connection, job_id)
        action = decide(situation(job, run, step, settings=settings, is_held=is_held))
        await carry_out(connection, job, action, step)
