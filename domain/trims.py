"""Trims: what is left of lines when seconds of the source are cut out."""

from collections.abc import Sequence
from itertools import groupby

from domain.script import Cut, Line
from domain.words import TimedWord, time_words, words_of


def kept_lines(lines: Sequence[Line], cuts: Sequence[Cut]) -> list[Line]:
    """The lines without what is said within a cut. A word goes whole, if its middle is in the cut; a line with a cut
    in its midst becomes two, which share its id."""
    return [kept for line in lines for kept in _kept(line, cuts)]


def _kept(line: Line, cuts: Sequence[Cut]) -> list[Line]:
    touching = [cut for cut in cuts if cut.start <= line.end and line.start <= cut.end]
    words = time_words(words_of(line.text), line.start, line.end) if touching else []
    if not any(_is_cut(word, touching) for word in words):
        return [line]
    return [
        _line_of(line, list(run))
        for is_cut, run in groupby(words, key=lambda word: _is_cut(word, touching))
        if not is_cut
    ]


def _is_cut(word: TimedWord, cuts: Sequence[Cut]) -> bool:
    middle = (word.start + word.end) / 2
    return any(cut.start <= middle < cut.end for cut in cuts)


def _line_of(line: Line, words: Sequence[TimedWord]) -> Line:
    return line.model_copy(
        update={
            "text": "".join(word.text for word in words).strip(),
            "start": round(words[0].start, 3),
            "end": round(words[-1].end, 3),
        }
    )


def with_cut(cuts: Sequence[Cut], new: Cut) -> tuple[Cut, ...]:
    """The cuts and a new one, in order; those that touch become one."""
    touching = [cut for cut in cuts if cut.start <= new.end and new.start <= cut.end]
    whole = Cut(start=min(cut.start for cut in (new, *touching)), end=max(cut.end for cut in (new, *touching)))
    return tuple(sorted([*(cut for cut in cuts if cut not in touching), whole], key=lambda cut: cut.start))


def without_cut(cuts: Sequence[Cut], back: Cut) -> tuple[Cut, ...]:
    """The cuts less those seconds."""
    parts = [
        part
        for cut in cuts
        for part in (
            Cut(start=cut.start, end=min(cut.end, back.start)),
            Cut(start=max(cut.start, back.end), end=cut.end),
        )
    ]
    return tuple(dict.fromkeys(part for part in parts if part.start < part.end))
