"""Rate limits as token buckets: a minute's worth may be used at once, and flows back evenly."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """``remaining`` requests are left; ``wait_seconds`` is zero when this one was let through."""

    remaining: int
    wait_seconds: int


class RateLimit:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, bucket: str, per_minute: int) -> Allowance:
        """One request from ``bucket``, which holds ``per_minute`` at most; a lower limit holds at once."""
        now = self._clock()
        tokens, then = self._buckets.get(bucket, (float(per_minute), now))
        tokens = min(float(per_minute), tokens + max(0.0, now - then) * per_minute / 60)
        if tokens < 1:
            self._buckets[bucket] = (tokens, now)
            return Allowance(0, max(1, math.ceil((1 - tokens) * 60 / per_minute)))
        self._buckets[bucket] = (tokens - 1, now)
        return Allowance(int(tokens - 1), 0)
