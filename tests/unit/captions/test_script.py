"""Captions as scripts for libass."""

import re
from itertools import pairwise

import pytest
from pysubs2 import SSAEvent, SSAFile

from domain.caption_styles import CaptionStyle, letter_pixels, safe_zone
from domain.cues import Cue
from domain.profile import Aspect, Profile
from resources.captions.script import WORD_JOINER, write_script
from resources.captions.typefaces import Typefaces, open_typefaces
from tests.unit.captions.cues import cue

WIDE = Profile.of(Aspect.WIDE)


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return open_typefaces()


def script(*cues: Cue, style: CaptionStyle = CaptionStyle.CLEAN, profile: Profile = WIDE) -> SSAFile:
    written = write_script(cues, profile, style, open_typefaces(), "en")
    assert written.script
    return SSAFile.from_string(written.script)


def words(event: SSAEvent) -> str:
    return re.sub(r"\{[^{}]*\}", "", event.text)


def test_captions_stand_within_the_safe_zone_of_the_format() -> None:
    for aspect in Aspect:
        profile, zone = Profile.of(aspect), safe_zone(Profile.of(aspect))
        style = script(cue("We found the comet."), profile=profile).styles["Default"]
        assert (style.marginl, style.marginr) == (zone.left, profile.width - zone.right)
        assert style.marginv >= profile.height - zone.bottom


def test_an_upright_film_keeps_clear_of_the_platforms_buttons() -> None:
    zone = safe_zone(Profile(width=1080, height=1920))
    assert zone.bottom <= 1920 - 450
    assert zone.right <= 1080 - 164


def test_equal_captions_are_equal_scripts() -> None:
    assert script(cue("We found the comet.")).to_string("ass") == script(cue("We found the comet.")).to_string("ass")


def test_rows_are_rows() -> None:
    (event,) = script(cue("We found", "the comet.", start=0.5, end=2.25)).events
    assert words(event) == r"We found\Nthe comet."
    assert (event.start, event.end) == (500, 2250)


def test_nothing_in_a_caption_is_taken_for_a_command() -> None:
    (event,) = script(cue(r"{\b1}C:\new")).events
    assert event.text.endswith(rf"\{{\{WORD_JOINER}b1\}}C:\{WORD_JOINER}new")


def test_a_row_that_is_too_wide_is_drawn_smaller() -> None:
    (usual,), (wide,) = (script(cue(text), profile=Profile.of(Aspect.TALL)).events for text in ("comet", "W" * 24))
    size = re.compile(r"\\fs([\d.]+)")
    assert float(size.search(wide.text)[1]) < 0.8 * float(size.search(usual.text)[1])


def test_the_word_that_is_said_is_lit() -> None:
    events = script(cue("We found it", start=1, end=3, has_word_times=True), style=CaptionStyle.KARAOKE).events
    lit = [re.search(r"\\1c&H66D1FF&\}(\w+)", event.text)[1] for event in events]
    assert lit == ["We", "found", "it"]
    assert {words(event) for event in events} == {"We found it"}
    assert (events[0].start, events[-1].end) == (1000, 3000)
    assert all(before.end == after.start for before, after in pairwise(events))


def test_a_word_whose_time_is_a_guess_is_not_lit() -> None:
    (event,) = script(cue("We found it"), style=CaptionStyle.KARAOKE).events
    assert "1c" not in event.text


def test_a_symbol_that_no_font_has_is_left_out() -> None:
    (event,) = script(cue("We found \ue000 it \ue000")).events
    assert words(event) == "We found it"


@pytest.mark.parametrize("text", ["\ue000", "\u0301", "\u200d"])
def test_a_caption_of_which_nothing_would_be_seen_is_not_drawn(text: str, typefaces: Typefaces) -> None:
    written = write_script([cue(text)], WIDE, CaptionStyle.BOXED, typefaces, "en")
    assert (written.script, written.unreadable) == (None, ())


def test_a_caption_with_a_letter_that_no_font_has_is_left_out_and_told(typefaces: Typefaces) -> None:
    written = write_script([cue("We found it."), cue("We say \U000130001!")], WIDE, CaptionStyle.CLEAN, typefaces, "en")
    assert written.script
    assert written.script.count("Dialogue:") == 1
    (unreadable,) = written.unreadable
    assert (unreadable.text, unreadable.letters) == ("We say \U000130001!", frozenset("\U00013000"))


def test_no_style_is_no_script(typefaces: Typefaces) -> None:
    assert write_script([cue("We found it.")], WIDE, CaptionStyle.NONE, typefaces, "en").script is None
    assert write_script([], WIDE, CaptionStyle.CLEAN, typefaces, "en").script is None


def test_without_fonts_every_caption_is_told() -> None:
    written = write_script([cue("We found it.")], WIDE, CaptionStyle.CLEAN, Typefaces([]), "en")
    assert written.script is None
    assert len(written.unreadable) == 1


def test_a_row_s_height_is_that_of_its_font(typefaces: Typefaces) -> None:
    """libass takes the height of a row for the size of a font, and letters are to be as large in every font."""
    (event,) = script(cue("comet")).events
    face = typefaces.runs("comet", "en")[0].face
    assert rf"\fs{letter_pixels(WIDE) * face.line_height:.2f}" in event.text
