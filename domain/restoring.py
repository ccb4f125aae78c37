"""Restoring: sentences for a transcript that came without any, as automatic captions do.

A language model is shown the words, passage by passage, and writes them again with punctuation and capitals. It is
believed only where its words are those of the transcript. What is taken over from it are the marks between words and
the case of letters: the words, their times and their speakers stay those of the captions, whatever it answers.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from domain.captions import is_mostly_sung
from domain.cuts import edge_worth
from domain.normalise import LONGEST_SENTENCE_WORDS, PAUSE_SECONDS, SpokenWord
from domain.sentences import ends_sentence
from domain.transcript import Transcript
from domain.words import is_unspaced

FEWEST_WORDS = 20
"""Less is one line or two, whatever its punctuation."""
MAX_UNSPACED_SHARE = 0.1

SHORTEST_PASSAGE_WORDS, LONGEST_PASSAGE_WORDS = 150, 250
"""Few enough that a model copies them without a slip, and that a slip costs little."""
CONTEXT_WORDS = 15
"""On either side of a passage, so that a sentence that goes on there is not ended at the border."""
MOST_MARKS = 6
"""Between two words, blanks included: more is litter."""

_OPENING = "\"'“‘„‚«‹¿¡("
_DASHES = "-‐‑–—"
_MARKS = frozenset(f"{_OPENING}{_DASHES}”’»›).,;:!?…؟،؛۔।॥։።")
_TRAILING_OPENING = re.compile(r"\s*[“‘„‚«‹¿¡(]+\s*$")


class Objection(StrEnum):
    """Why an answer is not used. Users read it."""

    CHANGED = "The answer does not have the same words."
    LITTERED = "The answer has long runs of punctuation."


class Passage(NamedTuple):
    """Some hundred words to restore, and those around them."""

    words: tuple[SpokenWord, ...]
    before: str
    after: str

    @property
    def text(self) -> str:
        """What is said; whoever speaks begins on a line of their own."""
        return _text(self.words)


def lacks_sentences(transcript: Transcript, words: Sequence[SpokenWord]) -> bool:
    """Whether speech has hardly any sentence ends: fewer than one in as many words as the longest sentence has that is
    taken for one. A song has verses instead; and a script without spaces has no words that could be compared."""
    if len(words) < FEWEST_WORDS or is_mostly_sung(transcript):
        return False
    if sum(is_unspaced(word.text) for word in words) > MAX_UNSPACED_SHARE * len(words):
        return False
    following = [*(word.text for word in words[1:]), None]
    ends = sum(ends_sentence(word.text, after) for word, after in zip(words, following, strict=True))
    return ends * LONGEST_SENTENCE_WORDS < len(words)


def passages_of(words: Sequence[SpokenWord], language: str) -> list[Passage]:
    """The words in passages that end where somebody else speaks, at a pause, or where a sentence may well end."""
    borders = [0]
    while len(words) - borders[-1] > LONGEST_PASSAGE_WORDS:
        first = borders[-1]
        borders.append(
            max(
                range(first + SHORTEST_PASSAGE_WORDS, first + LONGEST_PASSAGE_WORDS + 1),
                key=lambda place: (*_border_worth(words[place - 1], words[place], language), place),
            )
        )
    borders.append(len(words))
    return [
        Passage(
            tuple(words[first:end]),
            before=_text(words[max(0, first - CONTEXT_WORDS) : first]),
            after=_text(words[end : end + CONTEXT_WORDS]),
        )
        for first, end in pairwise(borders)
        if end > first
    ]


def restored(words: Sequence[SpokenWord], answer: str) -> list[SpokenWord] | Objection:
    """The words with the punctuation and capitals of ``answer``, if it has the same letters, digits and signs in the
    same order, whatever their case. What of ``words`` is punctuation alone is gone, since that of the answer is there.
    """
    spelt = _spelt(answer)
    places = [place for place, sign in enumerate(spelt) if _is_said(sign)]
    words = [word for word in words if any(map(_is_said, word.text))]
    taken: list[list[int]] = []
    at = 0
    for word in words:
        left = _folded(filter(_is_said, word.text))
        own: list[int] = []
        while left and at < len(places) and left.startswith(folded := spelt[places[at]].casefold()):
            left = left[len(folded) :]
            own.append(places[at])
            at += 1
        if left:
            return Objection.CHANGED
        taken.append(own)
    if at < len(places) or not words:
        return Objection.CHANGED
    ends = [own[-1] + 1 for own in taken]
    starts = [own[0] for own in taken]
    gaps = [spelt[: starts[0]], *(spelt[end:start] for end, start in zip(ends, starts[1:], strict=False))]
    gaps.append(spelt[ends[-1] :])
    if any(len(gap) > MOST_MARKS for gap in gaps):
        return Objection.LITTERED
    made: list[SpokenWord] = []
    lead = _opening(gaps[0])
    for place, word in enumerate(words):
        core = _cased(_core(word.text), [spelt[one] for one in taken[place]])
        blank = word.text[len(word.text.rstrip()) :]
        if place + 1 == len(words):
            made.append(word._replace(text=f"{lead}{core}{gaps[-1].rstrip()}{blank}"))
            break
        following = spelt[starts[place + 1]]
        trail, blank, next_lead = _parted(gaps[place + 1], blank, between_digits=core[-1:] + following)
        made.append(word._replace(text=f"{lead}{core}{trail}{blank}"))
        lead = next_lead
    return made


def _border_worth(last: SpokenWord, first: SpokenWord, language: str) -> tuple[bool, bool, int, bool]:
    return (
        last.speaker != first.speaker,
        first.start - last.end > PAUSE_SECONDS,
        edge_worth(last.text, first.text, language),
        last.ends_caption,
    )


def _text(words: Sequence[SpokenWord]) -> str:
    text = ""
    for place, word in enumerate(words):
        if place and words[place - 1].speaker != word.speaker:
            text = f"{text.rstrip()}\n"
        text += word.text
    return text.strip()


def _spelt(text: str) -> str:
    """In Unicode NFC, with single blanks, and without what nobody sees."""
    visible = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _is_said(sign: str) -> bool:
    """Whether a sign is part of a word, and no mark between words: letters, digits, currencies, emoji."""
    return not sign.isspace() and sign not in _MARKS and unicodedata.category(sign) != "Cf"


def _folded(signs: Iterable[str]) -> str:
    return "".join(sign.casefold() for sign in signs)


def _core(word: str) -> str:
    """A word without the marks around it; those within it are its spelling, and stay."""
    said = [place for place, sign in enumerate(word) if _is_said(sign)]
    return word[said[0] : said[-1] + 1]


def _cased(core: str, letters: Sequence[str]) -> str:
    """The word in the case of ``letters``, unless that would spell it otherwise, as ``SS`` does for ``ß``."""
    if sum(map(_is_said, core)) != len(letters):
        return core
    rest = iter(letters)
    return "".join(_case_of(next(rest), sign) if _is_said(sign) else sign for sign in core)


def _case_of(letter: str, sign: str) -> str:
    """``letter``, if it is ``sign`` in either case, and no look-alike of it."""
    return letter if letter in (sign.lower(), sign.upper()) else sign


def _parted(gap: str, blank: str, *, between_digits: str) -> tuple[str, str, str]:
    """What stands between two words: marks after the first, a blank, and marks before the second."""
    if " " not in gap:
        if between_digits.isdigit():
            return "", blank, ""
        return gap, "" if gap and gap[-1] in _DASHES else blank, ""
    trail, _, lead = gap.rpartition(" ")
    if opening := _TRAILING_OPENING.search(trail):
        trail, lead = trail[: opening.start()], f"{opening[0].strip()} {lead}"
    return trail.rstrip(), blank, _opening(lead)


def _opening(marks: str) -> str:
    """The marks with which something may begin."""
    return "".join(sign for sign in marks if sign in _OPENING or sign == " ").lstrip()
