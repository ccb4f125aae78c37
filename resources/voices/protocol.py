"""What every engine that speaks does: one line of bounded length becomes one file of sound."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.models import Price
from domain.speech import estimated_seconds
from domain.words import TimedWord

STEP_USD = Decimal("0.000001")


class VoiceProfile(BaseModel):
    """One model that speaks: what it takes, how it answers, what it costs. ``version`` is part of what identifies a
    spoken line.

    ``paces`` says that it speaks faster itself, and as it costs nothing may be asked again; what is paid for once is
    stretched here instead. ``ends_on`` is the day on which its service shuts it down. ``starts_per_minute`` is the
    engine's own limit.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    version: str = ""
    max_characters: int = Field(gt=0)
    usd_per_million_characters: Decimal = Field(default=Decimal(0), ge=0)
    usd_per_minute: Decimal = Field(default=Decimal(0), ge=0)
    takes_instructions: bool = False
    paces: bool = False
    starts_per_minute: int | None = None
    priced_on: date | None = None
    source: str = ""
    ends_on: date | None = None

    @property
    def is_free(self) -> bool:
        return not self.usd_per_million_characters and not self.usd_per_minute

    def cost(self, text: str, seconds: float) -> Decimal:
        """Of a line that lasts ``seconds``, by the list."""
        by_letters = self.usd_per_million_characters * len(text) / 1_000_000
        by_time = self.usd_per_minute * Decimal(str(round(seconds, 3))) / 60
        return (by_letters + by_time).quantize(STEP_USD, ROUND_UP)

    def estimate(self, text: str) -> tuple[Decimal, Decimal]:
        """The least and the most that a line may cost before it is spoken."""
        least, most = estimated_seconds(text)
        return self.cost(text, least), self.cost(text, most)

    def price(self, text: str) -> Price:
        """Of one line, for a quote."""
        low, high = self.estimate(text)
        return Price(
            per="line", usd=low, usd_high=high, as_of=self.priced_on or date.today(), source=self.source or "settings"
        )

    def days_left(self, today: date) -> int | None:
        """Until its service shuts it down; None when no end is known."""
        return (self.ends_on - today).days if self.ends_on else None


class EngineVoice(BaseModel):
    """A character's voice in an engine's own words, where it depends on the language, in that of the film: part of what
    identifies a spoken line. ``pitch`` and ``rate`` are 0 to 99."""

    model_config = ConfigDict(frozen=True)

    name: str
    pitch: int | None = None
    rate: int | None = None
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """``flac`` is a file, 48 kHz, mono, of ``seconds``, without silence after the words; both are nothing where the
    engine answered with silence. ``words`` are empty where the engine does not tell their times; ``answered_seconds``
    is how much came, which services charge for; ``request_id`` is the service's own id for the answer."""

    flac: bytes
    seconds: float
    answered_seconds: float
    words: tuple[TimedWord, ...] = ()
    request_id: str | None = None


class UnspeakableError(RecastError):
    """The engine cannot say this, and never will: a language that it does not speak, a text without a sound. The film
    goes on without the line, and tells so."""

    def __init__(self, detail: str, *, cause: str | None = None) -> None:
        super().__init__(ErrorCode.PROVIDER_INPUT_INVALID, detail, cause=cause)


class VoiceEngine(Protocol):
    """One model that speaks. Safe for several lines at once, as many as ``at_once``. What it needs to speak, a process
    say, it starts at the first line."""

    profile: VoiceProfile
    at_once: int

    def voice_of(self, voice: Voice, language: str) -> EngineVoice:
        """What this engine calls a character's voice where ``language`` (a tag as scripts have it) is spoken."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether it has a voice for a language, as far as that is known before it is asked."""
        ...

    async def speak(self, text: str, voice: EngineVoice, *, pace: float) -> Speech:
        """``text``, spoken. Asks exactly once. ``pace`` is above 1 only for an engine that ``paces``.

        Raises ``OutcomeUnknownError`` when the answer was lost, or is no sound, and may have to be paid; ``BusyError``
        when nothing was accepted and may be later; ``UnspeakableError`` for a line of which it can make no sound, at no
        cost; and PROVIDER_NOT_CONFIGURED, PROVIDER_QUOTA, UNKNOWN_MODEL,
        PROVIDER_INPUT_INVALID, CONTENT_REJECTED or AI_PROVIDER_FAILURE when nothing was bought.
        """
        ...

    async def close(self) -> None: ...


Profiles = Mapping[str, VoiceProfile]
