"""Speech: lines as they are spoken, where each stands in its scene, and how much faster one may be spoken to fit."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby, pairwise
from math import ceil
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.words import TimedWord, is_unspaced, words_of

MOST_PACE = 1.25
"""Faster than that, listeners notice that somebody is in a hurry."""
PACE_STEP = 0.05
"""A scene that is a hair longer does not have its lines made anew."""
GAP_SECONDS = 0.15
"""Between two lines of a scene, at least."""
MARKED_SHARE = 0.5
"""Of the words, so many must have a time of their own; else none is believed."""
LETTERS_PER_SECOND_SLOW, LETTERS_PER_SECOND_FAST = 9.0, 20.0
SYLLABLES_PER_SECOND_SLOW, SYLLABLES_PER_SECOND_FAST = 3.0, 8.0
LETTERS_PER_SECOND, SYLLABLES_PER_SECOND = 14.0, 5.0
"""Of scripts without spaces, where a letter is about a syllable."""
DIGIT_LETTERS, SYMBOL_LETTERS = 5, 7
"""What is written with one sign and said with a word: 1998 is nineteen ninety-eight, and % is per cent."""
_SAID_SYMBOLS = frozenset("%&@#+=")
BREATH_SECONDS = 1.0
"""Silence that a service may add to a line and charge for."""


class SpokenLine(BaseModel):
    """A line of a script, or the part of it that one scene shows, as sound. ``key`` identifies the sound; ``seconds``
    is its length; ``words`` are from its start, and empty where the engine does not tell; ``reading`` is how often its
    user has had it spoken again."""

    model_config = ConfigDict(frozen=True)

    line_id: int
    character_id: UUID | None
    text: str
    key: str
    seconds: float
    words: tuple[TimedWord, ...] = ()
    reading: int = 0


class PlacedLine(BaseModel):
    """A spoken line in its scene. ``start`` is in seconds from the scene's start."""

    model_config = ConfigDict(frozen=True)

    line: SpokenLine
    start: float

    @property
    def end(self) -> float:
        return self.start + self.line.seconds


def is_speakable(text: str) -> bool:
    """Whether there is a letter or a digit in it: punctuation alone is a pause."""
    return any(sign.isalnum() for sign in text)


def pace_for(lengths: Sequence[float], seconds: float, *, most: float = MOST_PACE) -> float:
    """How much faster lines of these ``lengths`` have to be spoken to fit into ``seconds``: 1 if they do, in steps of
    ``PACE_STEP``, and never more than ``most``."""
    room = seconds - GAP_SECONDS * (len(lengths) - 1)
    spoken = sum(lengths)
    if spoken <= room:
        return 1.0
    if room <= 0:
        return most
    steps = ceil(round((spoken / room - 1) / PACE_STEP, 6))
    return min(most, round(1 + steps * PACE_STEP, 2))


def place_lines(lines: Sequence[SpokenLine], starts: Sequence[float], seconds: float) -> tuple[PlacedLine, ...]:
    """``lines`` in order, each where the source has it (``starts``, seconds from the scene's start) if the one before
    it is over by then. Where the scene of ``seconds`` would be too short, pauses are given up from its end backwards;
    lines that have no room even then go on beyond it, and nothing overlaps."""
    placed: list[float] = []
    free = 0.0
    for line, start in zip(lines, starts, strict=True):
        placed.append(max(start, free))
        free = placed[-1] + line.seconds + GAP_SECONDS
    limit = seconds
    for place in reversed(range(len(placed))):
        placed[place] = min(placed[place], limit - lines[place].seconds)
        limit = placed[place] - GAP_SECONDS
    free = 0.0
    for place, line in enumerate(lines):
        placed[place] = max(placed[place], free)
        free = placed[place] + line.seconds + GAP_SECONDS
    return tuple(PlacedLine(line=line, start=round(start, 3)) for line, start in zip(lines, placed, strict=True))


def words_at(text: str, marks: Sequence[tuple[int, float]], seconds: float) -> tuple[TimedWord, ...]:
    """The words of ``text`` with their times, from ``marks`` of an engine: the place of a letter and the second at
    which it is said, in order. A word without a mark shares the time between its neighbours' marks. Nothing where too
    few words have one."""
    words = words_of(text)
    begins: list[float | None] = []
    waiting = [mark for mark in marks if 0 <= mark[1] <= seconds]
    at = len(text) - len(text.lstrip())
    for word in words:
        end = at + len(word)
        own = [second for letter, second in waiting if at <= letter < end]
        begins.append(own[0] if own else None)
        at = end
    if not words or sum(begin is not None for begin in begins) < MARKED_SHARE * len(words):
        return ()
    times = _filled(begins, seconds)
    ends = [*times[1:], seconds]
    return tuple(
        TimedWord(word, round(start, 3), round(max(start, end), 3))
        for word, start, end in zip(words, times, ends, strict=True)
    )


def marks_of(text: str, phonemes: Sequence[tuple[str, float]]) -> list[tuple[int, float]]:
    """Marks for `words_at`, from an engine that tells when each phoneme of a text is said, blanks between words among
    them. Nothing where the engine has made one of two words, or two of one: nobody knows then which is which."""
    begins = [next(said)[1] for is_blank, said in groupby(phonemes, lambda one: one[0].isspace()) if not is_blank]
    places = [word.start() for word in re.finditer(r"\S+", text)]
    return list(zip(places, begins, strict=True)) if len(places) == len(begins) else []


def _filled(begins: Sequence[float | None], seconds: float) -> list[float]:
    """Times that never go back, those that are missing spread evenly between the known ones."""
    known = [(0, begins[0] or 0.0)]
    for place, begin in enumerate(begins[1:], start=1):
        if begin is not None and begin >= known[-1][1]:
            known.append((place, begin))
    known.append((len(begins), seconds))
    times: list[float] = []
    for (place, second), (next_place, next_second) in pairwise(known):
        step = (next_second - second) / (next_place - place)
        times += [second + step * number for number in range(next_place - place)]
    return times


def likely_seconds(text: str) -> float:
    """How long ``text`` usually takes to say."""
    letters, syllables = _counts(text)
    return letters / LETTERS_PER_SECOND + syllables / SYLLABLES_PER_SECOND


def estimated_seconds(text: str) -> tuple[float, float]:
    """How long ``text`` may take to say, at least and at most, before anybody has said it."""
    letters, syllables = _counts(text)
    least = letters / LETTERS_PER_SECOND_FAST + syllables / SYLLABLES_PER_SECOND_FAST
    most = letters / LETTERS_PER_SECOND_SLOW + syllables / SYLLABLES_PER_SECOND_SLOW + BREATH_SECONDS
    return least, most


def _counts(text: str) -> tuple[int, int]:
    """Letters of words, each with a blank, and letters that are words of their own."""
    words = [word.strip() for word in words_of(text)]
    return sum(_letters(word) for word in words if not is_unspaced(word)), sum(is_unspaced(word) for word in words)


def _letters(word: str) -> int:
    """As it is said, with a blank."""
    digits = sum(sign.isdigit() for sign in word)
    symbols = sum(sign in _SAID_SYMBOLS or unicodedata.category(sign) == "Sc" for sign in word)
    return len(word) + 1 + digits * (DIGIT_LETTERS - 1) + symbols * (SYMBOL_LETTERS - 1)
