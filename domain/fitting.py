"""Fitting a picture to what is said over it: words are never cut off, so the picture makes room."""

from collections.abc import Sequence

from domain.speech import PlacedLine

BREATH_SECONDS = 0.25
"""Between the last word of a scene and the next scene, where the picture has to make room for the words."""
HELD_UNNOTICED_SECONDS = 0.35
"""So long a last picture may be held without anybody wondering; a service's "five seconds" is often a bit less."""
MOST_SLOWED = 1.25
"""Slower than that, people move as if under water."""


def scene_seconds(filmed_seconds: float, lines: Sequence[PlacedLine]) -> float:
    """How long a scene is in the film: as it was filmed, or a breath longer than what is said in it."""
    end = max((placed.end for placed in lines), default=0.0)
    return filmed_seconds if end <= filmed_seconds else end + BREATH_SECONDS


def slowed_by(source_seconds: float, seconds: float) -> float:
    """By what factor a clip is slowed to last ``seconds``: 1 where the last picture can be held instead, and never more
    than ``MOST_SLOWED``; what is still missing then is held."""
    if source_seconds <= 0 or seconds - source_seconds <= HELD_UNNOTICED_SECONDS:
        return 1.0
    return min(MOST_SLOWED, seconds / source_seconds)
