"""From a link to a script."""

from fastapi import APIRouter

from api.dependencies import IdempotencyKey, LaunchesAfterCommit, Transaction, User
from api.idempotency import identity_of
from api.openapi import problems
from api.views.scripts import ImportRequest, ImportView
from domain.errors import ErrorCode
from studio.importing import import_video

router = APIRouter(tags=["import"])


@router.post(
    "/youtube/import",
    status_code=202,
    responses=problems(ErrorCode.INVALID_LINK, ErrorCode.IDEMPOTENCY_MISMATCH),
    summary="Import a video",
)
async def import_youtube_video(
    body: ImportRequest,
    user: User,
    connection: Transaction,
    launches: LaunchesAfterCommit,
    idempotency_key: IdempotencyKey = None,
) -> ImportView:
    """Start the import of a video's captions into a new script. The link is checked at once, the video by the job."""
    job = await import_video(
        connection,
        user.sub,
        body.youtube_url,
        identity_of(idempotency_key, "import_youtube_video", body),
        reading=body.reading,
    )
    launches.add(job.id)
    return ImportView(script_id=job.script_id, job_id=job.id)
