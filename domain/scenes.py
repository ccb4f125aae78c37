"""Scenes: the lines of a script in portions that one clip can hold."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from domain.errors import ErrorCode, RecastError
from domain.script import Line
from domain.sentences import ends_clause
from domain.transcript import Chapter
from domain.words import TimedWord, join_texts, time_words, words_of

MAX_SCENE_SECONDS = 8.0
"""What most video models film in one take."""
MIN_SCENE_SECONDS = 3.0
"""A shorter scene is a crumb: over before viewers have seen who is in it."""
MIN_FILM_SECONDS = 2.0
"""No clip is shorter, however quickly its lines are said."""
MAX_SCENE_LINES = 60
"""Nobody says so many in one take. Lines of a few milliseconds, of a broken file, would all fit into one scene, and
each would be tried as the end of each."""

PAUSE_SECONDS = 0.8
LONG_PAUSE_SECONDS = 2.0

# What a border between two scenes costs. Below zero it is welcome even where both would fit into one clip; above, it is
# drawn only where the cap asks for one. Text plays no part: an edit of words leaves the borders where they are.
BORDER_COST = 10
PAUSE_RELIEF = 7
LONG_PAUSE_RELIEF = 12
SPEAKER_RELIEF = 11
CUT_LINE_COST = 20
CLAUSE_END_SECONDS = 1.0
"""A cut in a line that is too long goes to the end of a clause if that is at most so much farther from the ideal."""


class Scene(BaseModel):
    """Lines that are filmed as one clip. ``index`` counts from 1; ``start`` and ``end`` are seconds of the source.

    ``title`` is that of the chapter. Scenes follow one another in the film without gaps, whatever silence lay between
    them in the source.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    start: float
    end: float
    lines: tuple[Line, ...]
    title: str | None = None

    @property
    def text(self) -> str:
        return join_texts(line.text for line in self.lines)

    @property
    def line_ids(self) -> tuple[int, ...]:
        """The lines of the script that it shows, each once, whole or in part."""
        return tuple(dict.fromkeys(line.id for line in self.lines))

    @property
    def duration(self) -> float:
        """Seconds of film: those of the speech, but at least ``MIN_FILM_SECONDS``."""
        return max(MIN_FILM_SECONDS, self.end - self.start)


def split_scenes(
    lines: Sequence[Line],
    *,
    max_seconds: float = MAX_SCENE_SECONDS,
    min_seconds: float = MIN_SCENE_SECONDS,
    breaks: Sequence[float] = (),
    chapters: Sequence[Chapter] = (),
) -> list[Scene]:
    """Group spoken lines into scenes no longer than ``max_seconds``.

    A scene ends at every break (``breaks`` and the starts of ``chapters``, seconds of the source, moved to the nearest
    end of a line), and else where its border costs least: at a pause, where the speaker changes, at the end of a line.
    A line is cut, between words, only if it is longer than the cap alone. A scene is shorter than ``min_seconds`` only
    where no neighbour in its chapter can take it in. Raises ``RecastError(EMPTY_SCRIPT)`` when no line has text, and
    ``ValueError`` when the cap is below ``MIN_FILM_SECONDS``.
    """
    if max_seconds < MIN_FILM_SECONDS:
        raise ValueError(f"max_seconds is {max_seconds}, below the shortest clip of {MIN_FILM_SECONDS} seconds")
    spoken = [line for line in lines if line.text.strip()]
    if not spoken:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    scenes: list[Scene] = []
    for section in _sections(spoken, sorted({*breaks, *(chapter.start for chapter in chapters)})):
        title = title_of(section[0], chapters)
        pieces = [piece for line in section for piece in pieces_of(line, max_seconds)]
        for places in group(pieces, max_seconds, min_seconds):
            lines_of_scene = tuple(pieces[place].line for place in places)
            start, end = lines_of_scene[0].start, max(line.end for line in lines_of_scene)
            scenes.append(Scene(index=len(scenes) + 1, start=start, end=end, lines=lines_of_scene, title=title))
    return scenes


