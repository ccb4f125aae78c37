"""Listening: the words of an audio file, heard chunk by chunk, each chunk paid for at most once.

A service that transcribes answers at once or never: there is nothing to look up afterwards. So an answer is stored
before its attempt counts as done, and one that was lost on the way is booked as paid; the chunk is then heard once more
under a key of its own, a bounded number of times.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
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
from resources.database import attempts, events
from resources.database.connection import Connection, Database
from resources.scratch import scratch_folder
from resources.speech.engines import ending
from resources.speech.protocol import AudioForm, Engine, EngineProfile, Transcription
from resources.storage import Storage, transcript_object_key
from resources.video.protocol import Confirm, Handle, Take, TakeStatus
from studio.purchasing import Patience, PurchaseFailed, Till, buy
from studio.work import Work

log = structlog.get_logger(__name__)

PLAN_VERSION = 2
"""Part of every key: another way to cut or to ask is another transcription."""
MOST_TAKES = 3
"""How often a chunk may be paid for before the job gives up."""
CANCEL_CHECK_SECONDS = 1.0
STORE_SECONDS = 600.0
"""How long an answer that is paid for waits in memory for a storage that is away."""
STORE_AGAIN_SECONDS = 5.0
MISSING_SECONDS = 2.0
MISSING_SHARE = 0.02
"""Of a recording: by less, the lengths that a header tells and a decoder finds differ with nothing wrong."""
JSON = "application/json"
LOST = "lost-"
"""Begins the handle of a call whose answer can never be had."""


class KeptHeard(BaseModel):
    """What is stored of a chunk, and of the whole (``chunks`` of them)."""

    model_config = ConfigDict(frozen=True)

    heard: Heard
    provider: str
    model: str
    model_version: str
    request_id: str | None = None
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


@dataclass(frozen=True, slots=True)
class TranscriptionGoods:
    """One chunk, heard by one engine. ``ask`` makes the call; None for whoever only settles what others have asked."""

    request_: TranscriptionRequest
    storage: Storage
    user_id: UUID
    ask: Callable[[], Awaitable[Transcription]] | None
    _answers: dict[str, KeptHeard] = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)

    @property
    def kind(self) -> Kind:
        return Kind.TRANSCRIPTION

    @property
    def key(self) -> str:
        return self.request_.key

    @property
    def provider(self) -> str:
        return self.request_.provider

    @property
    def model(self) -> str:
        return self.request_.model

    @property
    def model_version(self) -> str:
        return self.request_.model_version

    @property
    def scene_id(self) -> None:
        return None

    @property
    def list_price_usd(self) -> Decimal:
        return self.request_.list_price_usd

    @property
    def estimate_usd(self) -> Decimal:
        return self.request_.list_price_usd

    @property
    def is_free(self) -> bool:
        return self.estimate_usd == 0

    @property
    def can_find(self) -> bool:
        return True

    @property
    def request(self) -> Mapping[str, Any]:
        return self.request_.model_dump(mode="json")

    @property
    def object_key(self) -> str:
        return transcript_object_key(self.user_id, self.key)

    async def submit(self, attempt_id: UUID, confirm: Confirm) -> Handle:
        assert self.ask
        await confirm()
        answer = await self.ask()
        kept = KeptHeard(
            heard=answer.heard,
            provider=self.provider,
            model=self.model,
            model_version=self.model_version,
            request_id=answer.request_id,
        )
        self._answers[self.key] = kept
        try:
            # Here, where no cancellation reaches: it is paid for, and only in this process.
            await self._store_patiently(kept)
        except RecastError as error:
            log.warning("a transcription could not be stored yet", attempt_id=str(attempt_id), cause=str(error))
        return self._handle(str(attempt_id), kept)

    async def find(self, attempt_id: UUID, since: datetime) -> list[Handle]:
        """What was stored; else, of a call that costs, a handle that stands for its lost answer."""
        if kept := await find_kept(self.storage, self.object_key):
            return [self._handle(str(attempt_id), kept)]
        return [] if self.is_free else [Handle(provider=self.provider, request_id=f"{LOST}{attempt_id}")]

    async def poll(self, handle: Handle) -> Take:
        if not handle.request_id.startswith(LOST):
            return Take(status=TakeStatus.SUCCEEDED, progress=100)
        error = RecastError(
            ErrorCode.AI_PROVIDER_FAILURE,
            "The answer of the transcription service was lost.",
            cause="the call was made, or may have been, and its answer is not stored; it is booked as paid",
        )
        return Take(status=TakeStatus.EXPIRED, error=error)

    async def cancel(self, handle: Handle) -> None:
        """Nothing is under way at the service once there is a handle."""

    async def report(self, progress: int) -> None:
        """A chunk is heard or it is not."""

    async def receive(self, handle: Handle, take: Take) -> KeptHeard:
        if kept := self._answers.get(self.key):
            if self.key not in self._stored:
                await self._store_patiently(kept)
            return kept
        kept = await find_kept(self.storage, self.object_key)
        if kept is None:
            raise RecastError(ErrorCode.CLIP_LOST, "A transcription that was paid for is not in storage.")
        return kept

    async def keep(self, connection: Connection, receipt: KeptHeard, cost: Decimal) -> None:
        """It is in storage, under its key; no row has to say so."""

    async def _store_patiently(self, kept: KeptHeard) -> None:
        """Raises what the storage says when it has been away for too long."""
        until = time.monotonic() + STORE_SECONDS
        while True:
            try:
                await _store(self.storage, self.object_key, kept)
            except RecastError as error:
                if time.monotonic() + STORE_AGAIN_SECONDS > until:
                    raise
                log.warning("a transcription waits for the storage", key=self.key, cause=str(error))
                await asyncio.sleep(STORE_AGAIN_SECONDS)
            else:
                self._stored.add(self.key)
                return

    def _handle(self, attempt_id: str, kept: KeptHeard) -> Handle:
        # Ours is unique where the service gives none, or the same one twice.
        return Handle(provider=self.provider, request_id=attempt_id, response_id=kept.request_id)


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
        watch = asyncio.create_task(self._until_canceled())
        tasks = [asyncio.create_task(self._hear(chunk, gate)) for chunk in self.chunks]
        hearing = asyncio.gather(*tasks)
        try:
            either: set[asyncio.Future[Any]] = {watch, hearing}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                return list(hearing.result())
            raise RecastError(ErrorCode.JOB_CANCELED)
        finally:
            watch.cancel()
            for task in tasks:
                task.cancel()
            # Those that have asked wait for their answers, which are worth money.
            await asyncio.gather(watch, hearing, *tasks, return_exceptions=True)

    async def _until_canceled(self) -> None:
        while not await self.work.is_canceled():
            await asyncio.sleep(CANCEL_CHECK_SECONDS)
        self.till.is_canceling = True

    async def _hear(self, chunk: Chunk, gate: asyncio.Semaphore) -> KeptHeard:
        """One chunk. A take that earlier runs have paid for in vain is passed over."""
        take = paid_in_vain = 0
        async with gate:
            while True:
                take += 1
                try:
                    kept = await self._buy(self._request(chunk, take))
                except PurchaseFailed as failed:
                    if not failed.paid:
                        raise
                    if failed.code is ErrorCode.CLIP_LOST:
                        continue
                    self.cost_usd += failed.paid
                    paid_in_vain += 1
                    if paid_in_vain == MOST_TAKES:
                        raise
                else:
                    self.done += 1
                    await self.work.progress(self.done / len(self.chunks))
                    return kept

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

    async def _buy(self, request: TranscriptionRequest) -> KeptHeard:
        with scratch_folder("chunk") as folder:
            piece = folder / f"chunk.{self.engine.profile.audio.value}"

            async def ask() -> Transcription:
                return await self.engine.transcribe(piece, seconds=request.chunk.seconds, language=self.language)

            goods = TranscriptionGoods(request, self.storage, self.till.user_id, ask)
            async with self.till.at_key(goods.key):
                kept = await find_kept(self.storage, goods.object_key)
                if kept and not await self._is_open(goods.key):
                    return kept
                if kept is None:
                    # Before there is an attempt: between that and its answer lies nothing but the call.
                    await self._cut(request.chunk, piece)
                bought = await buy(self.till, goods)
        self.cost_usd += bought.cost_usd
        return bought.receipt

    async def _is_open(self, key: str) -> bool:
        """Whether a worker has died after it had stored the answer and before it could say so."""
        standing = await attempts.find_standing(self.till.connection, self.till.user_id, key)
        return standing is not None and standing.finished_at is None

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
