"""Colours as ``#rrggbb`` strings, and what light does to them."""


def mix(one: str, other: str, part: float) -> str:
    """``one`` with ``part`` (0 to 1) of ``other`` in it."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def shade(colour: str, part: float = 0.2) -> str:
    """Darker, towards violet: shadows in flat drawings look dirty when they go towards black."""
    return mix(colour, "#23123c", part)


def light(colour: str, part: float = 0.2) -> str:
    """Lighter, towards warm white."""
    return mix(colour, "#fff4e2", part)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
