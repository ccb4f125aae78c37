"""What of a film is copied, what is encoded anew, and its chapters."""

import pytest

from domain.finish import Transition, TransitionKind
from domain.joining import ChapterMark, ClipFrames, Span, Stretch, chapter_title, chapters, pieces
from domain.scenes import Scene
from domain.script import Line

SECOND = Transition(kind=TransitionKind.CROSSFADE, seconds=1)


def clip(length: int) -> ClipFrames:
    return ClipFrames(length, range(0, length, 30))


def a_scene(text: str, title: str | None = None) -> Scene:
    return Scene(index=7, start=0, end=4, lines=(Line(text=text, start=0, end=4),), title=title)


def test_with_cuts_all_is_copied() -> None:
    assert pieces([clip(40), clip(70)], Transition(), 30) == [Stretch(0, 0, 40), Stretch(1, 0, 70)]


def test_a_transition_reaches_to_the_next_keyframe_and_the_rest_is_copied() -> None:
    assert pieces([clip(90), clip(90)], SECOND, 30) == [Stretch(0, 0, 75), Span(1, 15, 30), Stretch(1, 30, 90)]


def test_a_scene_without_a_later_keyframe_is_encoded_up_to_where_the_next_transition_begins() -> None:
    assert pieces([clip(90), clip(28), clip(90)], SECOND, 30) == [
        Stretch(0, 0, 76),
        Span(1, 14, 14),
        Span(2, 14, 30),
        Stretch(2, 30, 90),
    ]


@pytest.mark.parametrize("lengths", [(1,), (1, 1, 1), (2, 90, 3), (31, 32, 33, 5)])
def test_whatever_the_transitions_no_frame_is_lost_or_shown_twice(lengths: tuple[int, ...]) -> None:
    for seconds in (0.1, 0.5, 2):
        plan = pieces([clip(n) for n in lengths], Transition(kind=TransitionKind.WIPE, seconds=seconds), 30)
        assert sum(piece.frames for piece in plan) == sum(lengths)


def test_chapters_are_named_by_the_source_or_by_the_first_words() -> None:
    assert chapter_title(a_scene("Hello there.", "Greetings")) == "Greetings"
    assert chapter_title(a_scene("Hello there.")) == "Hello there."
    long = chapter_title(a_scene("A comet is a small body of ice and dust, which comes from far outside."))
    assert long == "A comet is a small body of ice and dust, which…"
    assert chapter_title(a_scene("w" * 300)) == "w" * 50 + "…"
    assert len(chapter_title(a_scene("彗星は氷と塵でできた小さな天体で、" * 9))) <= 51
    assert chapter_title(a_scene(" ")) == "Scene 7"


def test_a_chapter_lasts_until_another_and_the_first_begins_with_the_film() -> None:
    marks = chapters(["", "One", "One", "Two", "", "One"], [30, 30, 30, 30, 10, 5])
    assert marks == [ChapterMark("One", 0, 90), ChapterMark("Two", 90, 130), ChapterMark("One", 130, 135)]
    assert chapters(["", ""], [30, 30]) == []
