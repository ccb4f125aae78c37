"""From a link, or a transcript of the user's own, to a script."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile

from api.dependencies import IdempotencyKey, LaunchesAfterCommit, ServicesOf, Transaction, Transactions, User
from api.forms import TRANSCRIPT, form_body, read_form
from api.idempotency import identity_of, identity_of_form
from api.openapi import problems
from api.views.scripts import ImportRequest, ImportView
from api.views.uploads import TranscriptForm, file_name
from domain.errors import ErrorCode
from studio.importing import import_video
from studio.uploading import import_transcript_file

TRANSCRIPT_PATH = "/scripts/upload"

router = APIRouter(tags=["import"])


async def sent_transcript(request: Request, _user: User) -> AsyncIterator[tuple[TranscriptForm, UploadFile]]:
    """Asks who is there before it reads the form."""
    async with read_form(request, TranscriptForm, TRANSCRIPT) as (form, (file, *_)):
        yield form, file


SentTranscript = Annotated[tuple[TranscriptForm, UploadFile], Depends(sent_transcript, scope="function")]


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


@router.post(
    TRANSCRIPT_PATH,
    status_code=202,
    responses=problems(
        ErrorCode.TRANSCRIPT_INVALID,
        ErrorCode.EMPTY_SCRIPT,
        ErrorCode.VIDEO_TOO_LONG,
        ErrorCode.TOO_LARGE,
        ErrorCode.IDEMPOTENCY_MISMATCH,
        ErrorCode.RATE_LIMITED,
        ErrorCode.STORAGE_UNAVAILABLE,
    ),
    openapi_extra=form_body(TranscriptForm, TRANSCRIPT),
    summary="Import a transcript of your own",
)
async def import_transcript(
    sent: SentTranscript,
    user: User,
    services: ServicesOf,
    transactions: Transactions,
    launches: LaunchesAfterCommit,
    idempotency_key: IdempotencyKey = None,
) -> ImportView:
    """Send a transcript of at most 5 MB: SRT, WebVTT (its voices are speakers), plain text, with times at the start of
    its rows (`[00:01:02]`) or without, or JSON (Whisper's `verbose_json`, OpenAI's `diarized_json`,
    youtube-transcript-api's list, or Recast's own). What is in it decides, not its name.

    Text without times gets estimated ones. A time that cannot be refuses the whole file, with the number of its cue,
    and nothing of it is stored.
    """
    form, file = sent
    identity = await identity_of_form(idempotency_key, "import_transcript", form, [file.file])
    file.file.seek(0)
    job = await import_transcript_file(
        transactions,
        services.storage,
        user.sub,
        await asyncio.to_thread(file.file.read),
        file_name(file.filename),
        form.as_source(),
        max_seconds=services.settings.max_video_seconds,
        reading=form.reading,
        identity=identity,
    )
    launches.add(job.id)
    return ImportView(script_id=job.script_id, job_id=job.id)
