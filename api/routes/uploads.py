"""Recordings of a user's own: sent to S3 by a signed address, then looked at and imported."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from api.dependencies import LaunchesAfterCommit, ServicesOf, Transaction, Transactions, User
from api.openapi import problems
from api.views.scripts import ImportView
from api.views.uploads import SourceForm, UploadRequest, UploadView
from domain.errors import ErrorCode
from studio.uploading import complete_upload, open_upload

router = APIRouter(prefix="/uploads", tags=["import"])

UploadId = Annotated[UUID, Path(description="An upload of yours.")]


@router.post(
    "",
    status_code=201,
    responses=problems(ErrorCode.TRANSCRIPTION_NOT_CONFIGURED, ErrorCode.TOO_LARGE, ErrorCode.RATE_LIMITED),
    summary="Announce a recording of your own",
)
async def create_upload(body: UploadRequest, user: User, connection: Transaction, services: ServicesOf) -> UploadView:
    """Get an address to which you PUT a sound or video file of exactly the size and type you name. An upload that is
    not completed within a day is deleted."""
    seconds = services.settings.upload_url_seconds
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    upload, signed = await open_upload(
        connection,
        services.storage,
        user.sub,
        body.as_new_recording(),
        max_bytes=services.settings.max_upload_bytes,
        seconds=seconds,
        can_listen=services.settings.whisper_engine is not None,
    )
    return UploadView(id=upload.id, method="PUT", url=signed.url, headers=dict(signed.headers), expires_at=expires_at)


@router.post(
    "/{upload_id}/complete",
    status_code=202,
    responses=problems(
        ErrorCode.NOT_FOUND,
        ErrorCode.UPLOAD_INCOMPLETE,
        ErrorCode.MEDIA_REJECTED,
        ErrorCode.NO_SOUND,
        ErrorCode.VIDEO_TOO_LONG,
        ErrorCode.STORAGE_UNAVAILABLE,
    ),
    summary="Import an uploaded recording",
)
async def complete_own_upload(
    upload_id: UploadId,
    user: User,
    services: ServicesOf,
    transactions: Transactions,
    launches: LaunchesAfterCommit,
    body: SourceForm = SourceForm(),
) -> ImportView:
    """Have the file looked at that you have sent, and imported. Asked again, it answers the same.

    What has arrived must be what was announced, else it is deleted and may be sent again. It must be sound or video, by
    what is in it, not too long, and not silent all through; else nothing of it is kept.
    """
    job = await complete_upload(
        transactions,
        services.storage,
        user.sub,
        upload_id,
        body.as_source(),
        max_seconds=services.settings.max_video_seconds,
    )
    launches.add(job.id)
    return ImportView(script_id=job.script_id, job_id=job.id)
