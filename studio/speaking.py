"""Speaking: one line, ordered from a voice engine, paid for at most once, and kept under the key of its sound."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.attempts import Kind
from domain.errors import ErrorCode, RecastError
from domain.narration import Turn
from domain.voices import voice_of
from domain.words import TimedWord
from resources.storage import Storage, speech_facts_key, speech_object_key
from resources.voices import sound
from resources.voices.protocol import EngineVoice, UnspeakableError, VoiceEngine
from studio.answers import Answer, AnswerGoods, buy_answer
from studio.concurrency import uninterrupted
from studio.purchasing import Till

FORM_VERSION = 1
"""Part of every key: another way to ask, or to keep what comes, is another sound."""
FLAC, JSON = "audio/flac", "application/json"


class SpeechOrder(BaseModel):
    """One line as it is spoken: all that decides its sound."""

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    model_version: str
    voice: EngineVoice
    text: str
    pace: float = 1.0
    reading: int = 0

    @property
    def engine(self) -> str:
        return self.provider if self.provider == self.model else f"{self.provider} {self.model}"

    @property
    def key(self) -> str:
        """SHA-256; under it the sound is kept, and never made twice for one user, unless they ask for another
        ``reading``."""
        return _key(self.model_dump(mode="json", exclude=set() if self.reading else {"reading"}))

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

    @property
    def is_silent(self) -> bool:
        """The engine was paid for an answer in which nothing is to be heard: it has no sound, and is not asked
        again."""
        return self.seconds == 0


def speech_goods(
    request: SpeechRequest,
    storage: Storage,
    user_id: UUID,
    ask: Callable[[], Awaitable[Answer[KeptSpeech]]] | None = None,
) -> AnswerGoods[KeptSpeech]:
    """One line, spoken by one engine."""
    order = request.order
    return AnswerGoods(
        kind=Kind.SPEECH,
        key=order.purchase_key(request.take),
        provider=order.provider,
        model=order.model,
        model_version=order.model_version,
        estimate_usd=request.estimate_usd,
        request=request.model_dump(mode="json"),
        service="voice service",
        find_kept=lambda: find_kept(storage, user_id, order.key),
        ask=ask,
    )


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
        reading=turn.reading,
    )


async def find_kept(storage: Storage, user_id: UUID, key: str) -> KeptSpeech | None:
    """A line's facts, if its sound is there too."""
    facts = speech_facts_key(user_id, key)
    if await storage.head(facts) is None:
        return None
    kept = KeptSpeech.model_validate_json(await storage.get_bytes(facts))
    is_whole = kept.is_silent or await storage.head(speech_object_key(user_id, key)) is not None
    return kept if is_whole else None


async def store(storage: Storage, user_id: UUID, flac: bytes, kept: KeptSpeech) -> None:
    key = kept.order.key
    if not kept.is_silent:
        await storage.put_bytes(speech_object_key(user_id, key), flac, FLAC)
    # Last: it says that the sound is there whole.
    await storage.put_bytes(speech_facts_key(user_id, key), kept.model_dump_json().encode(), JSON)


@dataclass(slots=True)
class Speaker:
    """Speaks the lines of one film by one engine, each sound of them once, and counts: ``made`` are the keys of what
    was bought, or made for nothing; ``cost_usd`` has lost answers too."""

    till: Till
    engine: VoiceEngine
    storage: Storage
    cost_usd: Decimal = Decimal(0)
    bought: int = 0
    reused: int = 0
    request_ids: list[str] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    _sounds: dict[str, "asyncio.Task[KeptSpeech]"] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.engine.at_once)

    async def speak(self, order: SpeechOrder) -> KeptSpeech:
        """Raises UnspeakableError, and what `buy_answer` raises."""
        return await self._once(order, lambda: self._bought(order))

    async def hurry(self, kept: KeptSpeech, pace: float) -> KeptSpeech:
        """The same line, faster: spoken so where that costs nothing, else what was bought is stretched."""
        order = kept.order.model_copy(update={"pace": pace})
        if self.engine.profile.paces:
            return await self.speak(order)
        return await self._once(order, lambda: self._stretched(kept, order, pace))

    async def stop(self) -> None:
        """Give up what is not asked for yet. What is asked for is waited for: it is worth money."""
        for sound_ in self._sounds.values():
            sound_.cancel()
        # Not given up by whoever is canceled while waiting: what is asked for would be lost with the connection.
        if self._sounds and await uninterrupted(asyncio.gather(*self._sounds.values(), return_exceptions=True)):
            raise asyncio.CancelledError

    async def _once(self, order: SpeechOrder, make: Callable[[], Coroutine[Any, Any, KeptSpeech]]) -> KeptSpeech:
        """The same sound is made once, however many ask for it at the same time."""
        key = order.key
        if key not in self._sounds:
            self._sounds[key] = asyncio.create_task(make())
        return await asyncio.shield(self._sounds[key])

    async def _bought(self, order: SpeechOrder) -> KeptSpeech:
        if len(order.text) > self.engine.profile.max_characters:
            raise UnspeakableError("The line is too long to be spoken.")
        _, most = self.engine.profile.estimate(order.text)

        def goods_of(take: int) -> AnswerGoods[KeptSpeech]:
            request = SpeechRequest(order=order, take=take, estimate_usd=most)
            return speech_goods(request, self.storage, self.till.user_id, lambda: self._ask(order))

        async with self._gate:
            bought = await buy_answer(self.till, goods_of)
        self.cost_usd += bought.cost_usd
        if not bought.is_new:
            self.reused += 1
            return bought.kept
        self.bought += 1
        self.made.add(order.key)
        if bought.kept.request_id:
            self.request_ids.append(bought.kept.request_id)
        return bought.kept

    async def _ask(self, order: SpeechOrder) -> Answer[KeptSpeech]:
        speech = await self.engine.speak(order.text, order.voice, pace=order.pace)
        kept = KeptSpeech(
            order=order,
            seconds=speech.seconds,
            words=speech.words,
            request_id=speech.request_id,
            cost_usd=self.engine.profile.cost(order.text, speech.answered_seconds),
        )
        return Answer(kept, lambda: store(self.storage, self.till.user_id, speech.flac, kept))

    async def _stretched(self, kept: KeptSpeech, order: SpeechOrder, pace: float) -> KeptSpeech:
        if ready := await find_kept(self.storage, self.till.user_id, order.key):
            return ready
        flac = await self.storage.get_bytes(speech_object_key(self.till.user_id, kept.order.key))
        try:
            faster = await sound.stretch(flac, pace)
        except sound.NoSpeech as error:
            raise RecastError(ErrorCode.INTERNAL, cause=f"kept speech {kept.order.key}: {error}") from error
        words = tuple(TimedWord(word.text, word.start / pace, word.end / pace) for word in kept.words)
        stretched = kept.model_copy(
            update={"order": order, "seconds": faster.seconds, "words": words, "cost_usd": Decimal(0)}
        )
        await store(self.storage, self.till.user_id, faster.flac, stretched)
        return stretched


def _key(facts: Mapping[str, Any]) -> str:
    canonical = json.dumps({"form": FORM_VERSION, **facts}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
