"""Transcribing: what was said in the source video, and the script that is made of it."""

import asyncio
from dataclasses import dataclass

from domain.errors import ErrorCode, RecastError
from domain.normalise import normalise
from domain.reading import Reading
from domain.script import Script
from domain.stages import JobType
from domain.transcript import Transcript
from resources.database import scripts
from resources.youtube import YouTubeCaptions
from studio.soundtrack import Listener
from studio.work import Work

LISTENING_HELPS = frozenset({ErrorCode.TRANSCRIPT_MISSING})
"""An address to which YouTube refuses captions is refused the sound as well, and a video that cannot be seen cannot be
heard."""


@dataclass(frozen=True, slots=True)
class WrittenScript:
    script: Script
    version: int


async def transcribe(
    work: Work, captions: YouTubeCaptions, *, max_seconds: float, listener: Listener | None = None
) -> Transcript:
    """The transcript of the job's video, made once and kept as it came: from its captions or, where they have nothing
    to give, by ``listener`` from its sound.

    Raises what YouTubeCaptions.fetch raises, VIDEO_TOO_LONG above ``max_seconds``, and what Listener.transcript raises.
    """
    script = await scripts.find_script(work.connection, work.job.script_id)
    if script is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The script of this job was deleted.")
    if kept := await scripts.find_transcript(work.connection, script.id):
        return kept
    try:
        transcript = await _from_captions(captions, script.video_id, work.job.options.reading, max_seconds)
    except RecastError as error:
        if listener is None or error.code not in LISTENING_HELPS:
            raise
        transcript = await _from_sound(work, listener, script.video_id, error)
    await scripts.save_transcript(work.connection, script.id, transcript)
    return transcript


async def _from_captions(
    captions: YouTubeCaptions, video_id: str, reading: Reading, max_seconds: float
) -> Transcript:
    transcript = await asyncio.to_thread(
        captions.fetch, video_id, languages=reading.languages, translate_to=reading.translate_to
    )
    if transcript.duration_seconds > max_seconds:
        raise RecastError(
            ErrorCode.VIDEO_TOO_LONG,
            f"The video lasts {transcript.duration_seconds / 60:.0f} minutes;"
            f" at most {max_seconds / 60:.0f} are accepted.",
        )
    if not transcript.snippets:
        raise RecastError(ErrorCode.TRANSCRIPT_MISSING, cause="the captions are empty")
    return transcript


async def _from_sound(work: Work, listener: Listener, video_id: str, no_captions: RecastError) -> Transcript:
    """``no_captions`` is why the captions gave way."""
    await work.note(
        "captions_gave_way",
        "The video has no captions that can be read: its sound is listened to instead",
        error_code=no_captions.code,
    )
    transcript = await listener.transcript(work, video_id)
    reason = f"captions: {no_captions.code} ({no_captions.cause or no_captions.detail})"
    return transcript.model_copy(update={"gave_way": (reason,)})


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
