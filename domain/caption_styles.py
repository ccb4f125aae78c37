"""Caption styles: how captions look that are burned into a film, and where in the picture they stand.

In an upright film the platforms lay their own buttons and texts over the picture. What they cover is theirs to change;
the zone here is clear of what guides for creators measured at the end of 2025, in pictures of 1080 x 1920: the
description at the bottom (Shorts 300 pixels, TikTok 350, Reels 450) and the column of buttons at the right (120 to
164). Captions are centred, so the other side has the same margin.
"""

from enum import StrEnum
from typing import NamedTuple

from domain.profile import Aspect, Profile


class CaptionStyle(StrEnum):
    """``karaoke`` lights each word while it is said, where the times of words are known; elsewhere it is ``clean``."""

    NONE = "none"
    CLEAN = "clean"
    BOXED = "boxed"
    KARAOKE = "karaoke"


class SafeZone(NamedTuple):
    """The part of a picture in which captions stand, in pixels from its upper left corner."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left


class _Place(NamedTuple):
    """``side``, ``top`` and ``bottom`` are the margins as parts of the picture, ``letter`` is the height of a letter's
    square as a part of its shorter side; ``columns`` go into a row, see domain/columns.py."""

    side: float
    top: float
    bottom: float
    letter: float
    columns: int


_PLACES = {
    Aspect.WIDE: _Place(side=0.1, top=0.5, bottom=0.07, letter=0.052, columns=42),
    Aspect.SQUARE: _Place(side=0.08, top=0.5, bottom=0.08, letter=0.056, columns=30),
    Aspect.TALL: _Place(side=0.155, top=0.45, bottom=0.25, letter=0.058, columns=24),
}


def row_columns(profile: Profile) -> int:
    """How long a row of captions may be in a film of ``profile``."""
    return _PLACES[_shape(profile)].columns


def safe_zone(profile: Profile) -> SafeZone:
    place = _PLACES[_shape(profile)]
    left, bottom = round(profile.width * place.side), round(profile.height * place.bottom)
    return SafeZone(left, round(profile.height * place.top), profile.width - left, profile.height - bottom)


def letter_pixels(profile: Profile) -> float:
    """The size of captions: the height of a letter's square, from which fonts draw."""
    return min(profile.width, profile.height) * _PLACES[_shape(profile)].letter


def _shape(profile: Profile) -> Aspect:
    if profile.aspect:
        return profile.aspect
    return Aspect.WIDE if profile.width > profile.height else Aspect.TALL
