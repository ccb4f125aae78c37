"""Speaking: one line, ordered from a voice engine, paid for at most once, and kept under the key of its sound.

A service that speaks answers at once or never, as one that listens does: an answer is stored before its attempt counts
as done, and one that was lost on the way is booked as paid; the line is then asked for once more under a purchase key
of its own, a bounded number of times.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict

from domain.attempts import Kind
from domain.errors import ErrorCode, RecastError
from domain.narration import Turn
from domain.voices import voice_of
from domain.words import TimedWord
from resources.database.connection import Connection
from resources.storage import Storage, speech_facts_key, speech_object_key
from resources.video.protocol import Confirm, Handle, Take, TakeStatus
from resources.voices.protocol import EngineVoice, VoiceEngine

log = structlog.get_logger(__name__)

FORM_VERSION = 1
"""Part of every key: another way to ask, or to keep what comes, is another sound."""
MOST_TAKES = 3
"""How often a line may be paid for before the job gives up."""
STORE_SECONDS = 600.0
"""How long an answer that is paid for waits in memory for a storage that is away."""
STORE_AGAIN_SECONDS = 5.0
FLAC, JSON = "audio/flac", "application/json"
LOST = "lost-"
"""Begins the handle of a call whose answer can never be had."""


class SpeechOrder(BaseModel):
    """One line as it is spoken: all that decides its sound."""

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    model_version: str
    voice: EngineVoice
    text: str
    language: str
    pace: float = 1.0

    @property
    def key(self) -> str:
        """SHA-256; under it the sound is kept, and never made twice for one user."""
        return _key(self.model_dump(mode="json"))

    def purchase_key(self, take: int) -> str:
        """``take`` counts from 1: what was paid for and lost is not asked for again under its key."""
        return _key({"speech": self.key, "take": take})


class SpeechRequest(BaseModel):
    """An order as the ledger keeps it. ``estimate_usd`` is the most that it may cost."""

    model_config = ConfigDict(frozen=True)

    order: SpeechOrder
    take: int
    estimate_usd: Decimal


class KeptSpeech(BaseModel):
    """What is stored beside the sound of a line."""

    model_config = ConfigDict(frozen=True)

    order: SpeechOrder
    seconds: float
    words: tuple[TimedWord, ...] = ()
    request_id: str | None = None
    cost_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Answer:
    """A line in hand: its file, and what is to be stored of it."""

    path: Path
    kept: KeptSpeech


@dataclass(frozen=True, slots=True)
class SpeechGoods:
    """One line, spoken by one engine. ``ask`` makes the call; None for whoever only settles what others have asked."""

    request_: SpeechRequest
    storage: Storage
    user_id: UUID
    ask: Callable[[], Awaitable[Answer]] | None
    _answers: dict[str, Answer] = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)

    @property
    def kind(self) -> Kind:
        return Kind.SPEECH

    @property
    def key(self) -> str:
        return self.request_.order.purchase_key(self.request_.take)

    @property
    def provider(self) -> str:
        return self.request_.order.provider

    @property
    def model(self) -> str:
        return self.request_.order.model

    @property
    def model_version(self) -> str:
        return self.request_.order.model_version

    @property
    def scene_id(self) -> None:
        """A line may be said in several scenes, and while they are filmed."""
        return None

    @property
    def list_price_usd(self) -> Decimal:
        return self.request_.estimate_usd

    @property
    def estimate_usd(self) -> Decimal:
        return self.request_.estimate_usd

    @property
    def is_free(self) -> bool:
        return self.estimate_usd == 0

    @property
    def can_find(self) -> bool:
        return True

    @property
    def request(self) -> Mapping[str, Any]:
        return self.request_.model_dump(mode="json")

    async def submit(self, attempt_id: UUID, confirm: Confirm) -> Handle:
        assert self.ask
        await confirm()
        answer = await self.ask()
        self._answers[self.key] = answer
        try:
            # Here, where no cancellation reaches: it is paid for, and only in this process.
            await self._store_patiently(answer)
        except RecastError as error:
            log.warning("a spoken line could not be stored yet", attempt_id=str(attempt_id), cause=str(error))
        return self._handle(str(attempt_id), answer.kept)

    async def find(self, attempt_id: UUID, since: datetime) -> list[Handle]:
        """What was stored; else, of a call that costs, a handle that stands for its lost answer."""
        if kept := await self._kept():
            return [self._handle(str(attempt_id), kept)]
        return [] if self.is_free else [Handle(provider=self.provider, request_id=f"{LOST}{attempt_id}")]

    async def poll(self, handle: Handle) -> Take:
        if handle.request_id.startswith(LOST):
            error = RecastError(
                ErrorCode.AI_PROVIDER_FAILURE,
                "The answer of the voice service was lost.",
                cause="the call was made, or may have been, and its answer is not stored; it is booked as paid",
            )
            return Take(status=TakeStatus.EXPIRED, error=error)
        kept = self._in_hand() or await self._kept()
        return Take(status=TakeStatus.SUCCEEDED, progress=100, cost_usd=kept.cost_usd if kept else None)

    async def cancel(self, handle: Handle) -> None:
        """Nothing is under way at the service once there is a handle."""

    async def report(self, progress: int) -> None:
        """A line is spoken or it is not."""

    async def receive(self, handle: Handle, take: Take) -> KeptSpeech:
        if answer := self._answers.get(self.key):
            if self.key not in self._stored:
                await self._store_patiently(answer)
            return answer.kept
        kept = await self._kept()
        if kept is None:
            raise RecastError(ErrorCode.CLIP_LOST, "A spoken line that was paid for is not in storage.")
        return kept

    async def keep(self, connection: Connection, receipt: KeptSpeech, cost: Decimal) -> None:
        """It is in storage, under its key; no row has to say so."""

    async def _store_patiently(self, answer: Answer) -> None:
        """Raises what the storage says when it has been away for too long."""
        until = time.monotonic() + STORE_SECONDS
        while True:
            try:
                await store(self.storage, self.user_id, answer)
            except RecastError as error:
                if time.monotonic() + STORE_AGAIN_SECONDS > until:
                    raise
                log.warning("a spoken line waits for the storage", key=self.key, cause=str(error))
                await asyncio.sleep(STORE_AGAIN_SECONDS)
            else:
                self._stored.add(self.key)
                return

    async def _kept(self) -> KeptSpeech | None:
        return await find_kept(self.storage, self.user_id, self.request_.order.key)

    def _in_hand(self) -> KeptSpeech | None:
        answer = self._answers.get(self.key)
        return answer.kept if answer else None

    def _handle(self, attempt_id: str, kept: KeptSpeech) -> Handle:
        # Ours is unique where the service gives none, or the same one twice.
        return Handle(provider=self.provider, request_id=attempt_id, response_id=kept.request_id)


def order_of(turn: Turn, engine: VoiceEngine, language: str) -> SpeechOrder:
    """What ``engine`` is asked for, so that ``turn`` is heard in its character's voice."""
    member = turn.member
    voice = voice_of(member.voice if member else None, member.character_id if member else None)
    return SpeechOrder(
        provider=engine.profile.provider,
        model=engine.profile.model,
        model_version=engine.profile.version,
        voice=engine.voice_of(voice, language),
        text=turn.text,
        language=language,
    )


async def find_kept(storage: Storage, user_id: UUID, key: str) -> KeptSpeech | None:
    """A line's facts, if its sound is there too."""
    facts = speech_facts_key(user_id, key)
    if await storage.head(facts) is None or await storage.head(speech_object_key(user_id, key)) is None:
        return None
    return KeptSpeech.model_validate_json(await storage.get_bytes(facts))


async def store(storage: Storage, user_id: UUID, answer: Answer) -> None:
    key = answer.kept.order.key
    await storage.upload(answer.path, speech_object_key(user_id, key), FLAC)
    # Last: it says that the sound is there whole.
    await storage.put_bytes(speech_facts_key(user_id, key), answer.kept.model_dump_json().encode(), JSON)


def _key(facts: Mapping[str, Any]) -> str:
    canonical = json.dumps({"form": FORM_VERSION, **facts}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
