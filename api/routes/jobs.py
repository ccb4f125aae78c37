"""Jobs: order a film, follow it, cancel it, try it again."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.cursor import Cursor
from api.dependencies import (
    IdempotencyKey,
    LaunchesAfterCommit,
    OwnJob,
    PageCursor,
    ServicesOf,
    Transaction,
    User,
)
from api.idempotency import identity_of
from api.openapi import problems
from api.views.jobs import CancelView, FilmRequest, JobDetail, JobPage, JobView
from api.views.money import QuoteView
from api.views.stages import stages_of
from domain.errors import ErrorCode, RecastError
from domain.stages import JobType
from domain.states import JobStatus
from resources.database import budgets, characters, events, jobs, scenes
from studio.ordering import order_film
from studio.quoting import quote_film, quote_rest, reserve

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.post(
    "",
    status_code=202,
    responses=problems(
        ErrorCode.NOT_FOUND,
        ErrorCode.NOT_READY,
        ErrorCode.EMPTY_CAST,
        ErrorCode.UNKNOWN_MODEL,
        ErrorCode.PROVIDER_INPUT_INVALID,
        ErrorCode.PROVIDER_NOT_CONFIGURED,
        ErrorCode.BUDGET_EXCEEDED,
        ErrorCode.CHARACTER_NOT_READY,
        ErrorCode.IDEMPOTENCY_MISMATCH,
    ),
    summary="Film a script",
)
async def create_job(
    body: FilmRequest,
    user: User,
    connection: Transaction,
    launches: LaunchesAfterCommit,
    services: ServicesOf,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Film the script as it is now: later edits do not change this film. The most it may cost is set aside at once."""
    services.cameras.require_configured(body.provider)
    job = await order_film(
        connection,
        services.cameras,
        user.sub,
        body.script_id,
        body.options_of(user.sub),
        identity_of(idempotency_key, "create_job", body),
        has_model=services.has_language_model,
        voices=services.voices,
    )
    launches.add(job.id)
    return JobView.of(job)


@router.post(
    "/quote",
    responses=problems(
        ErrorCode.NOT_FOUND,
        ErrorCode.NOT_READY,
        ErrorCode.EMPTY_CAST,
        ErrorCode.UNKNOWN_MODEL,
        ErrorCode.PROVIDER_NOT_CONFIGURED,
    ),
    summary="Ask for the price of a film",
)
async def quote_job(body: FilmRequest, user: User, connection: Transaction, services: ServicesOf) -> QuoteView:
    """What this film would cost, scene by scene, and who has to be trained for it. What you own is free; nothing is
    reserved or spent."""
    quote = await quote_film(
        connection,
        services.cameras,
        user.sub,
        body.script_id,
        body.options_of(user.sub),
        has_model=services.has_language_model,
        voices=services.voices,
    )
    return QuoteView.of(quote, await budgets.my_budget(connection))


@router.get("", responses=problems(), summary="List jobs")
async def list_jobs(
    connection: Transaction,
    cursor: PageCursor,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    status: Annotated[JobStatus | None, Query(description="Only jobs in this state.")] = None,
    type: Annotated[JobType | None, Query(description="Only jobs of this type.")] = None,
) -> JobPage:
    """Your jobs, newest first, in pages."""
    before = (cursor.created_at, cursor.id) if cursor else None
    rows = await jobs.list_jobs(connection, limit=limit + 1, before=before, job_type=type, status=status)
    page = rows[:limit]
    more = Cursor(page[-1].created_at, page[-1].id).encode() if len(rows) > limit else None
    return JobPage(jobs=[JobView.of(row) for row in page], next_cursor=more)


@router.get("/{job_id}", responses=problems(ErrorCode.NOT_FOUND), summary="Follow a job")
async def get_job(job: OwnJob, connection: Transaction) -> JobDetail:
    """A job with its stages and scenes, and what went wrong with each."""
    return JobDetail.of_parts(
        job,
        await scenes.list_scenes(connection, job.id),
        await characters.list_job_cast(connection, job.id),
        stages_of(job, await events.list_last_stage_events(connection, job.id)),
    )


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    summary="Cancel a job",
)
async def cancel_job(job: OwnJob, connection: Transaction) -> CancelView:
    """Ask an unfinished job to stop. Finished clips are kept, and nothing is undone. Asking again changes nothing."""
    asked = job if job.status is JobStatus.CANCELED else await jobs.request_cancel(connection, job.id)
    if asked is None:
        raise RecastError(ErrorCode.CONFLICT, "The job has ended; there is nothing to cancel.")
    return CancelView(job_id=asked.id, status=asked.status, cancel_requested_at=asked.cancel_requested_at)


@router.post(
    "/{job_id}/retry",
    status_code=202,
    responses=problems(
        ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, ErrorCode.BUDGET_EXCEEDED, ErrorCode.PROVIDER_NOT_CONFIGURED
    ),
    summary="Try a job again",
)
async def retry_job(
    job: OwnJob, connection: Transaction, launches: LaunchesAfterCommit, services: ServicesOf
) -> JobView:
    """Start a failed or canceled job again, or a change of a film that has failed. What was finished is kept: only the
    missing scenes are filmed. Asking again while the job is under way changes nothing."""
    if retried := await jobs.retry_job(connection, job.id):
        # To finish a film buys nothing.
        if retried.type is JobType.GENERATION and retried.first_stage is None:
            rest = await quote_rest(
                connection, services.cameras, retried, has_model=services.has_language_model, voices=services.voices
            )
            await reserve(connection, job.id, rest.high_usd)
            retried = await jobs.find_job(connection, job.id) or retried
        launches.add(retried.id)
        return JobView.of(retried)
    present = await jobs.find_job(connection, job.id)
    if present is None or present.status is JobStatus.SUCCEEDED:
        raise RecastError(ErrorCode.CONFLICT, "The job has succeeded; there is nothing to try again.")
    return JobView.of(present)
