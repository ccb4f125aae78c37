"""Edits of a script: what each makes of it, what is refused, and that nothing is lost or doubled."""

import math
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.edits import MAX_CUTS, MAX_TEXT_LETTERS, Edit, apply
from domain.errors import ErrorCode, RecastError
from domain.montage import scenes_of
from domain.script import Cut, Line, Script
from domain.transcript import Chapter
from domain.trims import kept_lines

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)


def script(*texts: str, seconds: float = 3.0, speakers: tuple[str | None, ...] = ("Mira", "Jonas")) -> Script:
    lines = tuple(
        Line(text=text, start=place * seconds, end=(place + 1) * seconds, speaker=speakers[place % len(speakers)])
        for place, text in enumerate(texts)
    )
    return Script(title="A talk", language="en", lines=lines)


TALK = script("One two three.", "Four five six.", "Seven eight nine.", "Ten eleven twelve.")


def edit(one: Script, *edits: dict[str, Any]) -> Script:
    return apply(one, [EDIT.validate_python(each) for each in edits])


def texts(one: Script) -> list[str]:
    return [line.text for line in kept_lines(one.lines, one.cuts)]


def scenes(one: Script) -> list[list[int]]:
    return [list(scene.line_ids) for scene in scenes_of(one)]


def refusal(one: Script, *edits: dict[str, Any]) -> str:
    with pytest.raises(RecastError) as caught:
        edit(one, *edits)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    return caught.value.detail


def test_lines_of_a_script_that_was_stored_without_ids_have_the_same_ones_each_time() -> None:
    stored = {"title": "", "language": "en", "lines": [{"text": "A.", "start": 0, "end": 1}] * 3}
    assert [line.id for line in Script.model_validate(stored).lines] == [1, 2, 3]
    assert Script.model_validate(stored) == Script.model_validate(stored)
    assert Script.model_validate(TALK.model_dump(mode="json")) == TALK


def test_words_are_changed_and_times_stay() -> None:
    edited = edit(TALK, {"op": "set_text", "line": 2, "text": "  Quite \n another text. "})
    assert edited.lines[1] == TALK.lines[1].model_copy(update={"text": "Quite another text."})
    assert [line for line in edited.lines if line.id != 2] == [line for line in TALK.lines if line.id != 2]


def test_an_edit_that_is_taken_back_leaves_the_script_as_it_was() -> None:
    there = edit(TALK, {"op": "set_text", "line": 2, "text": "Other."}, {"op": "cut", "start": 0, "end": 2})
    back = edit(there, {"op": "set_text", "line": 2, "text": "Four five six."}, {"op": "uncut", "start": 0, "end": 2})
    assert back == TALK


def test_a_speaker_is_changed_taken_away_and_renamed() -> None:
    edited = edit(
        TALK, {"op": "set_speaker", "line": 1, "speaker": None}, {"op": "rename_speaker", "from": "Jonas", "to": "Ed"}
    )
    assert [line.speaker for line in edited.lines] == [None, "Ed", "Mira", "Ed"]
    assert edited.speakers == ("Mira", "Ed")


def test_a_cut_leaves_out_words_and_can_be_taken_back_in_part() -> None:
    edited = edit(TALK, {"op": "cut", "start": 2, "end": 7})
    assert texts(edited) == ["One two", "eight nine.", "Ten eleven twelve."]
    assert edited.lines == TALK.lines
    assert texts(edit(edited, {"op": "uncut", "start": 3, "end": 6})) == [
        "One two",
        "Four five six.",
        "eight nine.",
        "Ten eleven twelve.",
    ]


def test_cuts_that_touch_become_one() -> None:
    edited = edit(TALK, *({"op": "cut", "start": at, "end": at + 1} for at in (4, 2, 3)))
    assert edited.cuts == (Cut(start=2, end=5),)


def test_a_line_is_removed_and_lines_are_moved() -> None:
    assert [line.id for line in edit(TALK, {"op": "remove", "line": 2}).lines] == [1, 3, 4]
    move = {"op": "move", "line": 3, "through": 4, "before": 1}
    assert [line.id for line in edit(TALK, move).lines] == [3, 4, 1, 2]
    assert [line.id for line in edit(TALK, {"op": "move", "line": 1, "before": None}).lines] == [2, 3, 4, 1]


def test_scenes_are_split_and_merged_and_what_was_merged_can_be_split_again() -> None:
    pairs = script("A.", "B.", "C.", "D.", seconds=4.0, speakers=(None,))
    assert scenes(pairs) == [[1, 2], [3, 4]]
    assert scenes(edit(pairs, {"op": "split", "line": 2})) == [[1], [2], [3, 4]]
    short = script("A.", "B.", "C.", "D.", seconds=2.0)
    split = edit(short, {"op": "split", "line": 3})
    assert scenes(split) == [[1, 2], [3, 4]]
    assert scenes(edit(split, {"op": "merge", "line": 3})) == [[1, 2, 3, 4]]


