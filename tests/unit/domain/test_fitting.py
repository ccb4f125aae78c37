"""Scenes and the speech in them become equally long, and no word is lost on the way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fitting import USUAL, Fit, Limits, Picture, fit_spoken, pace_of, picture_for
from domain.speech import GAP_SECONDS, SpokenLine

LENGTHS = st.lists(st.floats(0.05, 40), max_size=6)
SECONDS = st.floats(2, 10)


def lines(*seconds: float) -> list[SpokenLine]:
    return [
        SpokenLine(line_id=number, character_id=None, text="Words.", key=f"{number:064}", seconds=length)
        for number, length in enumerate(seconds, start=1)
    ]


def fitted(*seconds: float, planned: float = 5.0, clip: float = 5.0, limits: Limits = USUAL) -> Fit:
    """Of lines that take so long at their voices' own pace, and are spoken as their scene needs it."""
    pace = pace_of(seconds, planned, clip, limits)
    hurried = lines(*(length / pace for length in seconds))
    starts = [0.0] * len(seconds)
    return fit_spoken(hurried, starts, pace=pace, planned_seconds=planned, clip_seconds=clip, limits=limits)


def test_speech_that_fits_changes_nothing() -> None:
    made = fitted(4.0)
    assert (made.seconds, made.pace, made.picture) == (5.0, 1.0, Picture(used_seconds=5.0))


def test_speech_a_little_too_long_is_hurried_and_the_scene_stays_as_it_is() -> None:
    made = fitted(5.4)
    assert (made.seconds, made.pace, made.picture) == (5.0, 1.1, Picture(used_seconds=5.0))


def test_what_was_filmed_beyond_the_plan_is_shown_before_anything_is_slowed_down() -> None:
    made = fitted(6.0, planned=4.0, clip=6.0)
    assert made.pace == 1.1
    assert made.seconds == pytest.approx(6 / 1.1, abs=0.001)
    assert (made.picture.slow_down, made.picture.hold_seconds) == (1.0, 0.0)


def test_a_scene_with_more_to_say_shows_its_clip_slower() -> None:
    made = fitted(6.3)
    assert (made.pace, made.seconds) == (1.1, pytest.approx(6.3 / 1.1, abs=0.001))
    assert (made.picture.slow_down, made.picture.hold_seconds) == (pytest.approx(made.seconds / 5), 0.0)


def test_a_clip_that_is_a_moment_short_is_not_slowed_down_for_it() -> None:
    picture = picture_for(5.25, 5.0)
    assert picture == Picture(used_seconds=5.0, hold_seconds=0.25)


def test_speech_is_hurried_more_before_the_picture_stands_still() -> None:
    made = fitted(7.5)
    assert (made.pace, made.seconds) == (1.2, 6.25)
    assert made.picture == Picture(used_seconds=5.0, slow_down=1.2, hold_seconds=0.25)


def test_what_nothing_can_make_room_for_is_said_over_the_last_picture() -> None:
    made = fitted(20.0)
    assert (made.pace, made.seconds) == (1.25, 16.0)
    assert made.picture == Picture(used_seconds=5.0, slow_down=1.2, hold_seconds=10.0)
    assert made.lines[-1].end == 16.0


def test_a_scene_without_speech_lasts_as_planned() -> None:
    assert fitted(planned=4.0, clip=6.0) == Fit(seconds=4.0, pace=1.0, picture=Picture(used_seconds=4.0), lines=())


def test_speech_that_came_out_longer_than_its_pace_promised_has_its_room() -> None:
    made = fit_spoken(lines(5.3), [0.0], pace=1.1, planned_seconds=5.0, clip_seconds=5.0)
    assert (made.seconds, made.pace, made.lines[-1].end) == (5.3, 1.1, 5.3)
    assert made.picture.hold_seconds == pytest.approx(0.3)


@given(LENGTHS, SECONDS, st.floats(0.5, 12))
def test_no_word_is_cut_off_and_nothing_is_bent_beyond_its_limit(
    lengths: list[float], planned: float, clip: float
) -> None:
    made = fitted(*lengths, planned=planned, clip=clip)
    assert made.seconds >= planned
    assert all(line.start >= 0 and line.end <= made.seconds + 0.0015 for line in made.lines)
    assert all(later.start >= earlier.end - 0.002 for earlier, later in pairwise(made.lines))
    assert [round(line.line.seconds * made.pace, 6) for line in made.lines] == [round(one, 6) for one in lengths]
    assert 1 <= made.pace <= USUAL.most_pace
    picture = made.picture
    assert 1 <= picture.slow_down <= USUAL.most_slow_down
    assert 0 < picture.used_seconds <= clip
    assert picture.hold_seconds >= 0
    assert picture.seconds == pytest.approx(made.seconds)
    if picture.hold_seconds > USUAL.brief_hold_seconds + 0.001:
        assert picture.slow_down == USUAL.most_slow_down
        # Only what planning has missed is held: the clip was too short for the plan, or all haste was not enough.
        assert made.pace == USUAL.most_pace or clip * USUAL.most_slow_down < planned


@given(st.lists(st.floats(0.05, 40), min_size=1, max_size=6), SECONDS, SECONDS)
def test_nobody_is_hurried_more_than_is_needed(lengths: list[float], planned: float, clip: float) -> None:
    pace = pace_of(lengths, planned, clip)
    longest = max(planned, clip * USUAL.most_slow_down + USUAL.brief_hold_seconds)
    room = planned if pace <= USUAL.gentle_pace else longest
    slower = round(pace - 0.05, 2)
    assert pace == 1 or sum(lengths) / slower + GAP_SECONDS * (len(lengths) - 1) > room - 1e-6
