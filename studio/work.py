"""Work on one stage of one job: who may do it, what is said about it, and how it ends."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog

from domain.errors import ErrorCode, RecastError
from domain.progress import job_progress
from domain.stages import STAGES_OF, Stage
from resources.database import events, jobs, scenes
from resources.database.connection import Connection, Database, unavailable
from resources.database.records import Job

log = structlog.get_logger(__name__)

LOCK_PATIENCE_SECONDS = 15.0
"""A predecessor that was just killed loses its connection, and so the lock, within moments."""


@dataclass(frozen=True, slots=True)
class Work:
    """A stage in progress. ``connection`` holds the job's lock: when it dies, so does the right to go on."""

    job: Job
    stage: Stage
    connection: Connection

    async def progress(self, done: float) -> None:
        reached = job_progress(self.job.type, self.stage, done, self.job.first_stage)
        await jobs.set_progress(self.connection, self.job.id, reached)

    async def note(self, kind: str, message: str, *, scene_index: int | None = None, **data: Any) -> None:
        """An event that the user reads."""
        await events.append_event(
            self.connection,
            self.job.id,
            self.job.user_id,
            kind,
            stage=self.stage,
            scene_index=scene_index,
            message=message,
            data=data,
        )

    async def is_canceled(self) -> bool:
        return await jobs.is_cancel_requested(self.connection, self.job.id)


@asynccontextmanager
async def stage_work(
    database: Database, job_id: UUID, stage: Stage, *, run_id: str, launch_number: int | None
) -> AsyncIterator[Work]:
    """Hold the job for the length of one stage.

    Raises RecastError CONFLICT when another worker holds it or a later launch has replaced this run, and JOB_CANCELED
    when the user has asked it to stop. Any failure inside fails the job, with a code, before it leaves.
    """
    with structlog.contextvars.bound_contextvars(job_id=str(job_id), run_id=run_id, stage=stage.value):
        async with database.connect() as connection:
            await _take(connection, job_id)
            job = await _begin(connection, job_id, run_id, launch_number)
            work = Work(job, stage, connection)
            await work.progress(0)
            await work.note("stage_started", f"{stage.value} has started")
            try:
                yield work
            except Exception as error:
                await _fail(work, as_recast_error(error), run_id)
                raise
            await work.note("stage_succeeded", f"{stage.value} is done")
            if stage == STAGES_OF[job.type][-1]:
                await _succeed(connection, job, run_id)


def as_recast_error(error: Exception) -> RecastError:
    """The error in the product's words; what has no word is INTERNAL, its cause kept for operators."""
    if isinstance(error, RecastError):
        return error
    if isinstance(error, psycopg.OperationalError):
        return unavailable(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return RecastError(ErrorCode.DISK_FULL, cause=str(error))
    return RecastError(ErrorCode.INTERNAL, cause=f"{type(error).__name__}: {error}")


async def _take(connection: Connection, job_id: UUID) -> None:
    try:
        async with asyncio.timeout(LOCK_PATIENCE_SECONDS):
            while not await jobs.try_lock_job(connection, job_id):
                await asyncio.sleep(0.25)
    except TimeoutError:
        raise RecastError(ErrorCode.CONFLICT, "Another run is working on this job.") from None


async def _begin(connection: Connection, job_id: UUID, run_id: str, launch_number: int | None) -> Job:
    if job := await jobs.begin_job(connection, job_id, run_id, launch_number):
        return job
    job = await jobs.find_job(connection, job_id)
    if job is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The job of this partition does not exist any more.")
    if job.cancel_requested_at:
        await cancel(connection, job)
        raise RecastError(ErrorCode.JOB_CANCELED)
    if job.dagster_run_id == run_id:
        raise RecastError(ErrorCode.CONFLICT, "Another stage of this run has failed, and has ended it.")
    raise RecastError(ErrorCode.CONFLICT, "A later launch of this job has taken over.")


async def cancel(connection: Connection, job: Job) -> None:
    """Carry out a requested cancellation: unfinished scenes stop, finished ones are kept."""
    async with connection.transaction():
        if await jobs.cancel_job(connection, job.id):
            await scenes.cancel_scenes(connection, job.id)
            await events.append_event(
                connection, job.id, job.user_id, "job_canceled", message="The job was canceled; what is done is kept"
            )


async def _succeed(connection: Connection, job: Job, run_id: str) -> None:
    async with connection.transaction():
        if await jobs.succeed_job(connection, job.id, run_id):
            await events.append_event(connection, job.id, job.user_id, "job_succeeded", message="The job is done")


async def _fail(work: Work, error: RecastError, run_id: str) -> None:
    """Write the failure down where users and operators look. A lost database is left to the reconciler."""
    log.error("stage failed", error_code=error.code.value, cause=error.cause, request_id=error.request_id)
    if work.connection.closed:
        return
    job, connection = work.job, work.connection
    if error.code == ErrorCode.JOB_CANCELED:
        await cancel(connection, job)
        return
    async with connection.transaction():
        if await jobs.fail_job(connection, job.id, error.code, error.detail, run_id=run_id):
            await work.note("stage_failed", error.detail, error_code=error.code, remedy=error.meaning.remedy)
            await events.append_event(
                connection,
                job.id,
                job.user_id,
                "stage_failed",
                stage=work.stage,
                audience="operator",
                message=error.cause or error.detail,
                data={"error_code": error.code, "request_id": error.request_id, "run_id": run_id},
            )
