"""Quotes: what a film would cost, scene by scene, before anything is spent."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.models import Price

ESTIMATE_SPREAD = Decimal("0.25")
"""By how much of its price a film may cost less or more whose lines are not chosen yet: its length may miss the target
by a tenth either way, as may that of the film that is priced, and its scenes are cut elsewhere."""


class What(StrEnum):
    """What a film is made of and paid for."""

    TRAINING = "training"
    KEYFRAME = "keyframe"
    CLIP = "clip"
    SPEECH = "speech"


class Item(BaseModel):
    """One thing to buy. ``key`` identifies it, where it is known already; ``seconds`` is what the provider would be
    asked for, where time counts."""

    model_config = ConfigDict(frozen=True)

    scene_index: int | None
    what: What
    key: str | None
    provider: str
    model: str
    seconds: float = 0.0
    price: Price


class QuoteLine(BaseModel):
    """The price of one item in US dollars, from ``low`` to ``high`` where the provider's price is uncertain; nothing
    for what is owned already, or appears twice."""

    model_config = ConfigDict(frozen=True)

    scene_index: int | None
    what: What
    provider: str
    model: str
    seconds: float
    is_owned: bool
    low_usd: Decimal
    high_usd: Decimal


class Quote(BaseModel):
    """``is_estimate`` while nobody knows which lines are filmed: the scenes are of others, of about the same length."""

    model_config = ConfigDict(frozen=True)

    lines: tuple[QuoteLine, ...]
    is_estimate: bool = False

    @property
    def low_usd(self) -> Decimal:
        return sum((line.low_usd for line in self.lines), Decimal(0))

    @property
    def high_usd(self) -> Decimal:
        return sum((line.high_usd for line in self.lines), Decimal(0))

    @property
    def to_buy(self) -> int:
        return sum(not line.is_owned for line in self.lines)


def quote(items: Sequence[Item], owned: Collection[str], *, is_estimate: bool = False) -> Quote:
    """Price ``items`` for somebody who owns what has the keys ``owned``. Of an estimate nothing counts as owned for
    certain: other scenes may be filmed."""
    had = set(owned)
    lines = []
    for item in items:
        is_owned = item.key is not None and item.key in had
        low, high = item.price.of(item.seconds)
        if is_owned:
            low = Decimal(0)
        if is_estimate and item.scene_index is not None:
            low, high, is_owned = low * (1 - ESTIMATE_SPREAD), high * (1 + ESTIMATE_SPREAD), False
        elif is_owned:
            high = Decimal(0)
        lines.append(
            QuoteLine(
                **item.model_dump(include={"scene_index", "what", "provider", "model", "seconds"}),
                is_owned=is_owned,
                low_usd=low,
                high_usd=high,
            )
        )
        if item.key is not None:
            had.add(item.key)
    return Quote(lines=tuple(lines), is_estimate=is_estimate)
