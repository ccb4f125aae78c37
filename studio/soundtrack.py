"""The transcript of a video that has no captions, or of a recording that its user has sent: it is listened to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog

from domain.errors import ErrorCode, RecastError
from domain.listening import snippets_of
from domain.source import Source, SourceKind
from domain.spoken_languages import language_hint
from domain.transcript import Hearing, Transcript
from resources.database import jobs
from resources.database.connection import Connection, Database
from resources.database.records import Upload
from resources.scratch import scratch_folder
from resources.settings import Settings
from resources.speech.engines import open_engine
from resources.speech.protocol import Engine
from resources.storage import Storage, source_audio_prefix
from resources.youtube_audio import Listing, YouTubeAudio
from resources.youtube_proxy import youtube_proxy
from studio.listening import Listened, listen
from studio.purchasing import Patience
from studio.work import Work

log = structlog.get_logger(__name__)

SOUND = "sound"
LISTING = "listing.json"
JSON = "application/json"
OCTETS = "application/octet-stream"
BUSY_SECONDS = 300.0
ABANDONED_SECONDS = 7 * 24 * 3600
"""So long after it has ended, nobody tries a job again."""
AT_ONCE = 100
OF_THE_SOUND = frozenset({ErrorCode.EMPTY_SCRIPT, ErrorCode.VIDEO_TOO_LONG, ErrorCode.MEDIA_REJECTED})
"""The sound itself is at fault: trying again would end the same way. After anything else it may not: a budget can be
raised, a key be set, a canceled job be gone on with."""
UNTOLD = "und"
"""ISO 639-2 for a language that nobody has told."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens to videos of YouTube and to recordings. ``open_engine`` makes the engine that each job uses and
    closes; ``language`` is a hint for it where a recording's user gives none, or None."""

    source: YouTubeAudio
    open_engine: Callable[[], Engine]
    storage: Storage
    database: Database
    patience: Patience
    max_seconds: float
    language: str | None = None

    async def transcript(self, work: Work, video_id: str) -> Transcript:
        """Raises what ``YouTubeAudio.fetch`` and ``listen`` raise.

        The sound is kept in storage: it is what identifies the transcription, and another download may differ by a
        byte. It goes at once when trying again would not help, with ``forget`` when the transcript is saved, and with
        ``sweep_sounds`` when nobody tries again.
        """
        prefix = source_audio_prefix(work.job.user_id, work.job.id)
        try:
            with scratch_folder("sound") as folder:
                path, listing = await self._sound(work, video_id, prefix, folder)
                listened = await self._listen(work, path, self.language)
        except RecastError as error:
            if error.code in OF_THE_SOUND:
                await self.forget(work)
            raise
        return transcript_of(listed=listing, listened=listened)

    async def forget(self, work: Work) -> None:
        """The job's sound is not needed any more. What cannot be deleted now is left to the sweep."""
        try:
            await _delete_sound(work.connection, self.storage, work.job.user_id, work.job.id)
        except RecastError as error:
            log.warning("the sound of a job is still in storage", job_id=str(work.job.id), cause=str(error))

    async def recording(self, work: Work, upload: Upload, source: Source) -> Transcript:
        """What is said in a recording, with what its user says of it. Raises what ``listen`` raises."""
        with scratch_folder("sound") as folder:
            path = folder / SOUND
            await self.storage.download(upload.s3_key, path, upload.s3_version)
            listened = await self._listen(
                work,
                path,
                source.language or self.language,
                promised_seconds=upload.facts.duration_seconds if upload.facts else 0.0,
            )
        return Transcript(
            kind=SourceKind.UPLOAD,
            title=source.title,
            channel=source.author,
            duration_seconds=listened.seconds,
            language=source.language or listened.heard.language or UNTOLD,
            is_generated=True,
            snippets=snippets_of(listened.heard.words),
            hearing=hearing_of(listened),
            licence=source.licence,
            times_are_estimated=listened.heard.times_are_estimated,
        )

    async def _listen(self, work: Work, path: Path, language: str | None, *, promised_seconds: float = 0.0) -> Listened:
        engine = self.open_engine()
        try:
            return await listen(
                work,
                path,
                engine=engine,
                storage=self.storage,
                database=self.database,
                patience=self.patience,
                max_seconds=self.max_seconds,
                language=language_hint(language),
                promised_seconds=promised_seconds,
            )
        finally:
            await engine.close()

    async def _sound(self, work: Work, video_id: str, prefix: str, folder: Path) -> tuple[Path, Listing]:
        """The video's sound and what is known of it, from an earlier run of the job or from YouTube."""
        path = folder / SOUND
        if await self.storage.head(prefix + LISTING):
            listing = Listing.model_validate_json(await self.storage.get_bytes(prefix + LISTING))
            await self.storage.download(prefix + SOUND, path)
            return path, listing
        loop = asyncio.get_running_loop()
        told = 0

        def on_progress(share: float) -> None:
            nonlocal told
            percent = int(share * 100)
            if percent >= told + 25:
                told = percent - percent % 25
                asyncio.run_coroutine_threadsafe(
                    work.note("sound_fetched", f"{told} % of the video's sound is here"), loop
                )

        fetched = await self.source.fetch(video_id, folder, on_progress)
        fetched.path.rename(path)
        await jobs.note_sound(work.connection, work.job.id)
        await self.storage.upload(path, prefix + SOUND, OCTETS)
        # Last: it says that the sound is there whole.
        await self.storage.put_bytes(prefix + LISTING, fetched.listing.model_dump_json().encode(), JSON)
        return path, fetched.listing


