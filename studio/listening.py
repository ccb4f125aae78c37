"""Listening: the words of an audio file, heard chunk by chunk, each chunk paid for at most once."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict

from domain.attempts import Kind
from domain.errors import ErrorCode, RecastError
from domain.listening import Chunk, Heard, chunk_seconds_at_most, join_chunks, plan_chunks
from resources import audio
from resources.audio import Sound
from resources.database import events
from resources.database.connection import Database
from resources.scratch import scratch_folder
from resources.speech.engines import ending
from resources.speech.protocol import AudioForm, Engine, EngineProfile
from resources.storage import Storage, transcript_object_key
from studio.answers import Answer, AnswerGoods, buy_answer
from studio.concurrency import all_of, until_canceled
from studio.purchasing import Patience, Till
from studio.work import Work

log = structlog.get_logger(__name__)

PLAN_VERSION = 2
"""Part of every key: another way to cut or to ask is another transcription."""
MISSING_SECONDS = 2.0
MISSING_SHARE = 0.02
"""Of a recording: by less, the lengths that a header tells and a decoder finds differ with nothing wrong."""
JSON = "application/json"


class KeptHeard(BaseModel):
    """What is stored of a chunk, which costs its list price, and of the whole (``chunks`` of them)."""

    model_config = ConfigDict(frozen=True)

    heard: Heard
    provider: str
    model: str
    model_version: str
    request_id: str | None = None
    cost_usd: Decimal | None = None
    chunks: int = 1
    seconds: float = 0.0


class TranscriptionRequest(BaseModel):
    """A chunk as the ledger keeps it. ``audio_sha256`` is of the file that it was cut from; ``take`` counts from 1."""

    model_config = ConfigDict(frozen=True)

    audio_sha256: str
    chunk: Chunk
    provider: str
    model: str
    model_version: str
    language: str | None
    list_price_usd: Decimal
    take: int

    @property
    def key(self) -> str:
        """What identifies the words to be bought; the price does not."""
        return _key(self.model_dump(mode="json", exclude={"list_price_usd"}))


@dataclass(frozen=True, slots=True)
class Listened:
    """``cost_usd`` is what this time has cost, lost answers included; nothing when all was there already."""

    heard: Heard
    key: str
    chunks: int
    seconds: float
    provider: str
    model: str
    cost_usd: Decimal
    request_ids: tuple[str, ...]


def transcription_goods(
    request: TranscriptionRequest,
    storage: Storage,
    user_id: UUID,
    ask: Callable[[], Awaitable[Answer[KeptHeard]]] | None = None,
) -> AnswerGoods[KeptHeard]:
    """One chunk, heard by one engine."""
    object_key = transcript_object_key(user_id, request.key)
    return AnswerGoods(
        kind=Kind.TRANSCRIPTION,
        key=request.key,
        provider=request.provider,
        model=request.model,
        model_version=request.model_version,
        estimate_usd=request.list_price_usd,
        request=request.model_dump(mode="json"),
        service="transcription service",
        find_kept=lambda: find_kept(storage, object_key),
        ask=ask,
    )


async def listen(
    work: Work,
    source: Path,
    *,
    engine: Engine,
    storage: Storage,
    database: Database,
    patience: Patience,
    max_seconds: float,
    language: str | None = None,
    promised_seconds: float = 0.0,
) -> Listened:
    """What is said in ``source``, an audio or video file of at most ``max_seconds``. The user is told, before anything
    is paid, if much less can be read than the ``promised_seconds`` of its header.

    Raises EMPTY_SCRIPT when nothing is said, VIDEO_TOO_LONG, MEDIA_REJECTED for a file that cannot be read,
    BUDGET_EXCEEDED, JOB_CANCELED, and what the engine raises. What was heard before a failure is not paid for again.
    """
    profile = engine.profile
    sha256 = await asyncio.to_thread(audio.sha256_of, source)
    whole = _key(
        {
            "audio_sha256": sha256,
            "provider": profile.provider,
            "model": profile.model,
            "model_version": profile.version,
            "language": language,
        }
    )
    whole_object_key = transcript_object_key(work.job.user_id, whole)
    if kept := await find_kept(storage, whole_object_key):
        await _warn_of_missing(work, kept.seconds, promised_seconds)
        return _listened(kept, whole, Decimal(0), ())
    with scratch_folder("sound") as name:
        sound = await audio.prepare(source, name / "sound.wav", max_seconds=max_seconds)
        if sound.is_silent:
            raise RecastError(
                ErrorCode.EMPTY_SCRIPT, "The video is silent.", cause=f"its loudest moment has {sound.peak_db} dB"
            )
        await _warn_of_missing(work, sound.duration, promised_seconds)
        chunks = plan(sound, profile)
        till = Till(work.job.user_id, work.job.id, work.connection, database, patience)
        session = _Session(work, till, engine, storage, sound, sha256, language, chunks)
        await work.note(
            "listening",
            f"Listening to {sound.duration / 60:.0f} minutes of audio with {profile.model}",
            provider=profile.provider,
            model=profile.model,
            chunks=len(chunks),
            estimated_usd=str(sum((profile.cost(chunk.seconds) for chunk in chunks), Decimal(0))),
        )
        await _warn_of_end(work, profile)
        pieces = await session.hear_all()
    heard = join_chunks([(chunk, piece.heard) for chunk, piece in zip(chunks, pieces, strict=True)])
    if not heard.words:
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "Nobody speaks in the video.")
    kept = KeptHeard(
        heard=heard,
        provider=profile.provider,
        model=profile.model,
        model_version=profile.version,
        chunks=len(chunks),
        seconds=sound.duration,
    )
    await _store(storage, whole_object_key, kept)
    request_ids = tuple(piece.request_id for piece in pieces if piece.request_id)
    return _listened(kept, whole, session.cost_usd, request_ids)


async def _warn_of_missing(work: Work, seconds: float, promised_seconds: float) -> None:
    """A warning and no refusal: headers tell the length of a video whose sound ends before its picture, and a guess for
    an MP3 of varying rate; both are whole."""
    missing = promised_seconds - seconds
    if missing > max(MISSING_SECONDS, MISSING_SHARE * promised_seconds):
        await work.note(
            "recording_incomplete",
            f"Only {_clock(seconds)} of sound can be read of a recording of {_clock(promised_seconds)}: if it should"
            " be longer, it was damaged before it was sent; send it again",
            heard_seconds=round(seconds, 3),
            promised_seconds=promised_seconds,
        )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


async def _warn_of_end(work: Work, profile: EngineProfile) -> None:
    """Tell operators of a model that is about to go, in the logs and in the job's own events."""
    if warning := ending(profile, datetime.now(UTC).date()):
        log.warning("the transcription model ends soon", model=profile.model, cause=warning)
        await events.append_event(
            work.connection,
            work.job.id,
            work.job.user_id,
            "model_ends",
            stage=work.stage,
            audience="operator",
            message=warning,
        )


