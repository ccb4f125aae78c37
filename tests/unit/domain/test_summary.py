"""Summaries: what is kept of a script that is too long for its film."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.script import Line
from domain.summary import TOLERANCE, summarise
from domain.transcript import Chapter

TARGETS = st.integers(10, 600)


@st.composite
def scripts(draw: st.DrawFn) -> list[Line]:
    spoken: list[Line] = []
    now = 0.0
    for _ in range(draw(st.integers(1, 60))):
        now += draw(st.sampled_from([0.0, 0.0, 0.4, 3.0]))
        seconds = draw(st.floats(0.5, 12))
        words = draw(
            st.lists(st.sampled_from(["comet", "tail", "ice", "dust", "orbit", "telescope", "night"]), min_size=1)
        )
        end = draw(st.sampled_from(["", ".", "?"]))
        speaker = draw(st.sampled_from([None, "Ada", "Bruno"]))
        spoken.append(Line(text=" ".join(words) + end, start=now, end=now + seconds, speaker=speaker))
        now += seconds
    return spoken


def talk(texts: Sequence[str], *, seconds: float = 4.0, speakers: Sequence[str | None] = (None,)) -> list[Line]:
    return [
        Line(text=text, start=place * seconds, end=(place + 1) * seconds, speaker=speakers[place % len(speakers)])
        for place, text in enumerate(texts)
    ]


@given(scripts(), TARGETS)
def test_kept_lines_are_whole_and_in_their_order(spoken: list[Line], target: int) -> None:
    kept = list(summarise(spoken, target).lines)
    rest = iter(spoken)
    assert kept
    assert all(line in rest for line in kept)


@given(scripts(), TARGETS)
def test_the_sum_is_near_the_target_and_above_it_by_no_more_than_a_line(spoken: list[Line], target: int) -> None:
    seconds = [line.end - line.start for line in spoken]
    kept = summarise(spoken, target).seconds
    assert kept <= target + max(TOLERANCE * target, *seconds)
    if sum(seconds) >= target and max(seconds) <= TOLERANCE * target:
        assert kept == pytest.approx(target, rel=TOLERANCE + 1e-9)


@given(scripts(), TARGETS)
def test_the_same_script_is_shortened_the_same_way(spoken: list[Line], target: int) -> None:
    assert summarise(spoken, target) == summarise(list(spoken), target)


@given(scripts(), TARGETS)
def test_there_is_a_break_wherever_lines_are_left_out_between_two_that_are_kept(
    spoken: list[Line], target: int
) -> None:
    summary = summarise(spoken, target)
    places = [spoken.index(line) for line in summary.lines]
    gaps = [(one, other) for one, other in pairwise(places) if other > one + 1]
    assert len(summary.breaks) == len(gaps)
    for at, (one, other) in zip(summary.breaks, gaps, strict=True):
        assert spoken[one].end <= at <= spoken[other].start


def test_a_script_that_is_hardly_longer_than_the_target_is_kept_whole() -> None:
    spoken = talk(["One comet."] * 11)
    assert list(summarise(spoken, 40).lines) == spoken


def test_a_line_without_words_is_not_kept() -> None:
    assert [line.text for line in summarise(talk(["Comets.", " ", "Tails."]), 60).lines] == ["Comets.", "Tails."]


def test_the_film_tells_of_every_chapter_before_it_tells_more_of_one() -> None:
    subjects = ("comets", "glaciers", "violins", "bakeries")
    texts = [f"Chapter about {one}: the {one} have feature{two}{one}." for one in subjects for two in range(12)]
    chapters = [Chapter(title=one, start=place * 48.0) for place, one in enumerate(subjects)]
    kept = " ".join(line.text for line in summarise(talk(texts), 60, chapters=chapters).lines)
    assert all(one in kept for one in subjects)


def test_what_the_script_comes_back_to_is_kept_and_an_aside_is_not() -> None:
    about = ["Comets carry water ice.", "Water of comets reached young planets.", "Planets keep comet water in oceans."]
    asides = [f"Somebody named xx{place} coughed again." for place in range(30)]
    spoken = talk([*asides[:6], about[0], *asides[6:15], about[1], *asides[15:24], about[2], *asides[24:]])
    kept = {line.text for line in summarise(spoken, 28).lines}
    assert kept >= set(about)


def test_a_question_is_not_parted_from_its_answer() -> None:
    texts = []
    for place in range(20):
        texts += [f"What did you see at station{place} tonight?", f"A comet above station{place}, with tail{place}."]
    kept = summarise(talk(texts, speakers=("Mira", "Jonas")), 40).lines
    assert len(kept) > 2
    for place, line in enumerate(kept):
        if line.speaker == "Mira":
            assert kept[place + 1].start == line.end
        else:
            assert kept[place - 1].end == line.start


def test_no_passage_begins_with_a_word_that_leans_on_what_was_said_before() -> None:
    texts = []
    for place in range(20):
        texts += [f"Observatory{place} opened in winter{place}.", f"But it closed again after storm{place}."]
    summary = summarise(talk(texts), 40)
    begins = [summary.lines[0], *(line for line in summary.lines if any(line.start - at < 4 for at in summary.breaks))]
    assert begins
    for at in summary.breaks:
        first = next(line for line in summary.lines if line.start >= at)
        assert not first.text.startswith("But")


def test_japanese_is_shortened_too() -> None:
    about = ["彗星は氷を運びます。", "氷は惑星に水を与えました。", "惑星の海は彗星の氷でできました。"]
    asides = [f"{chr(0x4E00 + 7 * place)}{chr(0x5E00 + 11 * place)}が咳をしました。" for place in range(30)]
    spoken = talk([*asides[:15], *about, *asides[15:]])
    assert {line.text for line in summarise(spoken, 30).lines} >= set(about)
