"""Captions to write."""

from domain.cues import Cue
from domain.words import time_words, words_of


def cue(*rows: str, start: float = 0.0, end: float = 2.0, has_word_times: bool = False) -> Cue:
    """The words of ``rows`` share its time."""
    words = [word for row in rows for word in words_of(row)]
    timed = iter(time_words(words, start, end))
    return Cue(start, end, tuple(tuple(next(timed) for _ in words_of(row)) for row in rows), has_word_times)
