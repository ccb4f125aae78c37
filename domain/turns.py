"""Who speaks, from the marks at the start of rows."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

NAME_WORD = r"[^\W\d_][^\s:：,;!?…。、，！？؟،؛।\"“”„«»()（）\[\]{}<>「」『』/]{0,39}"
MAX_CASELESS_LETTERS = 8
"""Of a name in a script without capitals and without spaces: more are a clause."""

_TURN = re.compile(r"(?:>>+|[-–—](?=\s*[^\s\d–—-]))\s*")
# A colon without a blank after it parts words only where the next is in no Latin letters; "：" is as wide as a blank.
_LABEL = re.compile(rf"({NAME_WORD}(?: (?:{NAME_WORD}|\d{{1,2}})){{0,2}})\s?(?:：\s*|:(?:\s+|$|(?=[^\x00-\u024f])))")
_NUMBERED = re.compile(r"speaker \d{1,2}")
_OPENING_WORDS = (
    "a an the this that these those here there my your our his her their its it i we you he she they so and but or now "
    "then because also okay ok yes no well first second third next last finally today tomorrow note notes warning "
    "attention remember reminder question answer step steps tip tips hint example examples part chapter rule rules "
    "number option point lesson fact facts spoiler update summary conclusion result results bonus pro ps disclaimer "
    "one two three four five what why how when where who problem problems solution solutions ingredients method "
    "breaking news source sources topic title date time place location price total reason idea goal "
    "注意 注 例 例如 例えば 比如 つまり 結論 结论 ملاحظة مثال הערה דוגמה"
)
NOT_NAMES = frozenset(_OPENING_WORDS.split())
"""Words that open a sentence with a colon, and are no part of a speaker's label."""


class _Row(NamedTuple):
    """The marks at the start of a row, if there are any, and the words after them."""

    turn: str
    label: str
    words: str
    words_and_label: str


class Turns:
    """Who speaks, row by row, in a transcript of ``rows``.

    ``NAME:`` says it. ``>>`` and ``-`` only say that somebody else speaks now: whoever spoke before, or, when nobody
    else is known, a new ``Speaker 1``, ``Speaker 2``. A name keeps the spelling in which it came first.
    """

    def __init__(self, rows: Iterable[str]) -> None:
        self.current: str | None = None
        self._other: str | None = None
        self._spellings: dict[str, str] = {}
        self._names = _names_in(rows)

    def hear(self, row: str) -> str:
        """Take the marks at the start of ``row`` into account; returns the words after them."""
        found = _read(row)
        if found.label and (found.turn.startswith(">>") or found.label.casefold() in self._names):
            self._pass_to(found.label)
            return found.words
        if found.turn:
            self._pass_to(self._other or f"Speaker {1 if self.current is None else 2}")
        return found.words_and_label.lstrip(":： ")

    def _pass_to(self, name: str) -> None:
        name = self._spellings.setdefault(name.casefold(), name)
        if name != self.current:
            self.current, self._other = name, self.current


def is_name(label: str) -> bool:
    """Whether a label may be a speaker's: words with capitals, or of a script that has none."""
    words = label.split()
    return (
        all(word[0].isupper() or word.isdigit() or _is_caseless(word) for word in words)
        and all(map(_is_spelling, label))
        and not any(word.casefold().rstrip(".") in NOT_NAMES for word in words)
    )


def _names_in(rows: Iterable[str]) -> frozenset[str]:
    """Which labels are names, by all of them: "Chicago: it rains." begins as a turn does.

    Those are that come again, in capitals or with a number; and, once there is one that comes again, all that are
    written alike. Two people who speak once each are told by there being little else.
    """
    found = [_read(row) for row in rows]
    labels = [row.label for row in found if row.label]
    times = Counter(label.casefold() for label in labels)
    styles = {label.isupper() for label in labels if times[label.casefold()] > 1}
    are_all = len(times) == len(labels) == 2 and 2 * len(labels) >= len(found)
    return frozenset(
        label.casefold()
        for label in labels
        if are_all
        or times[label.casefold()] > 1
        or label.isupper() in styles
        or (label.isupper() and sum(map(str.isalpha, label)) > 1)
        or _NUMBERED.fullmatch(label.casefold())
    )


def _read(row: str) -> _Row:
    turn = _TURN.match(row)
    rest = row[turn.end() :] if turn else row
    label = _LABEL.match(rest)
    name = label[1] if label and is_name(label[1]) else ""
    return _Row(turn[0] if turn else "", name, rest[label.end() :] if label else rest, rest)


def _is_caseless(word: str) -> bool:
    return word[0].lower() == word[0].upper() and len(word) <= (40 if word[0] < "\u2e80" else MAX_CASELESS_LETTERS)


def _is_spelling(sign: str) -> bool:
    return sign.isalnum() or sign in " .'’-‐·・_\u200c\u200d" or unicodedata.category(sign).startswith("M")