async def sweep_sounds(database: Database, storage: Storage) -> int:
    """Delete the sound of jobs that have it needlessly; returns of how many. One that the storage keeps for the time
    being is tried again by the next sweep."""
    deleted = 0
    async with database.connect() as connection:
        for user_id, job_id in await jobs.list_jobs_with_needless_sound(
            connection, older_than_seconds=ABANDONED_SECONDS, limit=AT_ONCE
        ):
            try:
                await _delete_sound(connection, storage, user_id, job_id)
            except RecastError as error:
                log.warning("the sound of a job stays", job_id=str(job_id), cause=str(error))
                continue
            deleted += 1
    return deleted


async def _delete_sound(connection: Connection, storage: Storage, user_id: UUID, job_id: UUID) -> None:
    await storage.delete_folder(source_audio_prefix(user_id, job_id))
    await jobs.note_sound_deleted(connection, job_id)


def transcript_of(*, listed: Listing, listened: Listened) -> Transcript:
    return Transcript(
        video_id=listed.video_id,
        title=listed.title,
        channel=listed.channel,
        duration_seconds=listed.duration or listened.seconds,
        language=listened.heard.language or listed.language or UNTOLD,
        is_generated=True,
        snippets=snippets_of(listened.heard.words),
        chapters=listed.chapters,
        licence=listed.licence,
        thumbnail_url=listed.thumbnail_url,
        hearing=hearing_of(listened),
        times_are_estimated=listened.heard.times_are_estimated,
    )


def hearing_of(listened: Listened) -> Hearing:
    return Hearing(
        provider=listened.provider,
        model=listened.model,
        key=listened.key,
        chunks=listened.chunks,
        seconds=listened.seconds,
        cost_usd=listened.cost_usd,
    )


def listener(settings: Settings, database: Database, storage: Storage) -> Listener | None:
    """The one of the settings; None where no engine is set, and videos without captions are refused."""
    if settings.whisper_engine is None:
        return None
    source = YouTubeAudio(
        settings.youtube_base_url,
        youtube_proxy(settings),
        settings.youtube_timeout_seconds,
        max_seconds=settings.max_video_seconds,
        max_bytes=settings.max_audio_bytes,
        total_timeout_seconds=settings.audio_timeout_seconds,
    )
    return Listener(
        source=source,
        open_engine=partial(open_engine, settings),
        storage=storage,
        database=database,
        patience=transcription_patience(settings),
        max_seconds=settings.max_video_seconds,
        language=settings.whisper_language,
    )


def transcription_patience(settings: Settings) -> Patience:
    """For one chunk: its call, and a provider that asks to wait before it."""
    return Patience(
        settings.whisper_timeout_seconds + BUSY_SECONDS, settings.unknown_absent_seconds, settings.unknown_sign_seconds
    )
