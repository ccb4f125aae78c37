"""Blocking: where the characters of a scene stand."""

from dataclasses import dataclass

from domain.profile import Profile


@dataclass(frozen=True, slots=True)
class Mark:
    """``x`` and ``y`` are the middle of the head in pixels of the frame; ``unit`` is pixels per unit of the portrait
    canvas (see portrait.py); marks further back come first."""

    x: float
    y: float
    unit: float


# For each number of characters: (x, y) of the heads as parts of the frame, and the unit for a short side of 720.
# Heads keep clear of the captions, whatever the camera does.
_WIDE = {
    1: ([(0.5, 0.40)], 0.74),
    2: ([(0.31, 0.41), (0.69, 0.41)], 0.70),
    3: ([(0.20, 0.40), (0.80, 0.40), (0.5, 0.42)], 0.62),
    4: ([(0.36, 0.36), (0.64, 0.36), (0.14, 0.42), (0.86, 0.42)], 0.54),
    5: ([(0.32, 0.345), (0.68, 0.345), (0.12, 0.41), (0.88, 0.41), (0.5, 0.43)], 0.5),
}
_TALL = {
    1: ([(0.5, 0.42)], 1.02),
    2: ([(0.30, 0.37), (0.69, 0.46)], 0.80),
    3: ([(0.25, 0.35), (0.75, 0.35), (0.5, 0.51)], 0.70),
    4: ([(0.27, 0.30), (0.74, 0.30), (0.24, 0.50), (0.75, 0.50)], 0.62),
    5: ([(0.23, 0.28), (0.77, 0.28), (0.5, 0.37), (0.24, 0.52), (0.76, 0.52)], 0.54),
}
_SQUARE = {
    1: ([(0.5, 0.41)], 0.76),
    2: ([(0.28, 0.41), (0.72, 0.41)], 0.60),
    3: ([(0.2, 0.36), (0.8, 0.36), (0.5, 0.45)], 0.52),
    4: ([(0.32, 0.31), (0.68, 0.31), (0.16, 0.47), (0.84, 0.47)], 0.44),
    5: ([(0.3, 0.29), (0.7, 0.29), (0.13, 0.44), (0.87, 0.44), (0.5, 0.48)], 0.4),
}
MOST = 5
"""More characters than this do not fit in one picture; the speaker is always among those shown."""


def marks(count: int, profile: Profile) -> list[Mark]:
    """One mark for each of ``count`` (1 to ``MOST``) characters, the furthest back first."""
    table = _WIDE if profile.width > profile.height else _SQUARE if profile.width == profile.height else _TALL
    places, unit = table[count]
    pixels = min(profile.width, profile.height) / 720
    return [Mark(x * profile.width, y * profile.height, unit * pixels) for x, y in places]
