"""The models that speak, their voices, and what each charges for."""

from dataclasses import dataclass
from decimal import Decimal

MAX_CHARACTERS = 4096
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
SLOWEST, FASTEST = 0.25, 4.0
OLDER_VOICES = ("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")
NEWER_VOICES = ("ballad", "cedar", "marin", "verse")


@dataclass(frozen=True, slots=True)
class Talker:
    """Prices are in US dollars."""

    name: str
    voices: tuple[str, ...]
    price_per_million_characters: Decimal = Decimal(0)
    price_per_minute: Decimal = Decimal(0)

    def price(self, text: str, seconds: float) -> Decimal:
        return self.price_per_million_characters * len(text) / 1_000_000 + self.price_per_minute * Decimal(seconds) / 60


TALKERS = {
    talker.name: talker
    for talker in (
        Talker("tts-1", OLDER_VOICES, price_per_million_characters=Decimal(15)),
        Talker("tts-1-hd", OLDER_VOICES, price_per_million_characters=Decimal(30)),
        Talker("gpt-4o-mini-tts", OLDER_VOICES + NEWER_VOICES, price_per_minute=Decimal("0.015")),
        Talker("gpt-4o-mini-tts-2025-12-15", OLDER_VOICES + NEWER_VOICES, price_per_minute=Decimal("0.015")),
    )
}

PLAYED_BY = {
    "alloy": ("en-us+f5", 45),
    "ash": ("en-us+m3", 35),
    "ballad": ("en+m7", 42),
    "cedar": ("en-us+m4", 28),
    "coral": ("en-us+f2", 52),
    "echo": ("en-us+m7", 45),
    "fable": ("en+m1", 52),
    "marin": ("en+f3", 55),
    "nova": ("en-us+f4", 60),
    "onyx": ("en-us+m2", 15),
    "sage": ("en+f1", 40),
    "shimmer": ("en-us+f3", 70),
    "verse": ("en-us+m1", 50),
}
"""espeak-ng's voice and pitch for each."""
