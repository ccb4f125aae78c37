"""Takes: one scene of an ended film made again, or shown in an older version."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import LaunchesAfterCommit, OwnJob, ServicesOf, Transaction
from api.openapi import problems
from api.views.jobs import JobView
from api.views.takes import RetakeRequest, TakeList
from domain.errors import ErrorCode, RecastError
from resources.database import scenes
from studio.changes import Changes
from studio.retaking import choose_take, retake, speak_again

router = APIRouter(prefix="/jobs/{job_id}/scenes/{scene_index}", tags=["jobs"])

SceneIndex = Annotated[int, Path(ge=1, description="The scene's number, from 1.")]


@router.post(
    "/retry",
    status_code=202,
    responses=problems(
        ErrorCode.NOT_FOUND,
        ErrorCode.CONFLICT,
        ErrorCode.UNKNOWN_MODEL,
        ErrorCode.PROVIDER_NOT_CONFIGURED,
        ErrorCode.BUDGET_EXCEEDED,
    ),
    summary="Film one scene again",
)
async def retry_scene(
    job: OwnJob,
    scene_index: SceneIndex,
    body: RetakeRequest,
    connection: Transaction,
    launches: LaunchesAfterCommit,
    services: ServicesOf,
) -> JobView:
    """Film one scene of an ended job again: as it is, or with another prompt, seed or model. Its older takes and all
    other scenes are kept; the film is joined anew."""
    if body.provider:
        services.cameras.require_configured(body.provider)
    changes = Changes(text=body.prompt, seed=body.seed, provider=body.provider, model=body.model)
    queued = await retake(connection, services.cameras, job, scene_index, changes, voices=services.voices)
    launches.add(queued.id)
    return JobView.of(queued)


@router.post(
    "/speak",
    status_code=202,
    responses=problems(
        ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, ErrorCode.PROVIDER_NOT_CONFIGURED, ErrorCode.BUDGET_EXCEEDED
    ),
    summary="Have one scene spoken again",
)
async def speak_scene(
    job: OwnJob,
    scene_index: SceneIndex,
    connection: Transaction,
    launches: LaunchesAfterCommit,
    services: ServicesOf,
) -> JobView:
    """Have the lines of one scene spoken once more by the same voices, where one was misread. They are bought again;
    nothing is filmed, and the film stays as it is until the new one is there. A voice on the server itself says the
    same in the same way."""
    queued = await speak_again(connection, services.cameras, job, scene_index, voices=services.voices)
    launches.add(queued.id)
    return JobView.of(queued)


@router.get("/takes", responses=problems(ErrorCode.NOT_FOUND), summary="List the takes of a scene")
async def list_takes(job: OwnJob, scene_index: SceneIndex, connection: Transaction, services: ServicesOf) -> TakeList:
    """Every version of the scene that was filmed for you, oldest first."""
    row = await scenes.find_scene(connection, job.id, scene_index)
    if row is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    takes = [take for take in await scenes.list_takes(connection, job.id) if take.scene_id == row.id]
    seconds = services.settings.signed_url_seconds
    return TakeList.of(row, takes, [services.storage.signed_url(take.s3_key, seconds) for take in takes])


@router.post(
    "/takes/{take}/choose",
    status_code=202,
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    summary="Show an older take",
)
async def choose_scene_take(
    job: OwnJob,
    scene_index: SceneIndex,
    take: Annotated[int, Path(ge=1, description="The take's number, from 1.")],
    connection: Transaction,
    launches: LaunchesAfterCommit,
) -> JobView:
    """Show this take in the film. Nothing is filmed and nothing paid: the film is joined anew."""
    queued = await choose_take(connection, job, scene_index, take)
    launches.add(queued.id)
    return JobView.of(queued)
