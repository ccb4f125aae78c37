"""Transcribing: what was said in the source video, and the script that is made of it."""

import asyncio
from dataclasses import dataclass

from domain.errors import ErrorCode, RecastError
from domain.normalise import normalise
from domain.script import Script
from domain.stages import JobType
from domain.transcript import Transcript
from resources.database import scripts
from resources.youtube import YouTubeCaptions
from studio.work import Work


@dataclass(frozen=True, slots=True)
class WrittenScript:
    script: Script
    version: int


async def transcribe(work: Work, captions: YouTubeCaptions, *, max_seconds: float) -> Transcript:
    """The transcript of the job's video, fetched once and kept as it came.

    Raises what YouTubeCaptions.fetch raises, and VIDEO_TOO_LONG above ``max_seconds``.
    """
    script = await scripts.find_script(work.connection, work.job.script_id)
    if script is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The script of this job was deleted.")
    if kept := await scripts.find_transcript(work.connection, script.id):
        return kept
    reading = work.job.options.reading
    transcript = await asyncio.to_thread(
        captions.fetch, script.video_id, languages=reading.languages, translate_to=reading.translate_to
    )
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


async def write_script(work: Work) -> WrittenScript:
    """For an import, the first version of the script, made from the transcript; for a generation, the version that the
    job has frozen. Raises EMPTY_SCRIPT when nothing is spoken."""
    if work.job.type is JobType.IMPORT:
        transcript = await scripts.find_transcript(work.connection, work.job.script_id)
        if transcript is None:
            raise RecastError(ErrorCode.TRANSCRIPT_MISSING, "The transcript is not there yet; run its stage first.")
        script = normalise(transcript, work.job.options.reading)
        version = await scripts.save_first_version(work.connection, work.job.script_id, script)
    else:
        version = work.job.script_version or 0
    written = await scripts.find_version(work.connection, work.job.script_id, version)
    if written is None or not written.lines:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    return WrittenScript(written, version)
