"""Finishing: an ended film made another way of its clips, and the music that films can have."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from api.dependencies import LaunchesAfterCommit, OwnJob, ServicesOf, Transaction, Transactions, User
from api.openapi import problems
from api.views.finish import FinishChange, MusicList, SentMusicView, all_pieces
from api.views.jobs import JobView
from api.views.uploads import UploadRequest, UploadView
from domain.errors import ErrorCode, RecastError
from domain.states import JobStatus
from resources.database import uploads
from resources.database.records import UploadKind
from studio.refinishing import change_finish
from studio.uploading import complete_music, open_upload

router = APIRouter()

MOST_LISTED = 100


@router.patch(
    "/jobs/{job_id}/finish",
    status_code=202,
    tags=["jobs"],
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    summary="Finish a film another way",
)
async def change_job_finish(
    job: OwnJob, body: FinishChange, user: User, connection: Transaction, launches: LaunchesAfterCommit
) -> JobView:
    """Change the order of an ended film's scenes, its transitions, music or captions, how clips fill its picture, or
    whether they are heard. Nothing is filmed again and nothing bought: only what changes is made anew. Until then the
    film stays as it was; so it does if that fails, and then the job's `error` says why."""
    try:
        finish = body.applied_to(job.options.finish, user.sub)
    except ValueError as error:
        raise RecastError(ErrorCode.INVALID_REQUEST, "A scene is shown once, or not at all.") from error
    changed = await change_finish(connection, job, finish)
    if changed.status is JobStatus.QUEUED:
        launches.add(changed.id)
    return JobView.of(changed)


@router.get("/music", responses=problems(), tags=["music"], summary="List music")
async def list_music(connection: Transaction) -> MusicList:
    """What films can have under them: Recast's own pieces, which are free, and what you have sent."""
    sent = await uploads.list_music(connection, MOST_LISTED)
    return MusicList(pieces=all_pieces(), sent=[SentMusicView.of(one) for one in sent])


@router.post(
    "/music",
    status_code=201,
    tags=["music"],
    responses=problems(ErrorCode.TOO_LARGE, ErrorCode.RATE_LIMITED),
    summary="Announce music of your own",
)
async def create_music(body: UploadRequest, user: User, connection: Transaction, services: ServicesOf) -> UploadView:
    """Get an address to which you PUT a sound or video file that you may use, of exactly the size and type you name.
    One that is not completed within a day is deleted."""
    seconds = services.settings.upload_url_seconds
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    upload, signed = await open_upload(
        connection,
        services.storage,
        user.sub,
        body.as_new_recording(),
        max_bytes=services.settings.max_upload_bytes,
        seconds=seconds,
        can_listen=False,
        kind=UploadKind.MUSIC,
    )
    return UploadView(id=upload.id, method="PUT", url=signed.url, headers=dict(signed.headers), expires_at=expires_at)


@router.post(
    "/music/{upload_id}/complete",
    tags=["music"],
    responses=problems(
        ErrorCode.NOT_FOUND,
        ErrorCode.UPLOAD_INCOMPLETE,
        ErrorCode.MEDIA_REJECTED,
        ErrorCode.NO_SOUND,
        ErrorCode.VIDEO_TOO_LONG,
        ErrorCode.STORAGE_UNAVAILABLE,
    ),
    summary="Complete music of your own",
)
async def complete_own_music(
    upload_id: Annotated[UUID, Path(description="Music that you have announced.")],
    user: User,
    services: ServicesOf,
    transactions: Transactions,
) -> SentMusicView:
    """Have the file looked at that you have sent: it must be what was announced, hold sound, and last from three
    seconds to six hours. A film takes of it what it needs, and repeats it, fading, where it is shorter. Asked again, it
    answers the same."""
    return SentMusicView.of(await complete_music(transactions, services.storage, user.sub, upload_id))
