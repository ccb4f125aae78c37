"""Words: where a text may be cut, how pieces of it are joined, and when each word is said."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# Scripts that put no space between words (Thai, Lao, Burmese, Khmer, kana, Han); every letter with its marks counts as
# a word there. In Burmese and Khmer a letter may stand below another, or close its syllable.
_UNSPACED = (
    "\u0e01-\u0edf\u1000-\u1049\u104c-\u109f\u1780-\u17d3\u17d7\u17dc-\u17e9"
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_LEADING_VOWELS = "\u0e40-\u0e44\u0ec0-\u0ec4"
_NEVER_FIRST = (
    "\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u104c-\u104f\u17b4-\u17d3\u17d7"
    "々ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮゝゞ"
)
_JOINED = "\u1039[\u1000-\u1021]|\u17d2[\u1780-\u17a2]|[\u1000-\u1021]\u103a"
_OPENING = "「『【（〔〈《"
_CLOSING = "។៕៖၊။、。，．！？；：」』】）〕〉》…‥”’"
_WORD = re.compile(
    rf"[{_OPENING}]{{0,3}}(?:[{_LEADING_VOWELS}]?[{_UNSPACED}](?:{_JOINED}|[{_NEVER_FIRST}])*|[^\s{_UNSPACED}{_OPENING}]+)[{_CLOSING}]*\s*"
    r"|\S\s*"
)
_STARTS_UNSPACED = re.compile(rf"[{_OPENING}]*[{_UNSPACED}]")
_NO_GAP_AFTER = re.compile("[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]")


class TimedWord(NamedTuple):
    """A word with the white space that follows it; ``start`` and ``end`` are seconds."""

    text: str
    start: float
    end: float


def words_of(text: str) -> list[str]:
    """The pieces between which ``text`` may be cut, each with the white space after it: joined, they are the text."""
    words: list[str] = []
    for piece in _WORD.findall(text.strip()):
        # A mark belongs to the letter before it, in whatever script and however many there are.
        if words and unicodedata.category(piece[0])[0] == "M" and not words[-1][-1].isspace():
            words[-1] += piece
        else:
            words.append(piece)
    return words


def is_unspaced(word: str) -> bool:
    """Whether the word belongs to a script without spaces, in which a word here is one letter."""
    return _STARTS_UNSPACED.match(word) is not None


def gap_after(text: str) -> str:
    """What stands between ``text`` and a text that follows it: a space, or nothing after Chinese and Japanese."""
    return "" if _NO_GAP_AFTER.match(text[-1:]) else " "


def join_texts(texts: Iterable[str]) -> str:
    joined = ""
    for text in texts:
        joined += (gap_after(joined) if joined else "") + text
    return joined


def time_words(words: Sequence[str], start: float, end: float) -> list[TimedWord]:
    """Spread words over the seconds in which they are said, in proportion to their letters, without gaps."""
    letters = sum(len(word.strip()) for word in words)
    timed, said, word_start = [], 0, start
    for word in words:
        said += len(word.strip())
        word_end = end if said == letters else start + (end - start) * said / letters
        timed.append(TimedWord(word, word_start, word_end))
        word_start = word_end
    return timed
