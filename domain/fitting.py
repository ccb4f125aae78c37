"""Fitting: how long a scene lasts once its lines are spoken, and what that asks of speech and picture.

A scene is planned before anybody has said its lines. What turns out to be too long for it is first given its pauses,
then spoken a little faster, which nobody notices. What is still too long makes the scene longer: with what the provider
has filmed beyond the plan, for models sell whole seconds, then by showing the clip slower, then by more haste, and in
the end by holding its last picture. No word is ever cut off.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from domain.speech import GAP_SECONDS, MOST_PACE, PlacedLine, SpokenLine, pace_for, place_lines


class Limits(NamedTuple):
    """How far speech and picture may be bent. Up to ``gentle_pace`` speech is hurried rather than the scene made
    longer; a still of ``brief_hold_seconds`` at the end of a scene is not seen as one."""

    gentle_pace: float = 1.1
    most_pace: float = MOST_PACE
    most_slow_down: float = 1.2
    brief_hold_seconds: float = 0.4


USUAL = Limits()


class Picture(BaseModel):
    """How a clip fills its scene: its first ``used_seconds``, each shown for ``slow_down`` seconds, and then its last
    picture for ``hold_seconds``."""

    model_config = ConfigDict(frozen=True)

    used_seconds: float
    slow_down: float = 1.0
    hold_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        return self.used_seconds * self.slow_down + self.hold_seconds


class Fit(BaseModel):
    """A scene as it is to be in the film: it lasts ``seconds``, its lines are spoken ``pace`` times as fast as their
    voices would, and stand in it as ``lines``."""

    model_config = ConfigDict(frozen=True)

    seconds: float
    pace: float
    picture: Picture
    lines: tuple[PlacedLine, ...]


def fit_spoken(
    lines: Sequence[SpokenLine],
    starts: Sequence[float],
    *,
    pace: float,
    planned_seconds: float,
    clip_seconds: float,
    limits: Limits = USUAL,
) -> Fit:
    """Fit ``lines``, which are spoken at ``pace``, into a scene that was planned to last ``planned_seconds``.

    ``starts`` are where the source has them, in seconds from the scene's start; ``clip_seconds`` is how much the
    scene's clip has to show.
    """
    placed = place_lines(lines, starts, planned_seconds)
    spoken = max((line.end for line in placed), default=0.0)
    # Up, since half a millisecond of the last word is of the word.
    seconds = max(planned_seconds, ceil(round(spoken * 1000, 3)) / 1000)
    return Fit(seconds=seconds, pace=pace, picture=picture_for(seconds, clip_seconds, limits), lines=placed)


def pace_of(lengths: Sequence[float], planned_seconds: float, clip_seconds: float, limits: Limits = USUAL) -> float:
    """How much faster lines of these ``lengths`` are to be spoken: 1 if they fit as they are."""
    gentle = pace_for(lengths, planned_seconds, most=limits.gentle_pace)
    if _seconds_at(gentle, lengths) <= planned_seconds:
        return gentle
    longest = max(planned_seconds, clip_seconds * limits.most_slow_down + limits.brief_hold_seconds)
    return max(gentle, pace_for(lengths, longest, most=limits.most_pace))


def picture_for(seconds: float, clip_seconds: float, limits: Limits = USUAL) -> Picture:
    """How a clip of ``clip_seconds`` fills a scene of ``seconds``: cut where it is longer, held where it is a moment
    short, else slowed down within limits, and held for the rest."""
    used = min(seconds, clip_seconds)
    missing = seconds - used
    slow_down = 1.0 if missing <= limits.brief_hold_seconds else min(limits.most_slow_down, seconds / used)
    return Picture(used_seconds=used, slow_down=slow_down, hold_seconds=max(0.0, seconds - used * slow_down))


def _seconds_at(pace: float, lengths: Sequence[float]) -> float:
    return sum(lengths) / pace + GAP_SECONDS * max(0, len(lengths) - 1)
