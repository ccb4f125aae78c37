"""Choosing: the lines of a long script that a language model keeps for a short film.

It chooses among numbered lines, so it cannot make anybody say what they have not said; and its choice is checked for
lines that are there, for their order and for their length. A choice goes by the lines as they were imported: whoever
edits words, cuts or moves has the same lines chosen, less what is cut, and no scene is filmed again for it.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from domain.script import Line, Script
from domain.summary import TOLERANCE, Summary, summary_at
from domain.trims import kept_lines
from domain.words import join_texts

LEAST_LEFT = 0.5
"""Of the target. When more of a choice is cut, what is left tells no story, and lines are chosen anew."""


class Objection(StrEnum):
    """Why a choice is not taken. Users read it, and the model, once, to do better."""

    NOTHING = "The answer keeps no line."
    UNKNOWN = "The answer keeps lines that are not there."
    OUT_OF_ORDER = "The answer does not keep lines in their order, each once."


class Candidate(NamedTuple):
    """A line that may be kept. ``line_id`` is that of the imported line, ``text`` and ``seconds`` are what edits have
    left of it."""

    line_id: int
    text: str
    seconds: float
    start: float
    speaker: str | None


class Passage(NamedTuple):
    """Candidates that are kept, by their numbers from 1 on, the last one included."""

    first: int
    last: int


class Origins:
    """Which imported line a line of the script comes from: parts of one that was split come from the same."""

    def __init__(self, script: Script) -> None:
        imported = sorted(script.imported, key=lambda line: line.start)
        self._ids = {line.id for line in imported}
        self._order = [line.id for line in imported]
        self._starts = [line.start for line in imported]

    def of(self, line: Line) -> int:
        if line.id in self._ids:
            return line.id
        place = bisect_right(self._starts, (line.start + line.end) / 2) - 1
        return self._order[max(0, place)]


def candidates_of(script: Script) -> list[Candidate]:
    """What is not cut of a script, in the order in which it is filmed, a candidate per imported line."""
    origins = Origins(script)
    parts: dict[int, list[Line]] = {}
    for line in kept_lines(script.lines, script.cuts):
        if line.text.strip():
            parts.setdefault(origins.of(line), []).append(line)
    return [
        Candidate(
            line_id,
            join_texts(line.text for line in lines),
            sum(max(0.0, line.end - line.start) for line in lines),
            lines[0].start,
            lines[0].speaker,
        )
        for line_id, lines in parts.items()
    ]


def has_to_choose(candidates: Sequence[Candidate], target_seconds: float) -> bool:
    """Whether a script is longer than its film, as `summarise` sees it."""
    return bool(target_seconds) and _seconds(candidates) > target_seconds * (1 + TOLERANCE)


def bounds(candidates: Sequence[Candidate], target_seconds: float) -> tuple[float, float]:
    """How many seconds a choice lasts at least and at most: a tenth off the target or, of long lines, half a line."""
    allowed = max(TOLERANCE * target_seconds, max(one.seconds for one in candidates) / 2)
    return max(LEAST_LEFT * target_seconds, target_seconds - allowed), target_seconds + allowed


def objection(passages: Sequence[Passage], candidates: Sequence[Candidate], target_seconds: float) -> str | None:
    """The first reason not to take a choice, or None."""
    if not passages:
        return Objection.NOTHING
    if any(not 1 <= one.first <= one.last <= len(candidates) for one in passages):
        return Objection.UNKNOWN
    if any(one.last >= other.first for one, other in pairwise(passages)):
        return Objection.OUT_OF_ORDER
    seconds = _seconds([one for passage in passages for one in candidates[passage.first - 1 : passage.last]])
    least, most = bounds(candidates, target_seconds)
    if not least <= seconds <= most:
        return f"The lines that the answer keeps last {seconds:.1f} seconds; from {least:.1f} to {most:.1f} are needed."
    return None


def chosen_ids(passages: Sequence[Passage], candidates: Sequence[Candidate]) -> tuple[int, ...]:
    """The ids of the imported lines in passages to which there is no objection."""
    return tuple(one.line_id for passage in passages for one in candidates[passage.first - 1 : passage.last])


def still_tells(chosen: Collection[int], script: Script, target_seconds: float) -> bool:
    """Whether enough of a choice is left in a script as it is edited now."""
    left = _seconds([one for one in candidates_of(script) if one.line_id in chosen])
    return left >= LEAST_LEFT * target_seconds


def picked(lines: Sequence[Line], script: Script, chosen: Collection[int]) -> Summary:
    """Those of a script's lines that come from chosen ones; it may be none."""
    origins = Origins(script)
    spoken = [line for line in lines if line.text.strip()]
    return summary_at(spoken, [place for place, line in enumerate(spoken) if origins.of(line) in chosen])


def _seconds(candidates: Sequence[Candidate]) -> float:
    return sum(one.seconds for one in candidates)
