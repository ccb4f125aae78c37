"""Transcribing: what was said in the source, and the script that is made of it."""

import asyncio
from dataclasses import dataclass

from domain.errors import ErrorCode, RecastError
from domain.normalise import normalise
from domain.script import Script
from domain.source import SourceKind
from domain.stages import JobType
from domain.transcript import Transcript
from resources.database import scripts, uploads
from resources.database.records import ScriptRow, Upload
from resources.storage import Storage
from resources.youtube import YouTubeCaptions
from studio.uploading import read_kept_transcript
from studio.work import Work


@dataclass(frozen=True, slots=True)
class WrittenScript:
    script: Script
    version: int


async def transcribe(work: Work, captions: YouTubeCaptions, storage: Storage, *, max_seconds: float) -> Transcript:
    """The transcript of the job's source, brought once and kept as it came.

    Raises what YouTubeCaptions.fetch and `read_transcript_file` raise, TRANSCRIPTION_NOT_CONFIGURED for a recording,
    and VIDEO_TOO_LONG above ``max_seconds``.
    """
    script = await scripts.find_script(work.connection, work.job.script_id)
    if script is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The script of this job was deleted.")
    if kept := await scripts.find_transcript(work.connection, script.id):
        return kept
    transcript = await _bring(work, script, captions, storage)
    if transcript.duration_seconds > max_seconds:
        raise RecastError(
            ErrorCode.VIDEO_TOO_LONG,
            f"The video lasts {transcript.duration_seconds / 60:.0f} minutes;"
            f" at most {max_seconds / 60:.0f} are accepted.",
        )
    if not transcript.snippets:
        raise RecastError(ErrorCode.TRANSCRIPT_MISSING)
    await scripts.save_transcript(work.connection, script.id, transcript)
    return transcript


async def _bring(work: Work, script: ScriptRow, captions: YouTubeCaptions, storage: Storage) -> Transcript:
    if script.source.kind is SourceKind.YOUTUBE:
        assert script.video_id, "the database sees to it"
        return await asyncio.to_thread(captions.fetch, script.video_id)
    upload = await uploads.find_upload(work.connection, script.upload_id) if script.upload_id else None
    if upload is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The file of this script was deleted.")
    if script.source.kind is SourceKind.FILE:
        return await read_kept_transcript(storage, script, upload)
    return await _listen(upload)


async def _listen(upload: Upload) -> Transcript:
    """What is said in the recording at ``upload.s3_key``, version ``upload.s3_version``."""
    raise RecastError(ErrorCode.TRANSCRIPTION_NOT_CONFIGURED, cause=f"{upload.s3_key} ({upload.facts})")


async def write_script(work: Work) -> WrittenScript:
    """For an import, the first version of the script, made from the transcript; for a generation, the version that the
    job has frozen. Raises EMPTY_SCRIPT when nothing is spoken."""
    if work.job.type is JobType.IMPORT:
        transcript = await scripts.find_transcript(work.connection, work.job.script_id)
        if transcript is None:
            raise RecastError(ErrorCode.TRANSCRIPT_MISSING, "The transcript is not there yet; run its stage first.")
        version = await scripts.save_first_version(work.connection, work.job.script_id, normalise(transcript))
    else:
        version = work.job.script_version or 0
    script = await scripts.find_version(work.connection, work.job.script_id, version)
    if script is None or not script.lines:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    return WrittenScript(script, version)
