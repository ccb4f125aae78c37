"""Captions that are burned in, as ffmpeg draws them."""

from pathlib import Path

import numpy as np
import pytest

from domain.caption_styles import CaptionStyle, row_columns, safe_zone
from domain.cues import SaidLine, cues_of
from domain.profile import Aspect, Profile
from domain.words import time_words, words_of
from resources import ffmpeg
from resources.captions.burning import burn_in
from resources.captions.script import write_script
from resources.captions.typefaces import Typefaces, open_typefaces
from resources.filters import Graph, filter_of
from tests.integration.captions.fonts import fonts_for

SMALL = {
    Aspect.WIDE: Profile(width=320, height=180, frame_rate=10),
    Aspect.TALL: Profile(width=180, height=320, frame_rate=10),
    Aspect.SQUARE: Profile(width=180, height=180, frame_rate=10),
}
ENGLISH = "We found the comet at dawn, and nobody else had seen it yet."
HEBREW = "מצאנו את כוכב השביט עם שחר, ואף אחד אחר לא ראה אותו."
JAPANESE = "彗星を見つけたのは夜明けだった、他の誰もまだそれを見ていなかった。"


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return open_typefaces()


async def burned(
    text: str, profile: Profile, style: CaptionStyle, typefaces: Typefaces, folder: Path, language: str = "en"
) -> np.ndarray:
    """The picture 0.1 s after the first word, red, green and blue, on black."""
    line = SaidLine(text, 0.0, 4.0, "Ada", tuple(time_words(words_of(text), 0.0, 4.0)))
    cues = cues_of([line], 4.0, columns=row_columns(profile))
    written = write_script(cues, profile, style, typefaces, language)
    assert written.script
    return await drawn(written.script, profile, typefaces, folder)


async def drawn(script: str, profile: Profile, typefaces: Typefaces, folder: Path) -> np.ndarray:
    captions = burn_in(script, folder, typefaces)
    graph = Graph()
    size = f"{profile.width}x{profile.height}"
    picture = graph.add(
        [],
        filter_of("color", color="black", size=size, rate=profile.frame_rate, duration=0.2),
        captions.filter,
        filter_of("trim", start_frame=1),
    )
    raw = folder / "picture.rgb"
    formats = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    await ffmpeg.run(
        [*graph.arguments(picture), *formats, ffmpeg.output_file(raw)],
        timeout_seconds=60,
        environment=captions.environment,
    )
    return np.fromfile(raw, np.uint8).reshape(profile.height, profile.width, 3)


