"""Voices: what a character sounds like, in words that every engine can follow.

A character's own voice is named as espeak-ng names one (``en-gb+f3``: a language and a variant, ``f`` a woman's and
``m`` a man's); other engines follow the variant, the pitch and the rate.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from domain.chance import draw, pick
from domain.characters import Voice


class SpokenBy(StrEnum):
    """What a film asks for: the engine that its server uses unless told, one by its name, or no speech at all."""

    AUTO = "auto"
    OFF = "off"
    ESPEAK = "espeak"
    KOKORO = "kokoro"
    OPENAI = "openai"


NARRATOR = Voice(name="en-us+f2", pitch=48, rate=46)
"""Who says what no character says."""
VARIANTS = ("m1", "f1", "m3", "f2", "m4", "f3", "m7", "f4")
LOWEST_PITCH, HIGHEST_PITCH = 25, 70
SLOWEST_RATE, FASTEST_RATE = 38, 60
UNTOLD = "und"
"""ISO 639-2 for a language that nobody has told."""
USUAL_LANGUAGE = "en"

_VARIANT = re.compile(r"\+([fm])\d*$")


def voice_of(voice: Voice | None, character_id: UUID | None) -> Voice:
    """A character's own voice; else one that its id decides, the same in every film; the narrator's for nobody."""
    if voice is not None:
        return voice
    if character_id is None:
        return NARRATOR
    return Voice(
        name=f"en-us+{pick(VARIANTS, str(character_id), 'variant')}",
        pitch=LOWEST_PITCH + draw(str(character_id), "pitch") % (HIGHEST_PITCH - LOWEST_PITCH + 1),
        rate=SLOWEST_RATE + draw(str(character_id), "rate") % (FASTEST_RATE - SLOWEST_RATE + 1),
    )


def is_woman(voice: Voice) -> bool:
    """As far as its variant tells; a voice without one counts by its pitch."""
    variant = _VARIANT.search(voice.name)
    return variant[1] == "f" if variant else voice.pitch >= 50


def spoken_language(language: str) -> str:
    """A language tag in small letters; English where nobody has told it."""
    return USUAL_LANGUAGE if language in ("", UNTOLD) else language.lower().replace("_", "-")


def espeak_name(voice: Voice, language: str) -> str:
    """espeak-ng's name of ``voice`` where ``language`` is spoken: its own accent in its own language, and nothing but
    its variant in any other."""
    if _has_accent_in(voice, language):
        return voice.name
    spoken, variant = spoken_language(language), voice.name.partition("+")[2]
    return f"{spoken}+{variant}" if variant else spoken


def nearest(voice: Voice, women: Sequence[str], men: Sequence[str]) -> str:
    """One of an engine's voices, which are given from the lowest to the highest: of the same kind, at about the same
    height. Where an engine has one kind only, of that."""
    kind = (women or men) if is_woman(voice) else (men or women)
    return kind[min(len(kind) - 1, voice.pitch * len(kind) // 100)]


def manner(voice: Voice, language: str) -> str:
    """How somebody speaks, as an instruction to an engine that takes one: with the accent in its own language alone."""
    height = "low" if voice.pitch < 35 else "high" if voice.pitch > 60 else "natural"
    rate = "slow and unhurried" if voice.rate < 40 else "brisk" if voice.rate > 56 else "relaxed"
    accent = ""
    if _has_accent_in(voice, language):
        accent = next((words for tag, words in _ACCENTS.items() if voice.name.startswith(tag)), "")
    return f"Speak in a {height} pitch, at a {rate} pace{accent}. Say the words exactly as they are written."


def _has_accent_in(voice: Voice, language: str) -> bool:
    accent = voice.name.partition("+")[0]
    return accent.partition("-")[0] == spoken_language(language).partition("-")[0]


_ACCENTS = {
    "en-gb-scotland": ", with a Scottish accent",
    "en-gb-x-rp": ", in received pronunciation",
    "en-gb": ", with a British accent",
    "en-us-nyc": ", with a New York accent",
    "en-us": ", with an American accent",
    "en-029": ", with a Caribbean accent",
}
"""By the beginnings of espeak-ng's names, the more exact one first."""
