"""Finds jobs and runs that have lost each other: dead workers, vanished runs, cancellations that nobody carried out."""

import asyncio
import json
import time

import dagster as dg

from domain.errors import RecastError
from domain.reconcile import Action, decide
from resources.database import jobs
from resources.database.connection import Database
from resources.settings import Settings
from sensors.runs import situation, step_failure
from studio.reconciling import carry_out
from studio.work import cancel

EVERY_SECONDS = 5
JOBS_PER_TICK = 200


@dg.sensor(
    name="reconcile",
    minimum_interval_seconds=EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends or restarts jobs whose run ended without the job's knowing.",
)
def reconcile(
    context: dg.SensorEvaluationContext,
    database: dg.ResourceParam[Database],
    settings: dg.ResourceParam[Settings],
) -> dg.SkipReason:
    """The cursor keeps, per job, since when its lock has been free (seconds since the epoch)."""
    silent_since: dict[str, float] = json.loads(context.cursor or "{}")
    try:
        silent_since, actions = asyncio.run(
            _look(context.instance, database, silent_since, max_launches=settings.max_launches)
        )
    except RecastError as error:
        return dg.SkipReason(f"{error.code}: {error.cause}")
    context.update_cursor(json.dumps(silent_since))
    return dg.SkipReason(", ".join(actions) or "Every job agrees with its run.")


async def _look(
    instance: dg.DagsterInstance, database: Database, silent_since: dict[str, float], *, max_launches: int
) -> tuple[dict[str, float], list[str]]:
    now = time.time()
    silent: dict[str, float] = {}
    actions = []
    async with database.connect() as connection:
        for job in await jobs.list_cancelable(connection, JOBS_PER_TICK):
            if job.status == "queued":
                await cancel(connection, job)
                actions.append(f"{job.id}: {Action.CANCEL}")
        for job in await jobs.list_launched(connection, JOBS_PER_TICK):
            assert job.dagster_run_id
            key = str(job.id)
            if job.status == "running" and not await jobs.is_job_locked(connection, job.id):
                silent[key] = silent_since.get(key, now)
            run = instance.get_run_by_id(job.dagster_run_id)
            step = step_failure(instance, job.dagster_run_id) if run and run.is_failure else None
            facts = situation(job, run, step, max_launches=max_launches, silent_seconds=now - silent.get(key, now))
            action = decide(facts)
            if action is Action.END_RUN and run:
                instance.report_run_failed(run, "The worker of this run is gone: it holds no lock on its job.")
            await carry_out(connection, job, action, step)
            if action is not Action.LEAVE:
                actions.append(f"{job.id}: {action}")
    return silent, actions
