"""Fitting: how long a scene lasts once its lines are spoken, and what that asks of speech and picture."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Limits(NamedTuple):
    """How far a picture may be bent; a still of ``brief_hold_seconds`` at the end of a scene is not seen as one."""

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


def picture_for(seconds: float, clip_seconds: float, limits: Limits = USUAL) -> Picture:
    """How a clip of ``clip_seconds`` fills a scene of ``seconds``: cut where it is longer, held where it is a moment
    short, else slowed down within limits, and held for the rest."""
    used = min(seconds, clip_seconds)
    missing = seconds - used
    slow_down = 1.0 if missing <= limits.brief_hold_seconds else min(limits.most_slow_down, seconds / used)
    return Picture(used_seconds=used, slow_down=slow_down, hold_seconds=max(0.0, seconds - used * slow_down))
