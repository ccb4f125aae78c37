"""Reconciling: carry out what was decided about a job whose run ended without the job's knowing."""

from dataclasses import dataclass

import structlog

from domain.errors import TAXONOMY, ErrorCode
from domain.reconcile import Action
from resources.database import events, jobs, scenes
from resources.database.connection import Connection
from resources.database.records import Job
from studio.work import cancel

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StepFailure:
    """What a failed step left in Dagster: the code and sentence for users, the cause for operators."""

    error_code: str | None = None
    message: str | None = None
    cause: str | None = None


async def carry_out(connection: Connection, job: Job, action: Action, step: StepFailure | None = None) -> None:
    """Safe to repeat, and to race with the worker: every change is guarded by the state it starts from."""
    match action:
        case Action.LEAVE | Action.END_RUN:
            return
        case Action.CANCEL:
            await jobs.request_cancel(connection, job.id)
            await cancel(connection, job)
        case Action.REQUEUE:
            async with connection.transaction():
                if await jobs.requeue_job(connection, job.id, job.dagster_run_id):
                    await _note(connection, job, "job_requeued", "The worker was lost; the job starts again")
        case Action.RESTORE:
            await jobs.succeed_job(connection, job.id, job.dagster_run_id)
        case Action.INCOMPLETE:
            await _fail(connection, job, ErrorCode.RUN_INCOMPLETE)
        case Action.GIVE_UP:
            await _fail(connection, job, ErrorCode.RUN_LOST, step)
        case Action.FAIL:
            left = step.error_code if step else None
            await _fail(connection, job, ErrorCode(left) if left in set(ErrorCode) else ErrorCode.INTERNAL, step)
    log.info("job reconciled", job_id=str(job.id), action=action.value, run_id=job.dagster_run_id)


async def _fail(connection: Connection, job: Job, code: ErrorCode, step: StepFailure | None = None) -> None:
    message = (step and step.message) or TAXONOMY[code].sentence
    async with connection.transaction():
        if await jobs.fail_job(connection, job.id, code, message, run_id=job.dagster_run_id):
            await scenes.requeue_scenes(connection, job.id)
            await _note(connection, job, "job_failed", message, error_code=code, remedy=TAXONOMY[code].remedy)
            if step and step.cause:
                await events.append_event(
                    connection, job.id, job.user_id, "job_failed", audience="operator", message=step.cause
                )


async def _note(connection: Connection, job: Job, kind: str, message: str, **data: str) -> None:
    await events.append_event(connection, job.id, job.user_id, kind, message=message, data=data)
