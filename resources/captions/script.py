"""Captions as an ASS script, which libass draws into a picture. http://www.tcax.org/docs/ass-specs.htm, and
https://github.com/libass/libass/wiki/Libass'-ASS-Extensions for what libass adds: box 4, encoding -1, ``\\{``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from pysubs2 import Alignment, Color, SSAEvent, SSAFile, SSAStyle

from domain.caption_styles import CaptionStyle, letter_pixels, safe_zone
from domain.cues import Cue
from domain.profile import Profile
from domain.words import TimedWord
from domain.writing_direction import direction_of, marked
from resources.captions.typefaces import Face, Typefaces

WHITE, INK = Color(255, 255, 255), Color(14, 16, 30)
PANEL = Color(14, 16, 30, 51)
"""The last number is how much shines through, of 255."""
SAID = Color(255, 209, 102)
OUTLINE, SHADOW, PADDING = 0.085, 0.04, 0.36
"""In letters' squares."""
AUTOMATIC_DIRECTION = -1
OPAQUE_BOX_BEHIND_ALL_ROWS = 4
WORD_JOINER = "\u2060"
"""Between a backslash and a letter it keeps the two from being a command."""


class UnreadableCue(NamedTuple):
    """A caption that is not drawn, because no font has ``letters`` of it."""

    text: str
    letters: frozenset[str]


@dataclass(frozen=True, slots=True)
class BurnedCaptions:
    """``script`` is None where nothing is to be drawn."""

    script: str | None
    unreadable: tuple[UnreadableCue, ...] = ()


def write_script(
    cues: Sequence[Cue], profile: Profile, style: CaptionStyle, typefaces: Typefaces, language: str
) -> BurnedCaptions:
    """The captions of one scene, whose times are from its start, in ``style``, for pictures of ``profile``.

    Equal arguments give an equal script. A caption that has a letter of no font is left out whole.
    """
    if style is CaptionStyle.NONE:
        return BurnedCaptions(None)
    drawing = _Drawing(profile, style, typefaces, language)
    events: list[SSAEvent] = []
    unreadable: list[UnreadableCue] = []
    for cue in cues:
        text = "\n".join(cue.texts)
        if letters := typefaces.missing(text, language):
            unreadable.append(UnreadableCue(text, letters))
        else:
            events += drawing.events(cue)
    if not events:
        return BurnedCaptions(None, tuple(unreadable))
    script = SSAFile()
    script.info = {
        "WrapStyle": "2",
        "ScaledBorderAndShadow": "yes",
        "YCbCr Matrix": "None",
        "PlayResX": str(profile.width),
        "PlayResY": str(profile.height),
        # Nothing reads it; but a script is what identifies a picture with captions.
        "Fonts": ", ".join(sorted(drawing.fonts)),
    }
    script.styles = {"Default": drawing.style()}
    script.events = events
    return BurnedCaptions(script.to_string("ass"), tuple(unreadable))


class _Piece(NamedTuple):
    """A word, or a part of one, in one font."""

    face: Face
    text: str
    word: TimedWord


class _Drawing:
    """How the captions of one scene are drawn."""

    def __init__(self, profile: Profile, style: CaptionStyle, typefaces: Typefaces, language: str) -> None:
        self._profile, self._style, self._typefaces, self._language = profile, style, typefaces, language
        self._zone = safe_zone(profile)
        self._square = letter_pixels(profile)
        self._margin = self._square * (PADDING if style is CaptionStyle.BOXED else OUTLINE + SHADOW)
        """Around the letters, for what is drawn about them."""
        self.fonts: set[str] = set()
        """All that were drawn with, by name and edition."""

    def style(self) -> SSAStyle:
        is_boxed = self._style is CaptionStyle.BOXED
        return SSAStyle(
            fontsize=self._square,
            primarycolor=WHITE,
            outlinecolor=INK,
            backcolor=PANEL if is_boxed else INK,
            bold=True,
            borderstyle=OPAQUE_BOX_BEHIND_ALL_ROWS if is_boxed else 1,
            outline=0.0 if is_boxed else round(self._square * OUTLINE, 2),
            shadow=round(self._square * (PADDING if is_boxed else SHADOW), 2),
            alignment=Alignment.BOTTOM_CENTER,
            marginl=self._zone.left,
            marginr=self._profile.width - self._zone.right,
            marginv=self._profile.height - self._zone.bottom + round(self._margin),
            encoding=AUTOMATIC_DIRECTION,
        )

    def events(self, cue: Cue) -> Iterator[SSAEvent]:
        rows = [row for row in map(self._pieces, cue.rows) if _width(row)]
        if not rows:
            return  # nothing but symbols that no font has, or signs that are not seen
        room = self._zone.width - 2 * self._margin
        square = min(self._square, room / max(map(_width, rows)))
        if self._style is not CaptionStyle.KARAOKE or not cue.has_word_times:
            yield SSAEvent(start=_milliseconds(cue.start), end=_milliseconds(cue.end), text=self._text(rows, square))
            return
        words = [word for row in cue.rows for word in row]
        times = [min(max(word.start, cue.start), cue.end) for word in words]
        for said, (start, end) in zip([None, *words], pairwise([cue.start, *times, cue.end]), strict=True):
            if _milliseconds(start) < _milliseconds(end):
                text = self._text(rows, square, said)
                yield SSAEvent(start=_milliseconds(start), end=_milliseconds(end), text=text)

    def _pieces(self, row: Sequence[TimedWord]) -> list[_Piece]:
        """The words of a row in their fonts. Where a symbol is left out, its white space is too."""
        pieces: list[_Piece] = []
        for word in row:
            for run in self._typefaces.runs(word.text, self._language):
                text = run.text if pieces and not pieces[-1].text[-1].isspace() else run.text.lstrip()
                if text:
                    pieces.append(_Piece(run.face, text, word))
        if pieces:
            pieces[-1] = pieces[-1]._replace(text=pieces[-1].text.rstrip())
        return [piece for piece in pieces if piece.text]

    def _text(self, rows: Sequence[Sequence[_Piece]], square: float, said: TimedWord | None = None) -> str:
        """``said`` is the word that is lit."""
        direction = direction_of("".join(piece.text for row in rows for piece in row), self._language)
        face, is_lit = None, False
        written: list[str] = []
        for row in rows:
            plain = "".join(piece.text for piece in row)
            text = marked(plain, direction).removesuffix(plain)
            for piece in row:
                tags = ""
                if piece.face is not face:
                    face = piece.face
                    self.fonts.add(f"{face.family} {face.edition}")
                    tags += f"\\fn{face.family}\\fs{square * face.line_height:.2f}"
                if (piece.word is said) is not is_lit:
                    is_lit = piece.word is said
                    tags += f"\\1c&H{_bgr(SAID if is_lit else WHITE)}&"
                text += (f"{{{tags}}}" if tags else "") + _escaped(piece.text)
            written.append(text)
        return "\\N".join(written)


def _width(row: Sequence[_Piece]) -> float:
    """In letters' squares."""
    runs = groupby(row, key=lambda piece: piece.face)
    return sum((face.width("".join(piece.text for piece in pieces)) for face, pieces in runs), 0.0)


def _escaped(text: str) -> str:
    return text.replace("\\", f"\\{WORD_JOINER}").replace("{", "\\{").replace("}", "\\}")


def _bgr(colour: Color) -> str:
    return f"{colour.b:02X}{colour.g:02X}{colour.r:02X}"


def _milliseconds(seconds: float) -> int:
    """To the hundredth, which is as fine as ASS has it."""
    return round(seconds * 100) * 10
