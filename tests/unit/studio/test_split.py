"""From a script to its scenes, within what a model films and sells."""

from datetime import date
from decimal import Decimal

import pytest

from domain.models import Likeness, ModelProfile, Price
from domain.scenes import MAX_SCENE_SECONDS, MIN_SCENE_SECONDS
from domain.script import Line, Script
from resources.database.records import JobOptions
from studio.directing import split, summary_of


def model(*seconds: int) -> ModelProfile:
    return ModelProfile(
        provider="replicate",
        model="a/b",
        version="1",
        title="A model",
        likeness=Likeness.NONE,
        seconds=seconds,
        price=Price(per="second", usd=Decimal("0.10"), as_of=date(2026, 11, 22), source="here"),
    )


def _spelt(number: int) -> str:
    """A word of its own for every number, with no digit, which would take longer to say."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def script(*seconds: float, pause: float = 1.0) -> Script:
    """Lines of such lengths, each by another speaker than the one before."""
    lines: list[Line] = []
    for place, one in enumerate(seconds):
        start = lines[-1].end + pause if lines else 0.0
        text = f"Line {_spelt(place)} about {('rivers', 'towns', 'trees')[place % 3]}."
        lines.append(Line(text=text, start=start, end=start + one, speaker=("Ada", "Bruno")[place % 2]))
    return Script(title="A talk", language="en", lines=tuple(lines))


def test_a_scene_is_as_long_as_the_shortest_length_on_sale_where_its_neighbour_allows() -> None:
    short = script(3.1, 3.1, 3.1, 3.1, pause=0.9)
    assert [round(scene.duration, 1) for scene in split(short, JobOptions(), model())] == [3.1, 3.1, 3.1, 3.1]
    sold_by_five = split(short, JobOptions(), model(5, 10))
    assert [round(scene.duration, 1) for scene in sold_by_five] == [7.1, 7.1]


@pytest.mark.parametrize("seconds", [(), (2, 3), (5,), (8,), (5, 10), tuple(range(4, 16))])
def test_no_scene_is_longer_than_the_model_films(seconds: tuple[int, ...]) -> None:
    profile = model(*seconds)
    plan = split(script(*[1.0, 2.5, 7.0, 11.0, 0.4] * 6), JobOptions(), profile)
    assert max(scene.duration for scene in plan) <= min(MAX_SCENE_SECONDS, profile.max_seconds) + 1e-6


def test_a_target_length_shortens_the_film_and_no_scene_spans_what_was_left_out() -> None:
    talk = script(*[2.0] * 200, pause=0.1)
    plan = split(talk, JobOptions(target_seconds=60), model())
    kept = summary_of(talk, JobOptions(target_seconds=60))
    assert [line for scene in plan for line in scene.lines] == list(kept.lines)
    assert sum(scene.duration for scene in plan) == pytest.approx(60, rel=0.2)
    for scene in plan:
        said = sum(line.end - line.start for line in scene.lines)
        assert scene.duration <= max(said + 0.1 * len(scene.lines), MIN_SCENE_SECONDS)


def test_without_a_target_every_line_is_filmed() -> None:
    talk = script(*[2.0] * 50)
    assert summary_of(talk, JobOptions()).lines == talk.lines