def test_scenes_merge_over_a_change_of_chapter_and_over_a_gap_that_is_closed() -> None:
    talk = script("A.", "B.", "C.", seconds=3.0, speakers=(None,)).changed(chapters=(Chapter(title="End", start=6),))
    assert scenes(talk) == [[1, 2], [3]]
    edited = edit(talk, {"op": "remove", "line": 2}, {"op": "merge", "line": 3})
    (scene,) = scenes_of(edited)
    assert (scene.line_ids, scene.start, scene.end) == ((1, 3), 0, 6)


def test_two_scenes_that_are_too_long_for_one_clip_are_not_merged() -> None:
    long = script("A.", "B.", seconds=6.0)
    assert "longer than a clip, which lasts at most 8 seconds" in refusal(long, {"op": "merge", "line": 2})


def test_a_merge_holds_when_its_line_is_removed() -> None:
    talk = edit(script("A.", "B.", "C.", "D.", seconds=1.5), {"op": "split", "line": 3})
    assert scenes(talk) == [[1, 2], [3, 4]]
    assert scenes(edit(talk, {"op": "remove", "line": 3})) == [[1, 2], [4]]
    far = script("A.", "B.", "C.", "D.", seconds=2.0).changed(chapters=(Chapter(title="End", start=4),))
    assert scenes(edit(far, {"op": "merge", "line": 3}, {"op": "remove", "line": 3})) == [[1, 2, 4]]


def test_a_line_is_parted_between_words_and_joined_again() -> None:
    at = len("One two ")
    parted = edit(TALK, {"op": "split_line", "line": 1, "at": at})
    assert [(line.id, line.text) for line in parted.lines[:2]] == [(1, "One two"), (5, "three.")]
    assert (parted.lines[0].start, parted.lines[1].end) == (0, 3)
    assert parted.lines[0].end == parted.lines[1].start
    assert edit(TALK, {"op": "split_line", "line": 1, "at": at - 1}) == parted
    assert edit(parted, {"op": "merge_lines", "line": 1}).lines == TALK.lines


def test_an_id_is_never_given_twice() -> None:
    at = len("One two")
    once = edit(TALK, {"op": "split_line", "line": 1, "at": at}, {"op": "remove", "line": 5})
    assert edit(once, {"op": "split_line", "line": 2, "at": len("Four")}).lines[2].id == 6


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"op": "set_text", "line": 9, "text": "A."}, "no line 9"),
        ({"op": "rename_speaker", "from": "Zoe", "to": "Ed"}, "Its speakers are: Mira, Jonas"),
        ({"op": "cut", "start": 3, "end": 3}, "must end after it starts"),
        ({"op": "cut", "start": 5, "end": 3}, "must end after it starts"),
        ({"op": "cut", "start": 12, "end": 20}, "from 0 to 12 seconds"),
        ({"op": "uncut", "start": 1, "end": 2}, "Nothing is cut there"),
        ({"op": "move", "line": 1, "before": 9}, "no line 9"),
        ({"op": "move", "line": 1, "through": 3, "before": 2}, "before themselves"),
        ({"op": "move", "line": 3, "through": 1, "before": None}, "ends before it begins"),
        ({"op": "merge", "line": 1}, "no scene before"),
        ({"op": "split_line", "line": 1, "at": 2}, "between two words"),
        ({"op": "split_line", "line": 1, "at": 500}, "between two words"),
        ({"op": "merge_lines", "line": 4}, "No line follows"),
        ({"op": "merge_lines", "line": 1}, "different speakers"),
    ],
)
def test_what_cannot_be_made_is_named_with_its_place_and_reason(wrong: dict[str, Any], why: str) -> None:
    told = refusal(TALK, {"op": "set_text", "line": 1, "text": "Fine."}, wrong)
    assert told.startswith(f"edits[1] ({wrong['op']}): ")
    assert why in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"op": "set_text", "line": 1, "text": " \n "},
        {"op": "set_text", "line": 1, "text": "…!"},
        {"op": "set_text", "line": 1, "text": "A\x00B"},
        {"op": "set_text", "line": 1, "text": "A\x1b[31mB"},
        {"op": "set_text", "line": 1, "text": "\ud800 A"},
        {"op": "set_text", "line": 1, "text": "a" * (MAX_TEXT_LETTERS + 1)},
        {"op": "set_text", "line": 0, "text": "A."},
        {"op": "set_speaker", "line": 1, "speaker": ""},
        {"op": "set_speaker", "line": 1, "speaker": "A\nB\x07"},
        {"op": "set_speaker", "line": 1},
        {"op": "cut", "start": math.nan, "end": 2},
        {"op": "cut", "start": 0, "end": math.inf},
        {"op": "cut", "start": -1, "end": 2},
        {"op": "move", "line": 1},
        {"op": "erase", "line": 1},
        {"op": "remove", "line": 1, "why": "because"},
    ],
)
def test_what_is_no_edit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EDIT.validate_python(wrong)


def test_signs_that_join_letters_are_kept() -> None:
    family = "The 👨\u200d👩\u200d👧 of می\u200cخواهم."
    assert edit(TALK, {"op": "set_text", "line": 1, "text": family}).lines[0].text == family


