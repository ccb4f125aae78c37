"""A choice of lines: what is checked of it, and what edits of the script leave of it."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.choosing import (
    Objection,
    Passage,
    candidates_of,
    chosen_ids,
    has_to_choose,
    objection,
    picked,
    still_tells,
)
from domain.edits import Edit, apply
from domain.montage import scenes_of, summary_of
from domain.script import Line, Script
from domain.summary import summarise
from domain.trims import kept_lines

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)


def talk(*seconds: float) -> Script:
    lines: list[Line] = []
    for place, one in enumerate(seconds or [4.0] * 30):
        start = lines[-1].end if lines else 0.0
        lines.append(Line(text=f"Line number {place + 1} of the talk.", start=start, end=start + one))
    return Script(title="A talk", language="en", lines=tuple(lines))


def edited(script: Script, *edits: dict[str, Any]) -> Script:
    return apply(script, [EDIT.validate_python(one) for one in edits])


def passages(*pairs: tuple[int, int]) -> list[Passage]:
    return [Passage(*pair) for pair in pairs]


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (passages((1, 3), (10, 11)), None),
        (passages((1, 1), (2, 2), (30, 30), (31, 31)), Objection.UNKNOWN),
        (passages(), Objection.NOTHING),
        (passages((0, 4)), Objection.UNKNOWN),
        (passages((28, 31)), Objection.UNKNOWN),
        (passages((5, 4)), Objection.UNKNOWN),
        (passages((10, 12), (1, 2)), Objection.OUT_OF_ORDER),
        (passages((1, 3), (3, 4)), Objection.OUT_OF_ORDER),
        (passages((1, 6)), "The lines that the answer keeps last 24.0 seconds; from 18.0 to 22.0 are needed."),
        (passages((1, 4)), "The lines that the answer keeps last 16.0 seconds; from 18.0 to 22.0 are needed."),
    ],
)
def test_a_choice_is_taken_only_if_its_lines_are_there_in_order_and_of_the_length(
    kept: Sequence[Passage], why: str | None
) -> None:
    assert objection(kept, candidates_of(talk()), 20) == why


@given(st.lists(st.floats(0.5, 9), min_size=1, max_size=40), st.integers(10, 60), st.data())
def test_whatever_is_taken_is_near_the_target_and_in_order(
    seconds: list[float], target: int, data: st.DataObject
) -> None:
    script = talk(*seconds)
    candidates = candidates_of(script)
    numbers = st.integers(-1, len(seconds) + 2)
    kept = data.draw(st.lists(st.builds(Passage, numbers, numbers), max_size=4))
    if objection(kept, candidates, target) is None:
        lines = picked(script.lines, script, chosen_ids(kept, candidates)).lines
        ids = [line.id for line in lines]
        assert ids == sorted(set(ids))
        assert sum(line.end - line.start for line in lines) == pytest.approx(
            target, abs=max(0.1 * target, max(seconds) / 2) + 1e-6
        )


def test_a_short_script_needs_no_choice() -> None:
    candidates = candidates_of(talk())
    assert [has_to_choose(candidates, target) for target in (0, 109, 110, 120)] == [False, True, False, False]


def test_what_is_cut_is_no_candidate_and_what_is_said_counts() -> None:
    script = edited(
        talk(),
        {"op": "remove", "line": 2},
        {"op": "cut", "start": 8.0, "end": 12.0},
        {"op": "set_text", "line": 4, "text": "Other words."},
        {"op": "split_line", "line": 5, "at": 4},
        {"op": "move", "line": 30, "before": 1},
    )
    found = candidates_of(script)
    assert [one.line_id for one in found] == [30, 1, *range(4, 30)]
    assert found[2].text == "Other words."
    assert (found[3].text, found[3].seconds) == ("Line number 5 of the talk.", pytest.approx(4.0))


CHOSEN = (1, 2, 3, 10, 11, 12, 28, 29, 30)


def test_a_choice_keeps_its_lines_and_nothing_spans_what_is_left_out() -> None:
    summary = summary_of(talk(), 36, CHOSEN)
    assert [line.id for line in summary.lines] == list(CHOSEN)
    assert len(summary.breaks) == 2
    assert [scene.line_ids for scene in scenes_of(talk(), target_seconds=36, chosen=CHOSEN)] == [
        (1, 2), (3,), (10, 11), (12,), (28, 29), (30,)
    ]  # fmt: skip


def test_an_edited_script_keeps_the_choice_less_what_is_cut() -> None:
    script = edited(
        talk(),
        {"op": "set_text", "line": 2, "text": "Volcanoes, volcanoes."},
        {"op": "remove", "line": 11},
        {"op": "remove", "line": 20},
        {"op": "split_line", "line": 28, "at": 4},
    )
    assert [line.id for line in summary_of(script, 36, CHOSEN).lines] == [1, 2, 3, 10, 12, 28, 31, 29, 30]
    assert still_tells(CHOSEN, script, 36)


def test_when_most_of_a_choice_is_cut_lines_are_to_be_chosen_anew() -> None:
    script = edited(talk(), {"op": "cut", "start": 0.0, "end": 48.0})
    assert not still_tells(CHOSEN, script, 36)


def test_when_nothing_of_a_choice_is_left_the_rules_choose() -> None:
    script = edited(talk(), {"op": "cut", "start": 0.0, "end": 12.0})
    rest = kept_lines(script.lines, script.cuts)
    assert summary_of(script, 36, (1, 2, 3)) == summarise(rest, 36)


def test_without_a_target_everything_is_filmed_whatever_was_chosen() -> None:
    assert summary_of(talk(), 0, CHOSEN).lines == talk().lines
