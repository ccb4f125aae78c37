"""Which of the encodings older than UTF-8 a text is in: that in which its letters are those of one language.

charset_normalizer is asked only when none is: of the encodings that Windows has for Latin letters, it cannot tell which
of two readings looks more like a language in a few rows of subtitles.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from charset_normalizer import from_bytes

SAMPLE_BYTES = 32 * 1024
"""So much of the rows that tell anything is enough."""
LATIN_SHARE = 0.3
"""Of a text in Latin letters, fewer are beyond ASCII; of any other, nearly all are."""
LEAST_SHARE = 0.85
MARGIN = 0.02
"""Of encodings that fit as well, the first is the likeliest."""

_SIGNS = re.compile(r"[\x00-\x7f\xa0«»“”„‘’‚‹›–—…•°·§©®™€£\ufeff]")
_FULL_WIDTH = re.compile("[\u3000-\u303f\uff01-\uff5e]")
_LATIN = (
    ("cp1252", "àâçèéêëîïôœùûüÿ", "äöüßé", "áéíñóúü¿¡ºª", "ãáàâçéêíóôõúü", "àèéìíîòóùú", "åäöæøéüà", "àçèéíïòóúü"),
    ("cp1254", "çğıöşüâîûi̇"),
    ("cp1250", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîșțşţ"),
    ("cp1252", "áðéíóúýþæö"),
    ("cp1257", "ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
    ("iso8859_2", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áéíóöőúüű", "čćđšž"),
)


class Fit(NamedTuple):
    share: float
    encoding: str


def encodings_of(content: bytes) -> Iterator[str]:
    """Those that ``content`` may be in, the likeliest first. It is neither ASCII nor UTF-8."""
    sample = _telling(content)
    fits = [fit for fit in _fits(sample) if fit.share >= LEAST_SHARE]
    while fits:
        likely = next(fit for fit in fits if fit.share >= max(fits).share - MARGIN)
        yield likely.encoding
        fits.remove(likely)
    yield from (found.encoding for found in from_bytes(sample))


def _telling(content: bytes) -> bytes:
    """The first rows that are not ASCII alone; of one that is very long, the part around its first such letter."""
    rows: list[bytes] = []
    left = SAMPLE_BYTES
    for row in re.split(rb"[\r\n]+", content):
        if not row.isascii() and left > 0:
            first = next(place for place, byte in enumerate(row) if byte > 0x7F)
            rows.append(row[max(0, first - left // 2) :][:left] if len(row) > left else row)
            left -= len(rows[-1])
    return b"\n".join(rows)


def _fits(sample: bytes) -> Iterator[Fit]:
    beyond_ascii = len(re.findall(rb"[\x80-\xff]", sample)) / len(re.findall(rb"[^\s\d]", sample))
    for encoding, *alphabets in _LATIN:
        if (letters := _beyond_ascii(sample, encoding)) is not None:
            share = max(_share(letters.lower(), alphabet.__contains__) for alphabet in alphabets)
            yield Fit(share, encoding)
    if beyond_ascii < LATIN_SHARE:
        return
    for encoding, share_of in _OTHERS:
        if (letters := _beyond_ascii(sample, encoding)) is not None:
            yield Fit(share_of(letters), encoding)


def _beyond_ascii(sample: bytes, encoding: str) -> str | None:
    """Its letters that tell something, with blanks between words; None if it is not in ``encoding``."""
    try:
        # Of a long row, the sample may begin or end within a character.
        text = sample.decode(encoding, errors="strict" if len(sample) < SAMPLE_BYTES else "ignore")
    except UnicodeDecodeError:
        return None
    return _FULL_WIDTH.sub(" ", _SIGNS.sub(" ", text))


def _share(letters: str, is_everyday: Callable[[str], bool]) -> float:
    """How many of ``letters`` are everyday ones; all, if there are none."""
    found = letters.replace(" ", "")
    return sum(map(is_everyday, found)) / len(found) if found else 1.0


def _cased(pattern: str) -> Callable[[str], float]:
    """The share of letters that match; half of a capital that begins no word, since KOI8 has those where Windows has
    small letters."""
    everyday = re.compile(pattern)

    def share(text: str) -> float:
        letters = [
            (bool(everyday.match(letter)), letter.isupper() and before != " ")
            for before, letter in zip(f" {text}", text, strict=False)
            if letter != " "
        ]
        return sum(fits * (0.5 if is_odd else 1) for fits, is_odd in letters) / max(1, len(letters))

    return share


def _caseless(pattern: str) -> Callable[[str], float]:
    everyday = re.compile(pattern)
    return lambda letters: _share(letters, lambda letter: everyday.match(letter) is not None)


def _chinese(charset: str, leads: range) -> Callable[[str], float]:
    """The share of characters in the first, most frequent level of a national standard."""
    return lambda letters: _share(letters, lambda letter: (letter.encode(charset, "ignore") or b" ")[0] in leads)


def _japanese(letters: str) -> float:
    kana = _share(letters, lambda letter: "\u3041" <= letter <= "\u30fe")
    everyday = _share(
        letters,
        lambda letter: (
            "\u3005" <= letter <= "\u30fe" or (letter.encode("euc_jp", "ignore") or b" ")[0] in range(0xB0, 0xD0)
        ),
    )
    return everyday if kana >= 0.15 else 0.0


def _korean(letters: str) -> float:
    return _share(
        letters, lambda letter: "\uac00" <= letter <= "\ud7a3" and len(letter.encode("euc_kr", "ignore")) == 2
    )


def _thai(text: str) -> float:
    """A vowel or mark that stands above or below belongs to a consonant."""
    stray = len(
        re.findall(r"(?<![\u0e01-\u0e2e\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]", text)
    )
    letters = text.replace(" ", "")
    return _share(letters, lambda letter: "\u0e01" <= letter <= "\u0e5b") - 3 * stray / max(1, len(letters))


_OTHERS: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("cp949", _korean),
    ("gb18030", _chinese("gb2312", range(0xB0, 0xD8))),
    ("big5", _chinese("big5", range(0xA4, 0xC7))),
    ("cp932", _japanese),
    ("euc_jp", _japanese),
    ("cp1255", _caseless("[\u05d0-\u05ea]")),
    ("cp1256", _caseless("[\u0621-\u0652،؛؟پچژگ]")),
    ("cp1253", _cased("[ΆΈ-ΏΑ-Ωά-ία-ώ]")),
    ("cp1251", _cased("[А-яЁёІіЇїЄєҐґЎўЂђЈјЉљЊњЋћЏџ]")),
    ("koi8_r", _cased("[А-яЁё]")),
    ("cp874", _thai),
)
