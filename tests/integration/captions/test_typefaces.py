"""Which font draws which letter."""

from pathlib import Path

import pytest
from PIL import ImageFont

from resources.captions.typefaces import Face, Typefaces, open_typefaces
from tests.integration.captions.fonts import fonts_for

HEBREW, JAPANESE = "שלום", "直す"


def face_of(typefaces: Typefaces, text: str, language: str) -> Face:
    (run,) = typefaces.runs(text, language)
    return run.face


def test_captions_are_bold_and_upright() -> None:
    face = face_of(open_typefaces(), "comet", "en")
    assert (face.family, face.style) == ("Roboto", "Bold")


def test_signs_that_many_fonts_have_stay_with_the_letters_before_them(tmp_path: Path) -> None:
    roboto, other = face_of(open_typefaces(), "a", "en"), face_of(fonts_for(HEBREW), HEBREW, "he")
    (tmp_path / roboto.path.name).symlink_to(roboto.path)
    (tmp_path / other.path.name).symlink_to(other.path)
    runs = open_typefaces(tmp_path).runs("Ada, 15: שלום - שלום", "he")
    assert [(run.face.family, run.text) for run in runs] == [("Roboto", "Ada, 15: "), (other.family, "שלום - שלום")]


def test_letters_that_countries_write_differently_are_in_the_font_of_the_language() -> None:
    typefaces = fonts_for(JAPANESE)
    if not face_of(typefaces, JAPANESE, "ja").region:
        pytest.skip("no font of this machine is for one country's letters")
    regions = {tag: face_of(typefaces, "直", tag).region for tag in ("ja", "ko-KR", "zh", "zh-TW", "en")}
    assert regions == {"ja": "JP", "ko-KR": "KR", "zh": "SC", "zh-TW": "TC", "en": "SC"}


def test_a_variable_font_is_measured_as_bold_as_it_is_drawn() -> None:
    face = face_of(fonts_for(HEBREW), HEBREW, "he")
    usual = ImageFont.truetype(face.path, 100, index=face.number)
    if face.style == usual.getname()[1]:
        pytest.skip("no font of this machine is variable")
    assert face.style == "Bold"
    assert face.width(HEBREW) > 1.05 * usual.getlength(HEBREW) / 100


def test_what_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes.ttf").write_text("not a font")
    assert face_of(open_typefaces(tmp_path), "comet", "en").family == "Roboto"
