"""Speaking: one line, ordered from a voice engine, paid for at most once, and kept under the key of its sound."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.attempts import Kind
from domain.narration import Turn
from domain.voices import voice_of
from domain.words import TimedWord
from resources.storage import Storage, speech_facts_key, speech_object_key
from resources.voices.protocol import EngineVoice, VoiceEngine
from studio.answers import Answer, AnswerGoods

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
    )


async def find_kept(storage: Storage, user_id: UUID, key: str) -> KeptSpeech | None:
    """A line's facts, if its sound is there too."""
    facts = speech_facts_key(user_id, key)
    if await storage.head(facts) is None or await storage.head(speech_object_key(user_id, key)) is None:
        return None
    return KeptSpeech.model_validate_json(await storage.get_bytes(facts))


async def store(storage: Storage, user_id: UUID, path: Path, kept: KeptSpeech) -> None:
    key = kept.order.key
    await storage.upload(path, speech_object_key(user_id, key), FLAC)
    # Last: it says that the sound is there whole.
    await storage.put_bytes(speech_facts_key(user_id, key), kept.model_dump_json().encode(), JSON)


def _key(facts: Mapping[str, Any]) -> str:
    canonical = json.dumps({"form": FORM_VERSION, **facts}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
