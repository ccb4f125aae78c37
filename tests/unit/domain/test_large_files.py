"""Files of the size allowed, made so that a search over the rest of them, once for each of their parts, would take from
minutes to for ever: a worker that reads one serves nobody else meanwhile."""

import json
from collections.abc import Iterator

import pytest

from domain.captions import Caption, clean_captions, without_repeats
from domain.errors import RecastError
from domain.fillers import without_fillers
from domain.normalise import normalise
from domain.scenes import split_scenes
from domain.script import Line, Script
from domain.transcript import Snippet, Transcript
from domain.transcript_files.bounds import MAX_CUE_LETTERS, MAX_CUES, clock
from domain.transcript_files.reading import read_transcript_file

pytestmark = pytest.mark.timeout(90)

FIRST_CUE = "1\n00:00:01,000 --> 00:00:02,000\nWe begin.\n\n"


def lines_of(text: str) -> tuple[Line, ...]:
    return normalise(read_transcript_file(text.encode())).lines


def subrip(texts: list[str], seconds: float, step: float) -> str:
    def cues() -> Iterator[str]:
        for number, text in enumerate(texts):
            start = number * step
            yield f"{number + 1}\n{clock(start)} --> {clock(start + seconds)}\n{text}\n"

    return "\n".join(cues())


def test_a_row_that_is_almost_a_time_is_words() -> None:
    text = f"{FIRST_CUE}2\n1{' ' * 4_000_000}x --> 00:00:03,000\nWe go on."
    with pytest.raises(RecastError, match="longer than 10000 letters"):
        lines_of(text)
    assert len(lines_of(f"{FIRST_CUE}1{' ' * 5000}x --> and so on.")) == 2


def test_a_voice_whose_name_never_ends_is_words() -> None:
    with pytest.raises(RecastError, match="longer than 10000 letters"):
        lines_of(f"{FIRST_CUE}<v{' ' * 4_000_000}x")
    voices = [f"<v{' ' * (MAX_CUE_LETTERS - 20)}x"] * 400
    assert lines_of(subrip([*voices, "<v  Ann >Well."], 1, 1))[-1].speaker == "Ann"


def test_as_many_speakers_as_cues_are_numbered() -> None:
    segments = [
        {"start": number, "end": number + 1, "text": "So.", "speaker": str(number)} for number in range(MAX_CUES)
    ]
    found = read_transcript_file(json.dumps({"segments": segments}).encode())
    assert found.snippets[-1].text.endswith(f"Speaker {MAX_CUES}: So.")


def test_cues_of_one_time_are_one_caption() -> None:
    snippets = tuple(Snippet(text="w" * 100, start=1, duration=1) for _ in range(150_000))
    transcript = Transcript(
        title="", channel="", duration_seconds=2, language="en", is_generated=False, snippets=snippets
    )
    (caption,) = clean_captions(transcript)
    assert len(caption.text) == 150_000 * 101 - 1


def test_speech_without_punctuation_of_the_size_allowed_becomes_lines() -> None:
    found = lines_of(subrip(["a " * 80] * 10_000, 2, 2))
    assert sum(len(line.text.split()) for line in found) == 800_000


def test_captions_that_begin_alike_are_compared_word_by_word() -> None:
    long = "a " * 200_000
    captions = [Caption(f"{long}b", 0, 1), Caption(f"{long}b", 1, 2), Caption(f"{long}c", 2, 3)]
    assert without_repeats(captions)[0].text == captions[0].text


def test_lines_of_a_millisecond_become_scenes() -> None:
    lines = [Line(text="So.", start=number / 1000, end=(number + 1) / 1000) for number in range(MAX_CUES)]
    scenes = split_scenes(lines)
    assert sum(len(scene.lines) for scene in scenes) == MAX_CUES


def test_a_line_of_a_day_is_cut() -> None:
    (line,) = [Line(text="word " * 200_000, start=0, end=80_000)]
    assert sum(len(scene.text.split()) for scene in split_scenes([line])) == 200_000


def test_a_line_that_is_new_gets_the_number_after_those_of_all_others() -> None:
    lines = [Line(id=number, text="So.", start=number, end=number + 1) for number in range(1, MAX_CUES)]
    script = Script(title="", language="en", lines=(*lines, Line(text="New.", start=0, end=1)))
    assert script.lines[-1].id == MAX_CUES


@pytest.mark.parametrize(("language", "sound", "after"), [("ru", "э", "х"), ("pl", "e", "ch"), ("zh", "呃", "x")])
def test_a_long_sound_is_a_filler_alone_and_no_beginning_of_a_word(language: str, sound: str, after: str) -> None:
    assert without_fillers(sound * 5000, language, is_generated=False) == ""
    word = sound * 5000 + after
    assert without_fillers(word, language, is_generated=False) == word