def test_not_everything_can_be_cut() -> None:
    for edits in ([{"op": "cut", "start": 0, "end": 99}], [{"op": "remove", "line": line.id} for line in TALK.lines]):
        with pytest.raises(RecastError) as caught:
            edit(TALK, *edits)
        assert caught.value.code is ErrorCode.EMPTY_SCRIPT


def test_a_script_has_a_bounded_number_of_cuts() -> None:
    long = script(*["Word."] * (MAX_CUTS + 2), seconds=2.0)
    cuts = [{"op": "cut", "start": 2 * place, "end": 2 * place + 0.5} for place in range(MAX_CUTS + 1)]
    assert f"at most {MAX_CUTS}" in refusal(long, *cuts)


ids = st.integers(1, 12)
seconds = st.integers(0, 40).map(lambda tenths: tenths / 2)
any_edits = st.lists(
    st.one_of(
        st.builds(dict, op=st.just("move"), line=ids, through=st.none() | ids, before=st.none() | ids),
        st.builds(dict, op=st.sampled_from(["split", "merge", "merge_lines", "remove"]), line=ids),
        st.builds(dict, op=st.just("split_line"), line=ids, at=st.integers(1, 20)),
        st.builds(dict, op=st.sampled_from(["cut", "uncut"]), start=seconds, end=seconds),
        st.builds(dict, op=st.just("set_speaker"), line=ids, speaker=st.sampled_from([None, "Mira", "Ed"])),
    ),
    max_size=12,
)


@given(any_edits, st.sampled_from([1.0, 2.5, 4.0, 9.0]), st.sampled_from([0, 8]))
def test_no_word_is_lost_or_doubled_that_was_not_removed(
    edits: list[dict[str, Any]], length: float, target: int
) -> None:
    whole = script(*(f"w{place}a w{place}b w{place}c." for place in range(8)), seconds=length)
    edited = whole
    removed: Counter[str] = Counter()
    for one in edits:
        try:
            made = edit(edited, one)
        except RecastError:
            continue
        if one["op"] == "remove":
            removed.update(words_of(line.text for line in edited.lines if line.id == one["line"]))
        edited = made
    said = words_of(line.text for line in whole.lines)
    assert words_of(line.text for line in edited.lines) + removed == said
    assert len({line.id for line in edited.lines}) == len(edited.lines)
    filmed = scenes_of(edited)
    kept = kept_lines(edited.lines, edited.cuts)
    assert [word for scene in filmed for line in scene.lines for word in re.findall(r"\w+", line.text)] == [
        word for line in kept for word in re.findall(r"\w+", line.text)
    ]
    assert [scene.index for scene in filmed] == list(range(1, len(filmed) + 1))
    assert max(scene.duration for scene in filmed) <= 8.001
    assert all(scene.end >= scene.start for scene in filmed)
    short = scenes_of(edited, target_seconds=target)
    assert set(words_of(scene.text for scene in short)) <= set(words_of(line.text for line in kept))


def words_of(some: Any) -> Counter[str]:
    return Counter(word for text in some for word in re.findall(r"\w+", text))


def test_a_batch_may_cut_the_seconds_of_lines_that_it_removes() -> None:
    edited = edit(TALK, {"op": "remove", "line": 4}, {"op": "cut", "start": 9, "end": 12})
    assert texts(edited) == texts(TALK)[:3]
    with pytest.raises(RecastError) as refused:
        edit(TALK, *({"op": "remove", "line": line} for line in (1, 2, 3, 4)), {"op": "cut", "start": 0, "end": 2})
    assert refused.value.code is ErrorCode.EMPTY_SCRIPT


@pytest.mark.parametrize("text", ["A heart \U0001fa77.", "Shaking \U0001fae8 face.", "Both \u200dones."])
def test_signs_that_are_newer_than_this_python_are_words_too(text: str) -> None:
    assert edit(TALK, {"op": "set_text", "line": 1, "text": text}).lines[0].text == text


def test_what_turns_the_direction_of_other_text_is_refused() -> None:
    with pytest.raises(ValidationError):
        EDIT.validate_python({"op": "set_text", "line": 1, "text": "Good \u202e night."})


def test_a_script_of_many_speakers_can_still_give_a_line_to_one_of_them() -> None:
    crowd = script(*["A word."] * 120, speakers=tuple(f"Speaker {number}" for number in range(120)))
    assert edit(crowd, {"op": "set_speaker", "line": 2, "speaker": "Speaker 0"}).lines[1].speaker == "Speaker 0"
    assert edit(crowd, {"op": "set_speaker", "line": 2, "speaker": None}).lines[1].speaker is None
    assert "at most 100 speakers" in refusal(crowd, {"op": "set_speaker", "line": 2, "speaker": "Somebody"})


def test_the_merge_that_is_too_long_is_named_among_others() -> None:
    long = script("A.", "B.", "C.", "D.", "E.", "F.", seconds=3.0, speakers=("Mira", "Jonas"))
    before = scenes(long)
    merges = [{"op": "merge", "line": scene[0]} for scene in before[1:]]
    assert "edits[1] (merge)" in refusal(long, *merges[:2])
