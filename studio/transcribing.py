"""Transcribing: what was said in the source, and the script that is made of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import ErrorCode, RecastError
from domain.normalise import SpokenWord, script_of, spoken_words
from domain.restoring import lacks_sentences
from domain.script import Script
from domain.source import SourceKind
from domain.stages import JobType
from domain.transcript import Transcript
from resources.database import jobs, scripts, uploads
from resources.database.records import ScriptRow
from resources.language.client import LanguageModel
from resources.storage import Storage
from resources.youtube import YouTubeCaptions
from studio.restoring import RestoringReport, restore_sentences
from studio.soundtrack import Listener
from studio.uploading import read_kept_transcript
from studio.work import Work

LISTENING_HELPS = frozenset({ErrorCode.TRANSCRIPT_MISSING})
"""An address to which YouTube refuses captions is refused the sound as well, and a video that cannot be seen cannot be
heard."""


@dataclass(frozen=True, slots=True)
class WrittenScript:
    """``restoring`` is there if this run has written the script of words that came without sentences."""

    script: Script
    version: int
    restoring: RestoringReport | None = None


async def transcribe(
    work: Work,
    captions: YouTubeCaptions,
    storage: Storage,
    *,
    max_seconds: float,
    listener: Listener | None = None,
) -> Transcript:
    """The transcript of the job's source, brought once and kept as it came: a video's captions or, where they have
    nothing to give, what ``listener`` hears in its sound; the file that its user has sent; what is heard in a
    recording.

    Raises what YouTubeCaptions.fetch, Listener.transcript and `read_transcript_file` raise, VIDEO_TOO_LONG above
    ``max_seconds``, and TRANSCRIPTION_NOT_CONFIGURED for a recording without a ``listener``.
    """
    script = await scripts.find_script(work.connection, work.job.script_id)
    if script is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The script of this job was deleted.")
    if kept := await scripts.find_transcript(work.connection, script.id):
        return kept
    if script.source.kind is SourceKind.YOUTUBE:
        assert script.video_id, "the database sees to it"
        transcript = await _of_video(work, script.video_id, captions, listener, max_seconds)
    else:
        transcript = await _of_upload(work, script, storage, listener)
    _check(transcript, max_seconds)
    await scripts.save_transcript(work.connection, script.id, transcript)
    if listener and transcript.hearing and transcript.kind is SourceKind.YOUTUBE:
        await listener.forget(work)
    return transcript


async def _of_video(
    work: Work, video_id: str, captions: YouTubeCaptions, listener: Listener | None, max_seconds: float
) -> Transcript:
    reading = work.job.options.reading
    try:
        transcript = await asyncio.to_thread(
            captions.fetch, video_id, languages=reading.languages, translate_to=reading.translate_to
        )
        _check(transcript, max_seconds)
    except RecastError as error:
        if listener is None or error.code not in LISTENING_HELPS:
            raise
        return await _from_sound(work, listener, video_id, error)
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


async def _of_upload(work: Work, script: ScriptRow, storage: Storage, listener: Listener | None) -> Transcript:
    upload = await uploads.find_upload(work.connection, script.upload_id) if script.upload_id else None
    if upload is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The file of this script was deleted.")
    if script.source.kind is SourceKind.FILE:
        return await read_kept_transcript(storage, script, upload)
    if listener is None:
        raise RecastError(ErrorCode.TRANSCRIPTION_NOT_CONFIGURED, cause=f"{upload.s3_key} ({upload.facts})")
    return await listener.recording(work, upload, script.source)


def _check(transcript: Transcript, max_seconds: float) -> None:
    if transcript.duration_seconds > max_seconds:
        raise RecastError(
            ErrorCode.VIDEO_TOO_LONG,
            f"The video lasts {transcript.duration_seconds / 60:.0f} minutes;"
            f" at most {max_seconds / 60:.0f} are accepted.",
        )
    if not transcript.snippets:
        raise RecastError(ErrorCode.TRANSCRIPT_MISSING, cause="there are no words in it")


async def write_script(work: Work, model: LanguageModel | None = None) -> WrittenScript:
    """For an import, the first version of the script, made from the transcript, with the help of the language model
    where the words came without sentences; for a generation, the version that the job has frozen. Raises EMPTY_SCRIPT
    when nothing is spoken, and JOB_CANCELED."""
    restoring: RestoringReport | None = None
    if work.job.type is JobType.IMPORT:
        row = await scripts.find_script(work.connection, work.job.script_id)
        version = row.version if row else 0
        if not version:
            script, restoring = await _first_version(work, model)
            version = await scripts.save_first_version(work.connection, work.job.script_id, script)
    else:
        version = work.job.script_version or 0
    written = await scripts.find_version(work.connection, work.job.script_id, version)
    if written is None or not written.lines:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    await jobs.record_reported_version(work.connection, work.job.id, version)
    return WrittenScript(written, version, restoring)


async def _first_version(work: Work, model: LanguageModel | None) -> tuple[Script, RestoringReport | None]:
    transcript = await scripts.find_transcript(work.connection, work.job.script_id)
    if transcript is None:
        raise RecastError(ErrorCode.TRANSCRIPT_MISSING, "The transcript is not there yet; run its stage first.")
    words: Sequence[SpokenWord] = spoken_words(transcript, work.job.options.reading)
    if not lacks_sentences(transcript, words):
        return script_of(transcript, words), None
    made = await restore_sentences(work, transcript, words, model)
    return script_of(transcript, made.words), made.report
