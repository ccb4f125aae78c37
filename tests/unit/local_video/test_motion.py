"""How the local renderer times and moves things."""

from itertools import pairwise

import pytest

from domain.shots import Camera
from resources.video.local.motion import Mouth, mouth, spoken_words, view


def test_words_are_spoken_in_order_within_the_clip() -> None:
    words = spoken_words("Well, hello there! How are you, my dear friend?", 4.0)
    assert [word.text for word in words] == ["Well,", "hello", "there!", "How", "are", "you,", "my", "dear", "friend?"]
    assert all(one.end <= other.start for one, other in pairwise(words))
    assert words[0].start > 0
    assert words[-1].end < 4.0


def test_longer_words_take_longer() -> None:
    short, long = spoken_words("so extraordinarily", 3.0)
    assert long.end - long.start > 2 * (short.end - short.start)


def test_a_sentence_end_is_followed_by_a_rest() -> None:
    words = spoken_words("one two. one two", 4.0)
    assert words[2].start - words[1].end > 2 * (words[1].start - words[0].end)


def test_the_mouth_moves_while_words_are_spoken_and_is_closed_before_and_after() -> None:
    words = spoken_words("banana boat", 3.0)
    during = {
        mouth(words, words[0].start + step * 0.02) for step in range(int((words[-1].end - words[0].start) / 0.02))
    }
    assert {Mouth.CLOSED, Mouth.HALF, Mouth.OPEN, Mouth.ROUND} == during
    assert mouth(words, 0.0) is Mouth.CLOSED
    assert mouth(words, words[-1].end + 0.01) is Mouth.CLOSED


def test_a_caption_without_words_has_no_rhythm() -> None:
    assert spoken_words("   ", 3.0) == []


def test_scripts_without_spaces_still_have_syllables() -> None:
    words = spoken_words("我们今天去海边散步吧", 3.0)
    assert sum(len(word.syllables) for word in words) == 10


@pytest.mark.parametrize("camera", [c for c in Camera if c is not Camera.STILL])
def test_a_camera_move_is_smooth_and_never_shows_less_than_the_frame(camera: Camera) -> None:
    views = [view(camera, step / 100) for step in range(101)]
    steps = [(abs(b.zoom - a.zoom), abs(b.x - a.x), abs(b.y - a.y)) for a, b in pairwise(views)]
    assert all(v.zoom >= 1 for v in views)
    assert max(max(step) for step in steps) < 0.003
    assert views[0] != views[-1]


def test_a_still_camera_stays_where_it_is() -> None:
    assert view(Camera.STILL, 0.0) == view(Camera.STILL, 0.7)