class Piece(NamedTuple):
    """A line, or a part of one; ``is_cut`` says that the part before it belongs to the same line, ``is_joined`` that
    its user wants no border before it."""

    line: Line
    is_cut: bool
    is_joined: bool = False


def middle_of(line: Line) -> float:
    return (line.start + line.end) / 2


def title_of(line: Line, chapters: Sequence[Chapter]) -> str | None:
    """The title of the chapter that a line belongs to."""
    begun = [chapter for chapter in chapters if chapter.start <= middle_of(line)]
    return max(begun, key=lambda chapter: chapter.start).title if begun else None


def _sections(lines: Sequence[Line], breaks: Sequence[float]) -> list[list[Line]]:
    """Lines between two breaks. A line earlier than the one above it was moved by hand, and begins a section too."""
    sections = [[lines[0]]]
    for above, line in pairwise(lines):
        if bisect_right(breaks, middle_of(above)) != bisect_right(breaks, middle_of(line)) or line.start < above.start:
            sections.append([])
        sections[-1].append(line)
    return sections


def pieces_of(line: Line, max_seconds: float) -> list[Piece]:
    """The line itself, or parts of it of about equal length, none longer than the cap."""
    if line.end - line.start <= max_seconds:
        return [Piece(line, is_cut=False)]
    words = time_words(words_of(line.text), line.start, line.end)
    pieces: list[Piece] = []
    first = 0
    while first < len(words):
        start, rest = words[first].start, words[-1].end - words[first].start
        cut = len(words)
        if rest > max_seconds:
            ideal_end = start + rest / ceil(rest / max_seconds)
            fitting = bisect_right(words, max_seconds, first, key=lambda word: word.end - start)
            # A single word longer than the cap stays whole and loses its last seconds.
            last = max(fitting, first + 1)
            cut = min(range(first + 1, last + 1), key=lambda place: _misfit(words[place - 1], ideal_end))
        text = "".join(word.text for word in words[first:cut]).strip()
        end = min(words[cut - 1].end, start + max_seconds)
        pieces.append(Piece(line.model_copy(update={"text": text, "start": start, "end": end}), is_cut=bool(pieces)))
        first = cut
    return pieces


def _misfit(last: TimedWord, ideal_end: float) -> float:
    return abs(last.end - ideal_end) - (CLAUSE_END_SECONDS if ends_clause(last.text) else 0)


def group(pieces: Sequence[Piece], max_seconds: float, min_seconds: float) -> Iterator[range]:
    """The cheapest way to group neighbours, by their places: as few borders before joined pieces as can be, then as few
    crumbs, then the least cost of borders, then the longest scenes first. Found from the last piece backwards, so that
    every rest is divided once.
    """
    count = len(pieces)
    # For the rest from each piece on: unwanted borders, crumbs, cost, and (negated) the piece with which its second
    # scene begins.
    best: list[tuple[int, int, int, int]] = [(0, 0, 0, -count)] * (count + 1)
    costs = [0, *(_border_cost(before.line, after) for before, after in pairwise(pieces)), 0]
    for first in reversed(range(count)):
        start, end = pieces[first].line.start, pieces[first].line.end
        choices: list[tuple[int, int, int, int]] = []
        for following in range(first + 1, min(first + MAX_SCENE_LINES, count) + 1):
            end = max(end, pieces[following - 1].line.end)
            if choices and end - start > max_seconds:
                break
            unwanted, crumbs, cost, _ = best[following]
            cost += costs[following]
            unwanted += following < count and pieces[following].is_joined
            choices.append((unwanted, crumbs + (end - start < min_seconds), cost, -following))
        best[first] = min(choices)
    first = 0
    while first < count:
        following = -best[first][3]
        yield range(first, following)
        first = following


def _border_cost(before: Line, after: Piece) -> int:
    pause = after.line.start - before.end
    cost = BORDER_COST
    if pause >= LONG_PAUSE_SECONDS:
        cost -= LONG_PAUSE_RELIEF
    elif pause >= PAUSE_SECONDS:
        cost -= PAUSE_RELIEF
    if before.speaker != after.line.speaker:
        cost -= SPEAKER_RELIEF
    if after.is_cut:
        cost += CUT_LINE_COST
    return cost
