"""Which font draws which letter."""

from pathlib import Path

from PIL import ImageFont

from domain.caption_styles import CaptionStyle
from domain.cues import SaidLine, cues_of
from domain.profile import Aspect, Profile
from resources.captions.script import write_script
from resources.captions.typefaces import Face, Typefaces, open_typefaces, region_of
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
    wanted = {"ja": "JP", "ko-KR": "KR", "zh": "SC", "zh-TW": "TC", "zh-Hant-TW": "TC", "en": "SC"}
    assert {tag: face_of(typefaces, "直", tag).region for tag in wanted} == wanted
    others = {"zh-Hans-CN": "SC", "zh_Hant": "TC", "zh-Hant-HK": "HK", "zh-MO": "HK", "yue": "HK", "zh-Hans-SG": "SC"}
    assert {tag: region_of(tag) for tag in others} == others


def test_a_variable_font_is_measured_as_bold_as_it_is_drawn() -> None:
    face = face_of(fonts_for(HEBREW), HEBREW, "he")
    usual = ImageFont.truetype(face.path, 100, index=face.number)
    assert face.style == "Bold" != usual.getname()[1]
    assert face.width(HEBREW) > 1.05 * usual.getlength(HEBREW) / 100


def test_what_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes.ttf").write_text("not a font")
    assert face_of(open_typefaces(tmp_path), "comet", "en").family == "Roboto"


def test_what_is_drawn_with_another_edition_of_a_font_is_another_picture(tmp_path: Path) -> None:
    usual = open_typefaces()
    roboto = face_of(usual, "comet", "en")
    edition = bytearray(roboto.path.read_bytes())
    place = edition.find(bytes.fromhex(roboto.edition))
    edition[place : place + 4] = b"\x12\x34\x56\x78"
    (tmp_path / roboto.path.name).write_bytes(edition)
    cue = cues_of([SaidLine("A comet.", 0.0, 2.0, None)], 2.0, columns=30)
    scripts = [
        write_script(cue, Profile.of(Aspect.WIDE), CaptionStyle.CLEAN, typefaces, "en").script
        for typefaces in (usual, open_typefaces(tmp_path), usual)
    ]
    assert scripts[0] == scripts[2] != scripts[1]
    assert "Roboto 12345678" in (scripts[1] or "")
