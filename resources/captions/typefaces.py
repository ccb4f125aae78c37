"""Typefaces: the fonts that captions are drawn with, and which of them has which letter.

libass finds a font for every letter, and draws an empty box where there is none; and the font it finds depends on what
is installed on the machine. So it is told: every run of letters names its font, only fonts from the folders here can be
found (see burning.py), and what none of them has is known before anything is drawn.
"""

import struct
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont

from domain.columns import clusters_of

PACKAGES = ("font_roboto", "manimgx_fonts", "manimgx_fonts_cjk")
"""Packages that are folders of fonts, the preferred first; each is used if it is installed."""
ENDINGS = frozenset({".ttf", ".otf", ".ttc", ".otc"})
WEIGHT = "Bold"
MEASURED_PIXELS = 100
_UNASSIGNED = "\U0010ffff"
REGIONS = ("JP", "KR", "SC", "TC", "HK")
"""Where letters are drawn in a way of their own, as the names of fonts for it end."""
_TABLE_DIRECTORY, _TABLE = struct.Struct(">4xH6x"), struct.Struct(">4s4xII")


class Run(NamedTuple):
    """Letters that follow one another in the same font."""

    face: "Face"
    text: str


@dataclass(frozen=True, eq=False)
class Face:
    """One font. ``family`` is its name, and ``edition`` a checksum over its file, so that what is drawn with another
    edition is another picture; ``line_height`` is that of a row, in letters' squares: what libass takes for the size of
    a font, as VSFilter did, is the height of a row."""

    family: str
    style: str
    path: Path
    number: int
    edition: str
    line_height: float
    _drawn: ImageFont.FreeTypeFont = field(repr=False)

    @property
    def region(self) -> str:
        last = self.family.rpartition(" ")[2]
        return last if last in REGIONS else ""

    @lru_cache(maxsize=20_000)  # noqa: B019 - faces live as long as the process
    def has(self, letter: str) -> bool:
        glyph, missing = self._drawn.getmask(letter), self._drawn.getmask(_UNASSIGNED)
        return (glyph.size, bytes(glyph)) != (missing.size, bytes(missing))

    def width(self, text: str) -> float:
        """In letters' squares."""
        return self._drawn.getlength(text) / MEASURED_PIXELS


class Typefaces:
    """Fonts in the order in which they are asked for a letter."""

    def __init__(self, faces: Sequence[Face]) -> None:
        self._faces = tuple(faces)

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(face.path.parent for face in self._faces))

    def runs(self, text: str, language: str) -> list[Run]:
        """``text`` in runs of one font each, without what no font has. A sign that many fonts have stays with the
        letter before it."""
        runs: list[Run] = []
        faces = self._preferred(language)
        for cluster in clusters_of(text):
            last = runs[-1].face if runs else None
            stays = last and not cluster[0].isalpha() and _draws(last, cluster)
            face = last if stays else next((one for one in faces if _draws(one, cluster)), None)
            if face is None or (cluster.isspace() and runs and runs[-1].text[-1].isspace()):
                continue
            if runs and face is last:
                runs[-1] = Run(face, runs[-1].text + cluster)
            else:
                runs.append(Run(face, cluster))
        return runs

    def missing(self, text: str, language: str) -> frozenset[str]:
        """The letters and digits of ``text`` that no font has: without them it cannot be read. Symbols (emoji, say) can
        be left out."""
        faces = self._preferred(language)
        return frozenset(
            cluster[0]
            for cluster in clusters_of(text)
            if unicodedata.category(cluster[0])[0] in "LN" and not any(_draws(one, cluster) for one in faces)
        )

    def _preferred(self, language: str) -> Sequence[Face]:
        """Fonts for one region's way to write the letters that several share come in order of that language."""
        region = region_of(language)
        return sorted(self._faces, key=lambda face: bool(face.region) and face.region != region)


def region_of(language: str) -> str:
    """Whose way to write Han letters a language has, by all parts of its tag (``zh-Hant-TW``)."""
    primary, *parts = language.lower().replace("_", "-").split("-")
    if primary == "yue" or (primary == "zh" and {"hk", "mo"} & {*parts}):
        return "HK"
    if primary == "zh" and {"hant", "tw"} & {*parts}:
        return "TC"
    return {"ja": "JP", "ko": "KR"}.get(primary, "SC")


@cache
def open_typefaces(folder: Path | None = None) -> Typefaces:
    """The fonts in ``folder``, if there is one, and then those of the installed packages; of each family the boldest
    that is not slanted. What is no font is passed over."""
    faces: list[Face] = []
    for place in (*([folder] if folder else []), *filter(None, map(_package_folder, PACKAGES))):
        best: dict[str, Face] = {}
        for face in _faces_in(place):
            known = best.get(face.family)
            if known is None or (face.style == WEIGHT and known.style != WEIGHT):
                best[face.family] = face
        names = {face.family for face in faces}
        faces += sorted((face for name, face in best.items() if name not in names), key=_rank)
    return Typefaces(faces)


def _rank(face: Face) -> tuple[bool, bool, int, str]:
    """Plain fonts first ("Noto Sans" before "Noto Sans Thai"): special ones have Latin letters too, and fonts of
    symbols have digits, which look odd among words."""
    is_symbolic = any(kind in face.family for kind in ("Emoji", "Symbol"))
    return is_symbolic, bool(face.region), len(face.family), face.family


def _draws(face: Face, cluster: str) -> bool:
    """Whether a font has a letter with all that stands on it. Joiners and the like are never seen."""
    return all(face.has(sign) for sign in cluster if not sign.isspace() and unicodedata.category(sign) != "Cf")


def _package_folder(package: str) -> Path | None:
    spec = find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _faces_in(folder: Path) -> Iterator[Face]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in ENDINGS:
            yield from _faces_of(path)


def _faces_of(path: Path) -> Iterator[Face]:
    number = 0
    while True:
        try:
            drawn = ImageFont.truetype(path, MEASURED_PIXELS, index=number)
        except OSError:  # past the last one of a collection, or no font
            return
        family, style = drawn.getname()
        names = _weights(drawn)
        if WEIGHT in names:
            drawn.set_variation_by_name(WEIGHT)
            style = WEIGHT
        if family and not any(slant in (style or "") for slant in ("Italic", "Oblique")):
            yield Face(family, style or "", path, number, *_told_by_tables(path, number), drawn)
        number += 1


def _weights(drawn: ImageFont.FreeTypeFont) -> set[str]:
    try:
        return {name.decode(errors="replace") for name in drawn.get_variation_names()}
    except OSError:  # not a variable font
        return set()


def _told_by_tables(path: Path, number: int) -> tuple[str, float]:
    """A font's checksum, and the height that Windows gives a row, which is what libass scales by; Pillow tells neither.
    https://learn.microsoft.com/en-us/typography/opentype/spec/os2 and …/head"""
    with path.open("rb") as file:
        start = 0
        if file.read(4) == b"ttcf":
            file.seek(12 + 4 * number)
            (start,) = struct.unpack(">I", file.read(4))
        file.seek(start)
        (count,) = _TABLE_DIRECTORY.unpack(file.read(_TABLE_DIRECTORY.size))
        tables = {name: offset for name, offset, _ in _TABLE.iter_unpack(file.read(_TABLE.size * count))}
        file.seek(tables[b"head"] + 8)
        checksum, square = struct.unpack(">I6xH", file.read(12))
        file.seek(tables[b"OS/2"] + 74)
        height: int = sum(struct.unpack(">HH", file.read(4)))
    return f"{checksum:08x}", height / square
