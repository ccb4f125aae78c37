"""Captions of a film: what stands in each, and how long."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.columns import columns_of
from domain.cues import LONGEST_SECONDS, MOST_COLUMNS_PER_SECOND, Cue, SaidLine, cues_of, said_in, still_second
from domain.scenes import Scene
from domain.script import Line
from domain.speech import PlacedLine, SpokenLine
from domain.words import TimedWord, time_words, words_of

WIDE, TALL = 42, 24
LONG = "Nobody else had seen it yet, and the telescope was about to be packed away for the winter."


def said(text: str, start: float, end: float, speaker: str | None = "Ada") -> SaidLine:
    return SaidLine(text, start, end, speaker)


def texts(cues: tuple[Cue, ...]) -> list[tuple[str, ...]]:
    return [cue.texts for cue in cues]


def test_a_short_line_is_one_row_while_it_is_said() -> None:
    (cue,) = cues_of([said("We found the comet at dawn.", 0.5, 2.3)], 8, columns=WIDE)
    assert cue.texts == ("We found the comet at dawn.",)
    assert cue.start == 0.5
    assert 2.3 < cue.end < 2.8


def test_a_long_line_is_parted_at_its_commas_into_rows_of_like_length() -> None:
    cues = cues_of([said(LONG, 0, 6)], 8, columns=WIDE)
    assert texts(cues) == [
        ("Nobody else had seen it yet,",),
        ("and the telescope was about to", "be packed away for the winter."),
    ]


def test_sentences_are_not_run_together_when_each_can_be_read() -> None:
    cues = cues_of([said("It was late. The telescope was cold.", 0, 4)], 4, columns=WIDE)
    assert texts(cues) == [("It was late.",), ("The telescope was cold.",)]


def test_a_title_is_no_end_of_a_sentence() -> None:
    cues = cues_of([said("We asked Dr. Jones about it.", 0, 4)], 4, columns=WIDE)
    assert texts(cues) == [("We asked Dr. Jones about it.",)]


def test_an_upright_film_has_narrow_rows() -> None:
    cues = cues_of([said(LONG, 0, 6)], 6, columns=TALL)
    assert max(columns_of(row) for cue in cues for row in cue.texts) <= TALL
    assert len(cues) > len(cues_of([said(LONG, 0, 6)], 6, columns=2 * WIDE))


def test_letters_that_fill_a_square_count_twice() -> None:
    text = "彗星を見つけたのは夜明けだった、他の誰もまだそれを見ていなかったし、望遠鏡は冬の間しまわれるところだった。"
    cues = cues_of([said(text, 0, 8)], 8, columns=WIDE)
    rows = [row for cue in cues for row in cue.texts]
    assert "".join(rows) == text
    assert max(map(len, rows)) <= 16
    assert not any(row[0] in "、。" for row in rows)


def test_a_word_longer_than_a_row_is_cut_and_keeps_its_time() -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverkäufer"
    cues = cues_of([said(word, 0, 6)], 6, columns=TALL)
    assert "".join("".join(cue.texts) for cue in cues) == word
    assert cues[0].end == cues[1].start == pytest.approx(6 * 48 / len(word), abs=0.01)


def test_marks_stay_on_their_letter_where_a_word_is_cut() -> None:
    cues = cues_of([said("x" + "\u0915\u093e" * 60, 0, 6)], 6, columns=TALL)
    assert not any(row.startswith("\u093e") for cue in cues for row in cue.texts)


def test_right_to_left_text_stays_in_the_order_in_which_it_is_read() -> None:
    text = "מצאנו את כוכב השביט (Halley) עם שחר, ואף אחד אחר לא ראה אותו."
    cues = cues_of([said(text, 0, 5)], 5, columns=TALL)
    assert " ".join(row for cue in cues for row in cue.texts) == text


def test_two_thousand_letters_become_many_captions_and_none_is_lost() -> None:
    text = ("word " * 400).strip()
    cues = cues_of([said(text, 0, 120)], 120, columns=TALL)
    assert len(cues) >= 40
    assert " ".join(row for cue in cues for row in cue.texts) == text
    assert all(1 <= cue.end - cue.start <= LONGEST_SECONDS for cue in cues)


def test_more_than_can_be_said_in_the_scene_is_still_shown_in_it() -> None:
    cues = cues_of([said("word " * 400, 0, 120)], 8, columns=TALL)
    assert cues[-1].end == 8
    assert sum(len(row.split()) for cue in cues for row in cue.texts) == 400


def test_a_caption_stays_until_it_is_read_when_nothing_follows() -> None:
    text = "Strange and wonderful things were seen last night."
    (cue,) = cues_of([said(text, 0, 1)], 8, columns=WIDE)
    assert cue.end == pytest.approx(sum(map(len, cue.texts)) / MOST_COLUMNS_PER_SECOND)


def test_a_single_word_stays_for_a_second_but_not_over_the_border_of_the_scene() -> None:
    (alone,) = cues_of([said("Yes.", 2, 2.3)], 8, columns=WIDE)
    assert alone.end == 3
    (last,) = cues_of([said("Yes.", 7.5, 7.8)], 8, columns=WIDE)
    assert (last.start, last.end) == (7, 8)


def test_a_caption_goes_in_a_pause() -> None:
    line = SaidLine("Wait there", 0, 6, "Ada", (TimedWord("Wait ", 0, 1), TimedWord("there", 5, 6)))
    first, second = cues_of([line], 8, columns=WIDE)
    assert (first.texts, second.texts) == (("Wait",), ("there",))
    assert first.end < 1.5
    assert second.start == 5


def test_the_screen_does_not_flicker_between_captions() -> None:
    first, second = cues_of([said("The comet was there.", 0, 2), said("It was cold.", 2.4, 4)], 4, columns=WIDE)
    assert first.end == second.start == 2.4


def test_two_people_who_say_a_word_each_share_a_caption() -> None:
    lines = [said("Are you sure?", 0, 0.7), said("Yes.", 0.85, 1.2, "Bruno"), said("Then come on!", 4, 5)]
    cues = cues_of(lines, 6, columns=WIDE)
    assert texts(cues) == [("- Are you sure?", "- Yes."), ("Then come on!",)]


def test_two_people_who_have_the_time_do_not() -> None:
    lines = [said("Are you sure of that?", 0, 1.5), said("I have never been so sure.", 1.65, 4, "Bruno")]
    assert len(cues_of(lines, 5, columns=WIDE)) == 2


def test_known_times_of_words_decide_where_captions_begin() -> None:
    words = words_of(LONG)
    times = [TimedWord(word, number * 0.2, number * 0.2 + 0.2) for number, word in enumerate(words)]
    cues = cues_of([SaidLine(LONG, 0, 6, "Ada", tuple(times))], 8, columns=WIDE)
    assert cues[1].start == pytest.approx(6 * 0.2)
    assert all(cue.has_word_times for cue in cues)


def test_times_of_other_words_are_not_believed() -> None:
    (cue,) = cues_of([SaidLine("The comet.", 0, 2, "Ada", (TimedWord("Hello.", 0, 2),))], 8, columns=WIDE)
    assert cue.texts == ("The comet.",)
    assert not cue.has_word_times


def test_nothing_said_is_no_caption() -> None:
    assert cues_of([said("  ", 0, 2)], 8, columns=WIDE) == ()


def test_the_rows_of_a_caption_are_ours_alone() -> None:
    (cue,) = cues_of([said("One\n\ntwo\u2028three\x00\x1b four\t", 0, 3)], 8, columns=WIDE)
    assert "".join(cue.texts).split() == ["One", "two", "three", "four"]
    assert not set("".join(cue.texts)) & set("\n\u2028\x00\x1b\t")
    assert cues_of([said("\x00", 0, 3)], 8, columns=WIDE) == ()


def test_a_caption_in_the_film_is_as_late_as_its_scene() -> None:
    (cue,) = cues_of([said("The comet.", 1, 2)], 8, columns=WIDE)
    moved = cue.moved(10)
    assert (moved.start, moved.rows[0][0].start) == (11, 11)


def test_what_is_spoken_has_its_own_times_and_the_source_s_else() -> None:
    scene = Scene(index=1, start=10, end=18, lines=(Line(text="The comet.", start=11, end=13, speaker="Ada"),))
    assert said_in(scene, None) == (SaidLine("The comet.", 1, 3, "Ada"),)
    word = TimedWord("The comet.", 0, 1.4)
    line = SpokenLine(line_id=1, character_id=None, text="The comet.", key="k", seconds=1.5, words=(word,))
    (spoken,) = said_in(scene, [PlacedLine(line=line, start=0.5)])
    assert (spoken.start, spoken.end, spoken.words) == (0.5, 2.0, (TimedWord("The comet.", 0.5, 1.9),))


def test_a_line_that_nobody_could_speak_is_read_all_the_same() -> None:
    lines = (Line(text="The comet.", start=11, end=13, speaker="Ada"), Line(text=" 彗星だ。", start=14, end=16))
    scene = Scene(index=1, start=10, end=18, lines=lines)
    line = SpokenLine(line_id=1, character_id=None, text="The comet.", key="k", seconds=1.5)
    placed = PlacedLine(line=line, start=0.5)
    assert [(one.text.strip(), one.start) for one in said_in(scene, [placed])] == [("The comet.", 0.5), ("彗星だ。", 4)]
    assert [one.start for one in said_in(scene, ())] == [1, 4]
    other = scene.model_copy(update={"lines": lines[1:]})
    assert [one.text for one in said_in(other, [placed])] == ["The comet."], "what is heard goes before what is edited"


@st.composite
def talks(draw: st.DrawFn) -> list[SaidLine]:
    lines: list[SaidLine] = []
    now = 0.0
    for _ in range(draw(st.integers(1, 4))):
        now += draw(st.sampled_from([0.0, 0.15, 0.4, 2.0]))
        words = draw(
            st.lists(
                st.sampled_from(
                    ["comet", "a", "tail,", "night.", "彗星", "שחר", "Donaudampfschifffahrtsgesellschaft", "क्षि"]
                ),
                min_size=1,
                max_size=15,
            )
        )
        seconds = draw(st.floats(0.1, 12))
        text = " ".join(words)
        known = tuple(time_words(words_of(text), now, now + seconds)) if draw(st.booleans()) else ()
        lines.append(SaidLine(text, now, now + seconds, draw(st.sampled_from(["Ada", "Bruno"])), known))
        now += seconds
    return lines


@settings(max_examples=40)
@given(talks(), st.sampled_from([WIDE, 30, TALL]), st.floats(0.6, 1.5))
def test_captions_follow_one_another_within_their_scene_and_keep_every_letter(
    lines: list[SaidLine], columns: int, room: float
) -> None:
    seconds = lines[-1].end * room
    cues = cues_of(lines, seconds, columns=columns)
    assert all(0 <= cue.start < cue.end <= seconds + 0.001 for cue in cues)
    assert all(before.end <= after.start for before, after in pairwise(cues))
    assert all(cue.end - cue.start <= LONGEST_SECONDS + 0.001 for cue in cues)
    assert all(1 <= len(cue.texts) <= 2 for cue in cues)
    assert max(columns_of(row) for cue in cues for row in cue.texts) <= columns
    shown = "".join(row.removeprefix("- ") for cue in cues for row in cue.texts).replace(" ", "")
    assert shown == "".join(line.text for line in lines).replace(" ", "")


@pytest.mark.parametrize("mark", ["\u3099", "\u1071", "\u0301"])
def test_marks_without_end_stay_with_their_letter_and_keep_nobody_waiting(mark: str) -> None:
    for text in (mark * 2000, "か" + mark * 1999):
        cues = cues_of([SaidLine(text, 0.0, 6.0)], 6.0, columns=42)
        assert "".join("".join(cue.texts) for cue in cues) == text


def test_a_still_is_taken_where_no_caption_is_seen() -> None:
    cues = [Cue(0.2, 2.5, ()), Cue(3.5, 5.9, ())]
    assert still_second(cues, 6.0) == 3.0
    assert still_second([*cues, Cue(2.5, 3.5, ())], 6.0) == 0.0
    assert still_second([Cue(0.0, 6.0, ())], 6.0) == 3.0
    assert still_second([], 5.0) == 2.0
