"""Scenes have room for what is said in them before anything is filmed or spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.room import with_room
from domain.scenes import Scene
from domain.script import Line
from domain.speech import likely_seconds

SENTENCE = "The old keeper of the museum walked slowly down to the water, and nobody saw him go."


def scene(start: float, end: float, *texts: str) -> Scene:
    return Scene(
        index=1, start=start, end=end, lines=tuple(Line(text=text, start=start, end=end) for text in texts), title="One"
    )


def test_a_scene_that_can_be_spoken_is_left_alone() -> None:
    for spoken in (scene(0, 7, "Did you see that?", SENTENCE), scene(7, 9, "— … " * 40), scene(3, 3.5, "Yes.")):
        assert with_room(spoken, 8) is spoken


def test_a_scene_of_somebody_quick_is_planned_for_voices_that_hurry_a_little() -> None:
    quick = scene(0, 6, "Did you see that?", SENTENCE)
    assert 6.5 < with_room(quick, 8).duration < 7.5


def test_numbers_take_as_long_as_their_words() -> None:
    assert with_room(scene(0, 2, "It was 1998, and 250,000 came."), 8).duration > 2
    assert likely_seconds("1998") == pytest.approx(likely_seconds("nineteen ninety-eight"), rel=0.2)
    assert likely_seconds("5 %") == pytest.approx(likely_seconds("five per cent"), rel=0.2)


def test_a_scene_that_nobody_could_say_in_its_time_lasts_as_long_as_its_speech_will() -> None:
    short = scene(10, 12, SENTENCE)
    made = with_room(short, 8)
    assert 5 < made.duration < 8
    assert made == short.model_copy(update={"end": made.end})


def test_no_scene_is_longer_than_a_clip_can_be() -> None:
    assert with_room(scene(10, 12, SENTENCE, SENTENCE, SENTENCE), 6).duration == 6
    assert with_room(scene(10, 12, "这是一个很长的句子。" * 20), 8).duration == 8


@given(st.lists(st.text(alphabet="abc .,第一", max_size=300), min_size=1, max_size=5), st.floats(0, 8))
def test_scenes_only_become_longer(texts: list[str], seconds: float) -> None:
    before = scene(100, 100 + seconds, *texts)
    made = with_room(before, 8)
    assert before.duration - 0.001 <= made.duration <= 8.001
    assert made.lines == before.lines
    assert with_room(made, 8).duration == made.duration