def bounds(seen: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is seen."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert rows.size, "nothing is seen"
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def assert_in_the_safe_zone(picture: np.ndarray, profile: Profile) -> None:
    zone = safe_zone(profile)
    left, top, right, bottom = bounds(picture.max(axis=2) > 24)
    assert left >= zone.left
    assert right <= zone.right
    assert top >= zone.top
    assert bottom <= zone.bottom
    assert right - left > 0.4 * zone.width
    assert abs((left + right) - profile.width) <= 6


@pytest.mark.parametrize("style", [CaptionStyle.CLEAN, CaptionStyle.BOXED, CaptionStyle.KARAOKE])
@pytest.mark.parametrize("aspect", list(Aspect))
async def test_captions_are_seen_in_the_safe_zone_and_nowhere_else(
    aspect: Aspect, style: CaptionStyle, typefaces: Typefaces, tmp_path: Path
) -> None:
    profile = SMALL[aspect]
    assert_in_the_safe_zone(await burned(ENGLISH, profile, style, typefaces, tmp_path), profile)


async def test_the_widest_letters_stay_in_the_safe_zone(typefaces: Typefaces, tmp_path: Path) -> None:
    profile = SMALL[Aspect.TALL]
    picture = await burned("W" * 24, profile, CaptionStyle.CLEAN, typefaces, tmp_path)
    assert_in_the_safe_zone(picture, profile)


@pytest.mark.parametrize("text", [ENGLISH * 34, "W" * 2000, "彗星" * 1000], ids=["words", "one word", "squares"])
@pytest.mark.parametrize("style", [CaptionStyle.BOXED, CaptionStyle.KARAOKE])
async def test_a_line_of_2000_letters_is_drawn_in_the_safe_zone_to_its_last(
    text: str, style: CaptionStyle, typefaces: Typefaces, tmp_path: Path
) -> None:
    profile = SMALL[Aspect.TALL]
    cues = cues_of([SaidLine(text, 0.0, 6.0, "Ada")], 6.0, columns=row_columns(profile))
    assert "".join("".join(cue.texts) for cue in cues).replace(" ", "") == text.replace(" ", "")
    written = write_script(cues, profile, style, typefaces, "en")
    assert written.script
    graph = Graph()
    captions = burn_in(written.script, tmp_path, typefaces)
    source = filter_of("color", color="black", size=f"{profile.width}x{profile.height}", rate=10, duration=6)
    drawn_on = graph.add([], source, captions.filter)
    raw = tmp_path / "pictures.gray"
    await ffmpeg.run(
        [*graph.arguments(drawn_on), "-f", "rawvideo", "-pix_fmt", "gray", ffmpeg.output_file(raw)],
        timeout_seconds=60,
        environment=captions.environment,
    )
    pictures = np.fromfile(raw, np.uint8).reshape(-1, profile.height, profile.width)
    assert len(pictures) == 60
    left, top, right, bottom = bounds(pictures.max(axis=0) > 24)
    zone = safe_zone(profile)
    assert zone.left <= left < right <= zone.right
    assert zone.top <= top < bottom <= zone.bottom


async def test_a_folder_may_have_any_name(typefaces: Typefaces, tmp_path: Path) -> None:
    folder = tmp_path / 'Ada\'s [film]: 100%, \\ "cut" & <final>'
    folder.mkdir()
    (face,) = {run.face for run in typefaces.runs("a", "en")}
    (folder / "font.ttf").symlink_to(face.path)
    profile = SMALL[Aspect.WIDE]
    picture = await burned(ENGLISH, profile, CaptionStyle.CLEAN, open_typefaces(folder), folder)
    assert (picture == await burned(ENGLISH, profile, CaptionStyle.CLEAN, typefaces, tmp_path)).all()


def lit(picture: np.ndarray) -> np.ndarray:
    """Where the colour of the word is that is said."""
    red, _, blue = np.moveaxis(picture.astype(int), 2, 0)
    return (red > 150) & (red - blue > 60)


async def test_the_first_word_is_lit_where_reading_begins(tmp_path: Path) -> None:
    profile = Profile(width=640, height=360, frame_rate=10)
    middle = profile.width // 2
    english = await burned(ENGLISH, profile, CaptionStyle.KARAOKE, fonts_for(ENGLISH), tmp_path)
    assert bounds(lit(english))[2] < middle
    hebrew = await burned(HEBREW, profile, CaptionStyle.KARAOKE, fonts_for(HEBREW), tmp_path, "he")
    assert bounds(lit(hebrew))[0] > middle
    assert_in_the_safe_zone(hebrew, profile)


@pytest.mark.parametrize("aspect", list(Aspect))
async def test_letters_that_fill_a_square_are_drawn_in_the_safe_zone(aspect: Aspect, tmp_path: Path) -> None:
    profile = SMALL[aspect]
    picture = await burned(JAPANESE, profile, CaptionStyle.CLEAN, fonts_for(JAPANESE), tmp_path, "ja")
    assert_in_the_safe_zone(picture, profile)


async def test_no_font_of_the_machine_is_drawn_with_unasked(typefaces: Typefaces, tmp_path: Path) -> None:
    """A film looks the same wherever it is made: letters that the fonts lack are boxes, and so all alike."""
    profile, one = SMALL[Aspect.WIDE], Typefaces([typefaces.runs("a", "en")[0].face])
    written = write_script(
        cues_of([SaidLine("comet", 0, 2)], 2, columns=42), profile, CaptionStyle.CLEAN, typefaces, "en"
    )
    assert written.script
    boxes = [await drawn(written.script.replace("comet", letters), profile, one, tmp_path) for letters in ("אב", "שת")]
    assert (boxes[0] == boxes[1]).all()
