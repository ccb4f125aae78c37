"""Finds jobs and runs that have lost each other: dead workers, vanished runs, cancellations that nobody carried out."""

import asyncio
import json
import time
from dataclasses import dataclass
from uuid import UUID

import dagster as dg

from domain.errors import RecastError
from domain.reconcile import Action, RunState, decide
from resources.database import jobs
from resources.database.connection import Connection, Database
from resources.database.records import Job
from resources.settings import Settings
from sensors.isolation import one_job
from sensors.runs import job_of_run, situation, step_failure
from studio.reconciling import StepFailure, carry_out
from studio.work import cancel

EVERY_SECONDS = 4
"""A little less than the five seconds after which Dagster looks at its sensors again, or it would skip every second
look."""
JOBS_PER_TICK = 200
STRAY_SECONDS = 60.0
"""How long a run may work without a job before it is ended. Far more than the moment between two stages, or after the
last one, in which a healthy run holds no lock."""


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
    """The cursor keeps, per job or stray run, since when nobody has been seen at it (seconds since the epoch)."""
    silent_since: dict[str, float] = json.loads(context.cursor or "{}")
    try:
        silent_since, actions = asyncio.run(_look(context.instance, database, silent_since, settings))
    except RecastError as error:
        return dg.SkipReason(f"{error.code}: {error.cause}")
    context.update_cursor(json.dumps(silent_since))
    return dg.SkipReason(", ".join(actions) or "Every job agrees with its run.")


async def _look(
    instance: dg.DagsterInstance, database: Database, silent_since: dict[str, float], settings: Settings
) -> tuple[dict[str, float], list[str]]:
    silent: dict[str, float] = {}
    actions = []
    async with database.connect() as connection:
        for job_id in await jobs.list_cancelable(connection, JOBS_PER_TICK):
            async with one_job(job_id):
                if job := await jobs.find_job(connection, job_id):
                    await cancel(connection, job)
                    actions.append(f"{job_id}: {Action.CANCEL}")
        for job_id in await jobs.list_launched(connection, JOBS_PER_TICK):
            async with one_job(job_id):
                since = silent_since.get(str(job_id), time.time())
                seen = await _settle(instance, connection, job_id, time.time() - since, settings)
                if seen.is_silent:
                    silent[str(job_id)] = since
                if seen.action is not Action.LEAVE:
                    actions.append(f"{job_id}: {seen.action}")
        for run in await _stray_runs(instance, connection):
            since = silent_since.get(run.run_id, time.time())
            if time.time() - since < STRAY_SECONDS:
                silent[run.run_id] = since
            else:
                instance.report_run_failed(run, "The worker of this run is gone, and its job has ended.")
                actions.append(f"{run.run_id}: {Action.END_RUN}")
    return silent, actions


async def _stray_runs(instance: dg.DagsterInstance, connection: Connection) -> list[dg.DagsterRun]:
    """Runs at work on a job that they are not the run of, or that has ended, while nobody holds it: their worker died
    in the instant after its last word. Each would keep the job's next run waiting, since a job has one at a time."""
    stray = []
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]), limit=JOBS_PER_TICK):
        if (job_id := job_of_run(run)) is None:
            continue
        async with one_job(job_id):
            job = await jobs.find_job(connection, job_id)
            if job is None or (job.dagster_run_id == run.run_id and job.status in ("queued", "running")):
                continue
            if not await jobs.is_job_locked(connection, job.id):
                stray.append(run)
    return stray


@dataclass(frozen=True, slots=True)
class Seen:
    """``is_silent``: a worker was asked for, and none holds the job."""

    action: Action
    is_silent: bool = False


async def _settle(
    instance: dg.DagsterInstance, connection: Connection, job_id: UUID, silent_seconds: float, settings: Settings
) -> Seen:
    """A run whose worker is gone is ended, and what that means for the job is decided at once."""
    job = await jobs.find_job(connection, job_id)
    if job is None or job.dagster_run_id is None:
        return Seen(Action.LEAVE)
    is_held = await jobs.is_job_locked(connection, job_id)

    silent_seconds = 0 if is_held else silent_seconds
    action, state, step = _decide(instance, job, is_held, silent_seconds, settings)
    if action is Action.END_RUN and (run := _run_of(instance, job)):
        instance.report_run_failed(run, "The worker of this run is gone: it holds no lock on its job.")
        action, state, step = _decide(instance, job, is_held, silent_seconds, settings)
    await carry_out(connection, job, action, step)
    return Seen(action, is_silent=not is_held and state is not RunState.WAITING)


def _decide(
    instance: dg.DagsterInstance, job: Job, is_held: bool, silent_seconds: float, settings: Settings
) -> tuple[Action, RunState, StepFailure | None]:
    run = _run_of(instance, job)
    step = step_failure(instance, run.run_id) if run and run.is_failure else None
    facts = situation(job, run, step, settings=settings, is_held=is_held, silent_seconds=silent_seconds)
    return decide(facts), facts.run, step


def _run_of(instance: dg.DagsterInstance, job: Job) -> dg.DagsterRun | None:
    """None also for somebody else's run: whoever wrote it there, it is not this job's."""
    run = instance.get_run_by_id(job.dagster_run_id) if job.dagster_run_id else None
    return run if run and job_of_run(run) == job.id else None
