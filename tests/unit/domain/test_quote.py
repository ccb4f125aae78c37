"""What a film would cost, item by item."""

from datetime import date
from decimal import Decimal

from domain.models import Price
from domain.quote import Item, What, quote


def item(
    what: What, key: str | None, usd: str, high: str | None = None, *, per: str = "clip", seconds: float = 0
) -> Item:
    price = Price(
        per=per, usd=Decimal(usd), usd_high=Decimal(high) if high else None, as_of=date(2026, 11, 1), source="x"
    )
    return Item(scene_index=None, what=what, key=key, provider="p", model="m", seconds=seconds, price=price)


def test_what_is_bought_for_one_scene_is_free_for_the_next() -> None:
    """Two characters with the same pictures are trained once; a scene that comes twice is filmed once."""
    price = quote(
        [
            item(What.TRAINING, "t", "1.80", "3", per="training"),
            item(What.TRAINING, "t", "1.80", "3", per="training"),
            item(What.KEYFRAME, "k", "0.03", per="picture"),
            item(What.CLIP, "c", "0.10", per="second", seconds=5),
            item(What.CLIP, "c", "0.10", per="second", seconds=5),
        ],
        owned=["k"],
    )
    assert [line.is_owned for line in price.lines] == [False, True, True, False, True]
    assert (price.low_usd, price.high_usd, price.to_buy) == (Decimal("2.30"), Decimal("3.50"), 2)


def test_what_has_no_key_yet_is_always_paid_for() -> None:
    price = quote([item(What.CLIP, None, "1"), item(What.CLIP, None, "1")], owned=[])
    assert price.low_usd == 2