def plan(sound: Sound, profile: EngineProfile) -> tuple[Chunk, ...]:
    """How a file is cut for a model."""
    rate = audio.PCM_BYTES_PER_SECOND if profile.audio is AudioForm.WAV else audio.MP3_BYTES_PER_SECOND
    longest = chunk_seconds_at_most(profile.max_seconds, profile.max_bytes, rate)
    return plan_chunks(sound.duration, sound.silences, max_seconds=longest, always_overlap=profile.tells_speakers)


@dataclass(slots=True)
class _Session:
    """One file being heard."""

    work: Work
    till: Till
    engine: Engine
    storage: Storage
    sound: Sound
    sha256: str
    language: str | None
    chunks: tuple[Chunk, ...]
    cost_usd: Decimal = Decimal(0)
    done: int = 0

    async def hear_all(self) -> list[KeptHeard]:
        """Every chunk, as many at once as the engine takes; stops when the user asks for it, or one chunk fails."""
        gate = asyncio.Semaphore(self.engine.at_once)
        hearing = all_of(*(self._hear(chunk, gate) for chunk in self.chunks))
        return await until_canceled(self.work, hearing, on_cancel=self.till.cancel)

    async def _hear(self, chunk: Chunk, gate: asyncio.Semaphore) -> KeptHeard:
        async with gate:
            with scratch_folder("chunk") as folder:
                piece = folder / f"chunk.{self.engine.profile.audio.value}"

                def goods_of(take: int) -> AnswerGoods[KeptHeard]:
                    request = self._request(chunk, take)
                    return transcription_goods(
                        request, self.storage, self.till.user_id, lambda: self._ask(request, piece)
                    )

                bought = await buy_answer(self.till, goods_of, prepare=lambda: self._cut(chunk, piece))
        self.cost_usd += bought.cost_usd
        self.done += 1
        await self.work.progress(self.done / len(self.chunks))
        return bought.kept

    async def _ask(self, request: TranscriptionRequest, piece: Path) -> Answer[KeptHeard]:
        answer = await self.engine.transcribe(piece, seconds=request.chunk.seconds, language=self.language)
        kept = KeptHeard(
            heard=answer.heard,
            provider=request.provider,
            model=request.model,
            model_version=request.model_version,
            request_id=answer.request_id,
        )
        object_key = transcript_object_key(self.till.user_id, request.key)
        return Answer(kept, lambda: _store(self.storage, object_key, kept))

    def _request(self, chunk: Chunk, take: int) -> TranscriptionRequest:
        profile = self.engine.profile
        return TranscriptionRequest(
            audio_sha256=self.sha256,
            chunk=chunk,
            provider=profile.provider,
            model=profile.model,
            model_version=profile.version,
            language=self.language,
            list_price_usd=profile.cost(chunk.seconds),
            take=take,
        )

    async def _cut(self, chunk: Chunk, piece: Path) -> None:
        cut = audio.cut_wav if self.engine.profile.audio is AudioForm.WAV else audio.cut_mp3
        await cut(self.sound, chunk, piece)


async def find_kept(storage: Storage, object_key: str) -> KeptHeard | None:
    if await storage.head(object_key) is None:
        return None
    return KeptHeard.model_validate_json(await storage.get_bytes(object_key))


async def _store(storage: Storage, object_key: str, kept: KeptHeard) -> None:
    await storage.put_bytes(object_key, kept.model_dump_json().encode(), JSON)


def _listened(kept: KeptHeard, key: str, cost: Decimal, request_ids: tuple[str, ...]) -> Listened:
    return Listened(kept.heard, key, kept.chunks, kept.seconds, kept.provider, kept.model, cost, request_ids)


def _key(facts: Mapping[str, Any]) -> str:
    canonical = json.dumps({"plan": PLAN_VERSION, **facts}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
