"""Spoken lines: where they stand in their scenes, how fast they are, and when each word is said."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.speech import (
    GAP_SECONDS,
    MOST_PACE,
    SpokenLine,
    estimated_seconds,
    is_speakable,
    marks_of,
    pace_for,
    place_lines,
    words_at,
)

LENGTHS = st.lists(st.floats(0.1, 12), min_size=1, max_size=6)


def lines(*seconds: float) -> list[SpokenLine]:
    return [
        SpokenLine(line_id=number, character_id=None, text="Words.", key=f"{number:064}", seconds=length)
        for number, length in enumerate(seconds, start=1)
    ]


def test_a_line_stands_where_the_source_has_it() -> None:
    placed = place_lines(lines(1.0, 1.5), [0.5, 3.0], 6.0)
    assert [one.start for one in placed] == [0.5, 3.0]


def test_a_line_waits_until_the_one_before_it_is_over() -> None:
    placed = place_lines(lines(2.0, 1.0), [0.0, 1.0], 6.0)
    assert [one.start for one in placed] == [0.0, 2.0 + GAP_SECONDS]


def test_pauses_are_given_up_before_a_line_goes_beyond_its_scene() -> None:
    placed = place_lines(lines(2.0, 2.0), [1.0, 3.5], 5.0)
    assert [one.start for one in placed] == [0.85, 3.0]


def test_lines_without_room_go_on_beyond_the_scene() -> None:
    placed = place_lines(lines(3.0, 3.0), [0.0, 1.0], 4.0)
    assert [one.start for one in placed] == [0.0, 3.0 + GAP_SECONDS]


@given(LENGTHS, st.floats(2, 8))
def test_no_line_is_cut_and_no_two_overlap(lengths: list[float], seconds: float) -> None:
    spread = [place * seconds / len(lengths) for place in range(len(lengths))]
    placed = place_lines(lines(*lengths), spread, seconds)
    assert placed[0].start >= 0
    assert all(later.start >= earlier.end - 0.002 for earlier, later in pairwise(placed))
    if sum(lengths) + GAP_SECONDS * (len(lengths) - 1) <= seconds:
        assert placed[-1].end <= seconds + 0.002


@given(LENGTHS, st.floats(2, 8))
def test_a_pace_is_enough_or_the_most_there_is(lengths: list[float], seconds: float) -> None:
    pace = pace_for(lengths, seconds)
    assert 1 <= pace <= MOST_PACE
    fits = sum(lengths) / pace + GAP_SECONDS * (len(lengths) - 1) <= seconds + 0.001
    assert fits or pace == MOST_PACE


def test_a_scene_that_is_long_enough_is_spoken_as_it_is() -> None:
    assert pace_for([2.0, 1.0], 4.0) == 1.0
    assert pace_for([4.1], 4.0) == 1.05


def test_words_are_told_by_their_marks_and_one_without_shares_its_neighbours_time() -> None:
    words = words_at("One two three.", [(0, 0.0), (8, 1.0)], 2.0)
    assert [(word.text, word.start, word.end) for word in words] == [
        ("One ", 0.0, 0.5),
        ("two ", 0.5, 1.0),
        ("three.", 1.0, 2.0),
    ]


def test_too_few_marks_are_not_believed() -> None:
    assert words_at("One two three four five.", [(0, 0.0)], 2.0) == ()


@given(
    st.text(alphabet="ab c,.", min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(-3, 40), st.floats(-1, 9)), max_size=12),
)
def test_words_never_go_back_in_time(text: str, marks: list[tuple[int, float]]) -> None:
    words = words_at(text, marks, 5.0)
    assert all(word.start <= word.end <= 5.0 for word in words)
    assert all(later.start >= earlier.start for earlier, later in pairwise(words))
    assert not words or "".join(word.text for word in words).strip() == text.strip()


def test_words_begin_with_their_first_phoneme() -> None:
    phonemes = [("w", 0.1), ("ʌ", 0.2), (" ", 0.3), ("t", 0.5), ("u", 0.6), (".", 0.9)]
    assert marks_of("One  two.", phonemes) == [(0, 0.1), (5, 0.5)]


def test_words_that_an_engine_runs_together_have_no_times() -> None:
    assert marks_of("In the sea", [("ɪ", 0.1), (" ", 0.3), ("s", 0.5)]) == []


def test_punctuation_alone_is_not_spoken() -> None:
    assert not is_speakable("… — ?!")
    assert is_speakable("第")
    assert is_speakable("7.")


def test_an_estimate_brackets_what_people_need() -> None:
    least, most = estimated_seconds("The old keeper of the museum walked slowly down to the water.")
    assert least < 3.5 < most
    least, most = estimated_seconds("你好，世界。这是一个句子。")
    assert least < 2.7 < most
