"""What every engine that transcribes does: it hears one file of bounded length, and says what it heard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from domain.listening import Heard

STEP_USD = Decimal("0.000001")


class AnswerForm(StrEnum):
    """How a model of an OpenAI-like service answers."""

    VERBOSE = "verbose_json"
    """Segments and words with their times."""
    DIARIZED = "diarized_json"
    """Segments with their times and speakers."""
    TEXT = "json"
    """Text alone: times are spread over the chunk."""


class AudioForm(StrEnum):
    WAV = "wav"
    MP3 = "mp3"


class EngineProfile(BaseModel):
    """One model: what it takes, how it answers, what it costs. ``version`` is part of what identifies a transcription.

    ``ends_on`` is the day on which its service shuts it down. ``max_seconds`` is a chunk's: what the service allows or,
    where it tells no times, what keeps interpolated ones near the truth.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    version: str = ""
    answer: AnswerForm = AnswerForm.VERBOSE
    audio: AudioForm = AudioForm.MP3
    max_seconds: float = Field(gt=0)
    max_bytes: int = Field(gt=0)
    usd_per_minute: Decimal = Field(ge=0)
    priced_on: date | None = None
    source: str = ""
    ends_on: date | None = None

    @property
    def tells_speakers(self) -> bool:
        return self.answer is AnswerForm.DIARIZED

    def cost(self, seconds: float) -> Decimal:
        """Of one file, by the list."""
        return (self.usd_per_minute * Decimal(str(round(seconds, 3))) / 60).quantize(STEP_USD, ROUND_UP)

    def days_left(self, today: date) -> int | None:
        """Until its service shuts it down; None when no end is known."""
        return (self.ends_on - today).days if self.ends_on else None


@dataclass(frozen=True, slots=True)
class Transcription:
    """``request_id`` is the service's own id for the answer; ``metadata`` is for people who look into a job."""

    heard: Heard
    request_id: str | None = None
    metadata: Mapping[str, Any] | None = None


class Engine(Protocol):
    """One model that transcribes. Safe for several files at once, as many as ``at_once``."""

    profile: EngineProfile
    at_once: int

    async def transcribe(self, audio: Path, *, seconds: float, language: str | None) -> Transcription:
        """What is said in ``audio``, whose form and length are within the profile's limits. Asks exactly once.

        ``seconds`` is how long it is: over them the words are spread where the model tells no times.
        ``language`` is an ISO 639-1 code, or None to have it recognised. Raises ``OutcomeUnknownError`` when the answer
        was lost and may have to be paid, ``BusyError`` when nothing was accepted and may be later, and
        PROVIDER_NOT_CONFIGURED, PROVIDER_QUOTA, UNKNOWN_MODEL, PROVIDER_INPUT_INVALID, CONTENT_REJECTED or
        AI_PROVIDER_FAILURE when nothing was bought.
        """
        ...

    async def close(self) -> None: ...
