"""What a quote looks like to whoever asks for one."""

import io

import pytest
from rich.console import Console

from cli.api_client import QuoteLineView, QuoteView
from cli.money import dollars, tell_of_quote


def line(what: str, scene: int, usd: float, *, seconds: float = 0) -> QuoteLineView:
    return QuoteLineView(
        scene_index=scene,
        what=what,
        provider="openai" if what == "speech" else "replicate",
        model="tts-1" if what == "speech" else "some/model",
        seconds=seconds,
        is_owned=False,
        low_usd=usd,
        high_usd=usd,
    )


def test_the_lines_of_a_film_are_one_line_of_its_quote() -> None:
    lines = [line("clip", 1, 0.5, seconds=5), *(line("speech", 1, 0.0005) for _ in range(40))]
    console = Console(file=io.StringIO(), width=120)
    tell_of_quote(
        console,
        QuoteView(low_usd=0.52, high_usd=0.52, to_buy=41, lines=lines, budget_left_usd=5, is_within_budget=True),
    )
    assert isinstance(console.file, io.StringIO)
    rows = console.file.getvalue().splitlines()
    assert len(rows) == 4
    assert rows[2].split() == ["speech,", "40", "lines", "openai", "tts-1", "$0.02"]


@pytest.mark.parametrize(
    ("usd", "told"),
    [((0.0004,), "$0.0004"), ((0.0004, 0.0009), "$0.0004 to $0.0009"), ((0.5,), "$0.50"), ((0,), "$0.00")],
)
def test_less_than_a_cent_is_not_nothing(usd: tuple[float, ...], told: str) -> None:
    assert dollars(*usd) == told
