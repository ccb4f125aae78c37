"""What a film would cost, item by item."""

from datetime import date
from decimal import Decimal

from domain.models import Price
from domain.quote import Item, What, quote


def item(
    what: What,
    key: str | None,
    usd: str,
    high: str | None = None,
    *,
    per: str = "clip",
    seconds: float = 0,
    scene: int | None = None,
) -> Item:
    price = Price(
        per=per, usd=Decimal(usd), usd_high=Decimal(high) if high else None, as_of=date(2026, 11, 1), source="x"
    )
    return Item(scene_index=scene, what=what, key=key, provider="p", model="m", seconds=seconds, price=price)


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


def test_an_estimate_is_a_range_in_which_nothing_that_is_owned_is_sure_to_be_used() -> None:
    items = [
        item(What.TRAINING, "t", "2", per="training"),
        item(What.CLIP, "c", "1", scene=1),
        item(What.CLIP, "d", "1", scene=2),
    ]
    price = quote(items, owned=["d"], is_estimate=True)
    assert [(line.low_usd, line.high_usd, line.is_owned) for line in price.lines] == [
        (2, 2, False),
        (Decimal("0.75"), Decimal("1.25"), False),
        (0, Decimal("1.25"), False),
    ]
    assert price.is_estimate
    assert not quote(items, owned=["d"]).is_estimate


def test_hundreds_of_lines_of_a_hundredth_of_a_cent_are_not_rounded_to_nothing() -> None:
    items = [item(What.SPEECH, f"{n}", "0.000045", "0.00006", per="line", scene=1) for n in range(300)]
    price = quote(items, owned=["0"])
    assert (price.low_usd, price.high_usd) == (299 * Decimal("0.000045"), 299 * Decimal("0.00006"))
