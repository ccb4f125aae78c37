"""The spoken line as burnt-in caption: wrapped, shown page by page, each word lit as it is spoken."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import font_roboto
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from domain.profile import Profile
from resources.video.local.compositor import Frame
from resources.video.local.motion import Word
from resources.video.local.pixels import Planes, planes

FONT = Path(font_roboto.__file__).parent / "files" / "Roboto-Bold.ttf"
PANEL = (14, 16, 30, 204)
SPOKEN = (255, 255, 255, 255)
WAITING = (255, 255, 255, 140)
ACCENT = (255, 209, 102, 255)
INK = (24, 22, 38, 255)
UNASSIGNED = "\U0010ffff"


def readable(text: str, font_file: Path = FONT) -> str | None:
    """``text`` without the symbols (emoji, say) that the font lacks; None when the font lacks a letter or a digit.

    A caption of empty boxes is worse than none.
    """
    kept = []
    for character in text:
        if character.isspace() or _has_glyph(character, font_file):
            kept.append(character)
        elif unicodedata.category(character)[0] in "LNM":
            return None
    return " ".join("".join(kept).split())


@dataclass(frozen=True, slots=True)
class _Page:
    """Lines of words shown together; ``left`` and ``top`` place its panel on the frame, in even pixels."""

    lines: tuple[tuple[Word, ...], ...]
    left: int
    top: int
    width: int
    height: int

    @property
    def words(self) -> list[Word]:
        return [word for line in self.lines for word in line]


class Captions:
    """All captions of one clip. ``name`` is the speaker's and stands on a small label; None leaves it out."""

    def __init__(self, words: Sequence[Word], name: str | None, profile: Profile, font_file: Path = FONT) -> None:
        self._profile = profile
        short = min(profile.width, profile.height)
        is_wide = profile.width > profile.height
        self._size = round(short * (0.05 if is_wide else 0.056))
        self._font = _font(font_file, self._size)
        self._label_font = _font(font_file, round(self._size * 0.58))
        self._name = name
        self._room = round(profile.width * (0.66 if is_wide else 0.78))
        self._bottom = round(profile.height * (0.945 if is_wide else 0.95 if profile.width == profile.height else 0.86))
        self._pages = [self._page(lines) for lines in self._balanced(words, 2 if is_wide else 3)]
        self._shown: tuple[int, int] | None = None
        self._stamp: Planes | None = None

    @property
    def top(self) -> int:
        """The highest row, in pixels, that a caption ever reaches."""
        return min((page.top for page in self._pages), default=self._profile.height)

    def draw(self, frame: Frame, now: float) -> None:
        """Put the page of ``now`` (seconds) on ``frame``."""
        page_number = next(
            (n for n, p in reversed(list(enumerate(self._pages))) if p.words[0].start - 0.2 <= now), None
        )
        if page_number is None:
            return
        page = self._pages[page_number]
        current = sum(word.start <= now for word in page.words) - 1
        if self._shown != (page_number, current):
            self._shown, self._stamp = (page_number, current), self._picture(page, current)
        assert self._stamp is not None
        frame.stamp(self._stamp, page.left, page.top)

    def _balanced(self, words: Sequence[Word], lines_per_page: int) -> list[tuple[tuple[Word, ...], ...]]:
        """Pages of lines of nearly equal length: as few lines as fit, then narrower while their number stays."""
        lines = self._wrapped(words, self._room)
        narrow = self._room
        while len(lines) > 1 and narrow > self._room * 0.6:
            tighter = self._wrapped(words, narrow - self._size // 2)
            if len(tighter) > len(lines):
                break
            lines, narrow = tighter, narrow - self._size // 2
        return [tuple(lines[i : i + lines_per_page]) for i in range(0, len(lines), lines_per_page)]

    def _wrapped(self, words: Sequence[Word], room: float) -> list[tuple[Word, ...]]:
        lines: list[list[Word]] = []
        for word in words:
            if lines and self._font.getlength(_text([*lines[-1], word])) <= room:
                lines[-1].append(word)
            else:
                lines.append([word])
        return [tuple(line) for line in lines]

    def _page(self, lines: tuple[tuple[Word, ...], ...]) -> _Page:
        pad_x, pad_y, line_height = self._metrics()
        widest = max(self._font.getlength(_text(line)) for line in lines)
        width = min(self._profile.width - 8, round(widest) + 2 * pad_x) & ~1
        label = round(self._size * 0.62) if self._name else 0
        height = (len(lines) * line_height + 2 * pad_y + label + 1) & ~1
        left = ((self._profile.width - width) // 2) & ~1
        return _Page(lines, left, (self._bottom - height) & ~1, width, height)

    def _metrics(self) -> tuple[int, int, int]:
        return round(self._size * 0.8), round(self._size * 0.46), round(self._size * 1.26)

    def _picture(self, page: _Page, current: int) -> Planes:
        pad_x, pad_y, line_height = self._metrics()
        picture = Image.new("RGBA", (page.width, page.height))
        top = round(self._size * 0.62) if self._name else 0
        picture.paste(_rounded(page.width, page.height - top, round(self._size * 0.5), PANEL), (0, top))
        draw = ImageDraw.Draw(picture)
        if self._name:
            self._label(picture, self._name, pad_x)
        number = 0
        for row, line in enumerate(page.lines):
            x = (page.width - self._font.getlength(_text(line))) / 2
            baseline = top + pad_y + row * line_height + round(line_height * 0.78)
            for word in _in_reading_order(line):
                index = number + line.index(word)
                colour = ACCENT if index == current else SPOKEN if index < current else WAITING
                draw.text((round(x), baseline), word.text, font=self._font, fill=colour, anchor="ls")
                x += self._font.getlength(word.text + " ")
            number += len(line)
        return planes(np.asarray(picture))

    def _label(self, picture: Image.Image, name: str, left: int) -> None:
        """A pill that sits on the panel's upper edge."""
        height = round(self._size * 1.02)
        width = round(self._label_font.getlength(name) + height * 0.9)
        pill = _rounded(width, height, height // 2, ACCENT)
        ImageDraw.Draw(pill).text((width / 2, height / 2), name, font=self._label_font, fill=INK, anchor="mm")
        picture.alpha_composite(pill, (left, 0))


@cache
def _mask(width: int, height: int, radius: int) -> Image.Image:
    """A rounded rectangle, drawn at four times its size, because Pillow's arcs are not smooth."""
    large = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(large).rounded_rectangle((0, 0, width * 4 - 1, height * 4 - 1), radius=radius * 4, fill=255)
    return large.resize((width, height), Image.Resampling.BOX)


def _rounded(width: int, height: int, radius: int, colour: tuple[int, int, int, int]) -> Image.Image:
    shape = Image.new("RGBA", (width, height), colour[:3])
    shape.putalpha(_mask(width, height, radius).point([level * colour[3] // 255 for level in range(256)]))
    return shape


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _in_reading_order(line: Sequence[Word]) -> Sequence[Word]:
    first = next((unicodedata.bidirectional(c) for word in line for c in word.text if c.isalpha()), "L")
    return line[::-1] if first in ("R", "AL") else line


@cache
def _font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(file), max(8, size))


@cache
def _has_glyph(character: str, font_file: Path) -> bool:
    font = _font(font_file, 24)
    glyph, missing = font.getmask(character), font.getmask(UNASSIGNED)
    return (glyph.size, bytes(glyph)) != (missing.size, bytes(missing))
