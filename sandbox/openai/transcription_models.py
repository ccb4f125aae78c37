"""The transcription models: which answers each gives, and what it does not take."""

from dataclasses import dataclass
from decimal import Decimal

MAX_BYTES = 25 * 1024 * 1024
MIN_SECONDS = 0.1
SUFFIXES = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")


@dataclass(frozen=True, slots=True)
class Listener:
    """``price_per_minute`` is in US dollars; ``max_seconds`` limits one file."""

    name: str
    formats: tuple[str, ...]
    price_per_minute: Decimal
    max_seconds: float | None = None
    unchunked_seconds: float | None = None
    """Longer files need a ``chunking_strategy``."""
    takes_prompt: bool = True
    takes_keywords: bool = False
    takes_granularities: bool = False
    is_billed_by_tokens: bool = True


LISTENERS = (
    Listener(
        "whisper-1",
        ("json", "text", "srt", "vtt", "verbose_json"),
        Decimal("0.006"),
        takes_granularities=True,
        is_billed_by_tokens=False,
    ),
    Listener("gpt-transcribe", ("json",), Decimal("0.006"), takes_keywords=True),
    Listener("gpt-4o-transcribe", ("json",), Decimal("0.006"), max_seconds=1400),
    Listener("gpt-4o-mini-transcribe", ("json",), Decimal("0.003"), max_seconds=1400),
    Listener("gpt-4o-mini-transcribe-2025-12-15", ("json",), Decimal("0.003"), max_seconds=1400),
    Listener(
        "gpt-4o-transcribe-diarize",
        ("json", "text", "diarized_json"),
        Decimal("0.006"),
        max_seconds=1400,
        unchunked_seconds=30,
        takes_prompt=False,
    ),
)
LISTENERS_BY_NAME = {listener.name: listener for listener in LISTENERS}
