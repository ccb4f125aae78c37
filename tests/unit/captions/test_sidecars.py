"""Captions as files beside the film."""

import pytest

from domain.transcript_files.reading import read_transcript_file
from resources.captions.sidecars import write_srt, write_vtt
from tests.unit.captions.cues import cue

TWO = (cue("We found the comet", "at dawn.", start=0.5, end=2.25), cue("Who else?", start=3671.2, end=3673))
AWKWARD = r"if a < b & c > d {\p1} --> \N C:\new {x}"


def test_subrip_numbers_its_captions() -> None:
    assert write_srt(TWO, "en") == (
        "1\n00:00:00,500 --> 00:00:02,250\nWe found the comet\nat dawn.\n\n"
        "2\n01:01:11,200 --> 01:01:13,000\nWho else?\n\n"
    )


def test_webvtt_has_its_heading_and_dots_in_times() -> None:
    assert write_vtt(TWO[:1], "en") == ("WEBVTT\n\n1\n00:00:00.500 --> 00:00:02.250\nWe found the comet\nat dawn.\n\n")


def test_nothing_in_a_caption_is_taken_for_markup() -> None:
    shown = AWKWARD.replace("\\", "\\\u200b", 2).replace("C:\\new", "C:\\\u200bnew")
    assert shown.replace("-->", "--\u200b>") in write_srt([cue(AWKWARD)], "en")
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in write_vtt([cue(AWKWARD)], "en")


@pytest.mark.parametrize("write", [write_srt, write_vtt])
def test_what_is_written_can_be_read_again(write: object) -> None:
    assert callable(write)
    transcript = read_transcript_file(write(TWO, "en").encode(), "film")
    assert [(one.text, one.start, one.duration) for one in transcript.snippets] == [
        ("We found the comet\nat dawn.", 0.5, 1.75),
        ("Who else?", 3671.2, 1.8),
    ]


def test_a_row_that_begins_with_a_foreign_name_says_which_way_it_goes() -> None:
    written = write_vtt([cue("Halley נראה", "עם שחר.")], "he")
    assert "\u200fHalley נראה\nעם שחר." in written


def test_a_film_without_a_word_has_empty_files() -> None:
    assert write_srt([], "en") == ""
    assert write_vtt([], "en") == "WEBVTT\n\n"
