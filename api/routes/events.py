"""A job's events as they happen (server-sent events)."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.dependencies import OwnJob, ServicesOf, User
from api.openapi import problems
from api.views.jobs import EventView, JobProgress
from domain.errors import ErrorCode, RecastError
from domain.states import JOB_TERMINAL
from resources.auth import Claims
from resources.database import events, jobs
from resources.database.connection import UserDatabase
from resources.database.records import Job, JobEvent

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])

POLL_SECONDS = 0.7
RECONNECT_MILLISECONDS = 2000


@router.get(
    "/events",
    response_class=EventSourceResponse,
    responses=problems(ErrorCode.NOT_FOUND),
    summary="Follow a job live",
)
async def stream_job_events(
    job: OwnJob,
    user: User,
    services: ServicesOf,
    last_event_id: Annotated[
        str | None, Header(description="The id of the last event seen: the stream goes on after it.", max_length=20)
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """A `job` event carries status and progress (`JobProgress`), an `event` event what happened (`EventView`).

    The stream ends when the job does, when the access token expires, and when the server is in trouble. Unless the job
    is over, connect again with the id of the last event seen.
    """
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() else 0
    told: JobProgress | None = None
    while True:
        try:
            present, news = await _look(services.database, user, job.id, seen)
        except RecastError as error:
            log.warning("the stream is cut short", error_code=error.code.value, cause=error.cause)
            return
        if present is None:
            return
        for event in news:
            seen = event.id
            yield ServerSentEvent(
                data=EventView.model_validate(event, from_attributes=True), event="event", id=str(event.id)
            )
        progress = JobProgress(status=present.status, progress=present.progress)
        if progress != told:
            yield ServerSentEvent(data=progress, event="job", retry=RECONNECT_MILLISECONDS)
        elif (present.status in JOB_TERMINAL and not news) or time.time() >= user.exp.timestamp():
            # The last event may be written a moment after the last state: hence one more look before the end.
            return
        told = progress
        await asyncio.sleep(POLL_SECONDS)


async def _look(database: UserDatabase, user: Claims, job_id: UUID, seen: int) -> tuple[Job | None, list[JobEvent]]:
    """A transaction of its own, so that a stream holds no connection while it waits."""
    async with database.as_user(user.sub, user.email) as connection:
        job = await jobs.find_job(connection, job_id)
        return job, list(await events.list_events(connection, job_id, after=seen))
