"""Quotes: what a film would cost, scene by scene, before anything is spent."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.models import Price


class What(StrEnum):
    """What a film is made of and paid for."""

    TRAINING = "training"
    KEYFRAME = "keyframe"
    CLIP = "clip"


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
    model_config = ConfigDict(frozen=True)

    lines: tuple[QuoteLine, ...]

    @property
    def low_usd(self) -> Decimal:
        return sum((line.low_usd for line in self.lines), Decimal(0))

    @property
    def high_usd(self) -> Decimal:
        return sum((line.high_usd for line in self.lines), Decimal(0))

    @property
    def to_buy(self) -> int:
        return sum(not line.is_owned for line in self.lines)


def quote(items: Sequence[Item], owned: Collection[str]) -> Quote:
    """Price ``items`` for somebody who owns what has the keys ``owned``."""
    had = set(owned)
    lines = []
    for item in items:
        is_owned = item.key is not None and item.key in had
        low, high = (Decimal(0), Decimal(0)) if is_owned else item.price.of(item.seconds)
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
    return Quote(lines=tuple(lines))
