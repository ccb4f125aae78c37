from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, RecastError
from domain.scenes import MAX_SCENE_SECONDS, MIN_FILM_SECONDS, MIN_SCENE_SECONDS, Scene, split_scenes
from domain.script import Line
from domain.transcript import Chapter

CAP = MAX_SCENE_SECONDS
TOLERANCE_SECONDS = 1e-6


def said(text: str, start: float, end: float, speaker: str | None = None) -> Line:
    return Line(text=text, start=start, end=end, speaker=speaker)


def spans(scenes: list[Scene]) -> list[tuple[float, float]]:
    return [(scene.start, scene.end) for scene in scenes]


@st.composite
def scripts(draw: st.DrawFn) -> list[Line]:
    spoken: list[Line] = []
    now = 0.0
    for number in range(draw(st.integers(1, 15))):
        now += draw(st.sampled_from([0.0, 0.0, 0.3, 1.0, 2.5, 12.0]))
        seconds = draw(st.floats(0, 30) | st.sampled_from([0.5, 1.0, 2.0, 4.0, 8.0]))
        words = [f"{number}.{place}" for place in range(draw(st.integers(1, 30)))]
        if draw(st.booleans()):
            words = [word + "," if place % 4 == 3 else word for place, word in enumerate(words)]
        spoken.append(said(" ".join(words), now, now + seconds, draw(st.sampled_from([None, "Ada", "Bruno"]))))
        now += seconds
    return spoken


breaks = st.lists(st.floats(0, 200), max_size=4)


@given(scripts(), breaks)
def test_no_word_is_lost_doubled_or_moved(spoken: list[Line], breaks: list[float]) -> None:
    scenes = split_scenes(spoken, max_seconds=CAP, breaks=breaks)
    assert " ".join(scene.text for scene in scenes).split() == " ".join(line.text for line in spoken).split()
    assert [scene.index for scene in scenes] == list(range(1, len(scenes) + 1))


@given(scripts(), breaks, st.sampled_from([2.0, 5.0, 8.0, 10.0]))
def test_no_scene_is_longer_than_the_cap_or_shorter_than_a_clip(
    spoken: list[Line], breaks: list[float], cap: float
) -> None:
    for scene in split_scenes(spoken, max_seconds=cap, breaks=breaks):
        assert MIN_FILM_SECONDS <= scene.duration <= cap + TOLERANCE_SECONDS
        assert scene.end - scene.start <= cap + TOLERANCE_SECONDS


@given(scripts())
def test_only_a_line_longer_than_the_cap_is_cut(spoken: list[Line]) -> None:
    kept = {line for scene in split_scenes(spoken, max_seconds=CAP) for line in scene.lines}
    assert all(line in kept for line in spoken if line.end - line.start <= CAP)


@given(scripts(), breaks)
def test_a_crumb_is_left_only_where_no_neighbour_in_its_chapter_can_take_it_in(
    spoken: list[Line], breaks: list[float]
) -> None:
    scenes = split_scenes(spoken, max_seconds=CAP, breaks=breaks)
    for above, below in pairwise(scenes):
        if min(above.end - above.start, below.end - below.start) < MIN_SCENE_SECONDS:
            middles = [
                (scene.lines[place].start + scene.lines[place].end) / 2 for scene, place in [(above, -1), (below, 0)]
            ]
            is_chapter_border = any(middles[0] < border <= middles[1] for border in breaks)
            was_cut = any(line not in spoken for line in (*above.lines, *below.lines))
            assert is_chapter_border or was_cut or below.end - above.start > CAP


@given(scripts(), st.integers(0, 14))
def test_an_edit_of_words_leaves_every_border_where_it_is(spoken: list[Line], place: int) -> None:
    place %= len(spoken)
    edited = list(spoken)
    if spoken[place].end - spoken[place].start <= CAP:
        edited[place] = spoken[place].model_copy(update={"text": "Something else, entirely!"})
    assert spans(split_scenes(edited, max_seconds=CAP)) == spans(split_scenes(spoken, max_seconds=CAP))


