"""Launching: a queued job becomes a Dagster run, once, whoever else is trying at the same moment."""

from uuid import UUID

import structlog

from domain.errors import RecastError
from resources.dagster import DagsterClient, NotLaunchedError
from resources.database import jobs
from resources.database.connection import Connect
from resources.database.records import Job

log = structlog.get_logger(__name__)


async def launch(connect: Connect, dagster: DagsterClient, job_id: UUID) -> str | None:
    """Claim a job, launch it and return the run's id; None when another launcher has it or it could not be launched.

    Raises nothing that belongs to the outside world: the row is the outbox, so a job that was not launched is launched
    a little later. A claim is given back when it is certain that no run was made. When that cannot be known it is kept:
    it expires, and who sweeps the outbox looks for the run first.
    """
    with structlog.contextvars.bound_contextvars(job_id=str(job_id)):
        try:
            async with connect() as connection:
                job = await jobs.claim_launch(connection, job_id)
            return await _launch(connect, dagster, job) if job else None
        except RecastError as error:
            log.warning("the launch is left to the sweep", error_code=error.code.value, cause=error.cause)
            return None


async def _launch(connect: Connect, dagster: DagsterClient, job: Job) -> str:
    try:
        run_id = await dagster.launch(job.id, job.type, job.launch_number, job.first_stage)
    except NotLaunchedError:
        async with connect() as connection:
            await jobs.release_launch(connection, job.id, job.launch_number)
        raise
    async with connect() as connection:
        await jobs.record_run(connection, job.id, job.launch_number, run_id)
    log.info("job launched", run_id=run_id, launch_number=job.launch_number)
    return run_id