def test_lines_that_fit_make_one_scene() -> None:
    (scene,) = split_scenes([said("One.", 1, 4), said("Two.", 4, 8.5)], max_seconds=8)
    assert (scene.text, scene.start, scene.end, scene.duration, scene.title) == ("One. Two.", 1, 8.5, 7.5, None)


def test_a_scene_ends_at_the_line_nearest_to_the_cap() -> None:
    assert spans(split_scenes([said(f"{n}.", 2 * n, 2 * n + 2) for n in range(7)])) == [(0, 8), (8, 14)]


def test_a_pause_is_a_better_border_than_the_cap() -> None:
    spoken = [said("a", 0, 2), said("b", 2, 4), said("c", 5, 7), said("d", 7, 9), said("e", 9, 11)]
    assert spans(split_scenes(spoken)) == [(0, 4), (5, 11)]


def test_a_long_pause_parts_scenes_that_would_fit_together() -> None:
    assert spans(split_scenes([said("a", 0, 3), said("b", 5, 8)])) == [(0, 3), (5, 8)]


def test_a_change_of_speaker_parts_scenes_that_would_fit_together() -> None:
    assert spans(split_scenes([said("a", 0, 4, "Ada"), said("b", 4, 8, "Bruno")])) == [(0, 4), (4, 8)]


def test_a_quick_exchange_stays_one_scene() -> None:
    assert spans(split_scenes([said("a", 0, 1, "Ada"), said("b", 1, 2, "Bruno"), said("c", 2, 5, "Ada")])) == [(0, 5)]


def test_a_long_line_is_cut_between_words_into_parts_of_about_equal_length() -> None:
    scenes = split_scenes([said("aaaa bbbb cccc dddd", 0, 10)])
    assert [(scene.text, scene.start, scene.end) for scene in scenes] == [("aaaa bbbb", 0, 5), ("cccc dddd", 5, 10)]


def test_a_long_line_is_rather_cut_after_a_clause() -> None:
    first, second = split_scenes([said("aaaa bbbb cccc dddd, eeee ffff gggg hhhh iiii jjjj", 0, 10)])
    assert (first.text, second.text) == ("aaaa bbbb cccc dddd,", "eeee ffff gggg hhhh iiii jjjj")


def test_a_long_line_without_spaces_is_cut_between_letters() -> None:
    assert [scene.text for scene in split_scenes([said("あいうえおかきく", 0, 16)])] == ["あいうえ", "おかきく"]


def test_a_single_word_longer_than_the_cap_stays_whole() -> None:
    assert spans(split_scenes([said("Ommmm", 0, 20), said("yes", 20, 24)])) == [(0, 8), (20, 24)]


def test_a_chapter_ends_a_scene_and_gives_the_next_its_title() -> None:
    chapters = [Chapter(title="Intro", start=0), Chapter(title="More", start=2.2)]
    scenes = split_scenes([said("a", 0, 2), said("b", 2, 4), said("c", 4, 6)], chapters=chapters)
    assert [(scene.text, scene.title) for scene in scenes] == [("a", "Intro"), ("b c", "More")]


def test_a_break_inside_a_line_moves_to_its_nearer_end() -> None:
    spoken = [said("a", 0, 4), said("b", 4, 8)]
    assert spans(split_scenes(spoken, breaks=[3.5])) == [(0, 4), (4, 8)]
    assert spans(split_scenes(spoken, breaks=[0.5])) == [(0, 8)]


def test_lines_moved_by_hand_stay_in_their_new_order() -> None:
    assert [scene.text for scene in split_scenes([said("b", 50, 54), said("a", 0, 4)])] == ["b", "a"]


def test_a_script_without_words_has_no_scenes() -> None:
    with pytest.raises(RecastError) as caught:
        split_scenes([said("  ", 0, 2)])
    assert caught.value.code is ErrorCode.EMPTY_SCRIPT


def test_a_cap_below_the_shortest_clip_is_refused() -> None:
    with pytest.raises(ValueError, match="shortest clip"):
        split_scenes([said("a", 0, 2)], max_seconds=1.9)
