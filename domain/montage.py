"""The montage: the scenes of a script as it is edited.

**An edit changes its own scenes alone.** Scenes come from the lines as they were imported (`domain/scenes.py`), and
each line keeps the scene it fell into; what is cut, removed, moved, parted or joined changes the scenes it touches, and
no other. If borders were drawn anew after every edit, one line less would shift all that follow, and every scene behind
it would be filmed, and paid for, again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from itertools import pairwise

from domain.choosing import picked
from domain.errors import ErrorCode, RecastError
from domain.scenes import (
    MAX_SCENE_SECONDS,
    MIN_SCENE_SECONDS,
    Piece,
    Scene,
    group,
    middle_of,
    pieces_of,
    split_scenes,
    title_of,
)
from domain.script import Line, Script
from domain.summary import Summary, summarise
from domain.trims import kept_lines


def scenes_of(
    script: Script,
    *,
    max_seconds: float = MAX_SCENE_SECONDS,
    min_seconds: float = MIN_SCENE_SECONDS,
    target_seconds: float = 0,
    chosen: Collection[int] = (),
) -> list[Scene]:
    """The scenes that a script is filmed in, none longer than ``max_seconds``; of a script that nobody has edited,
    those of `split_scenes`. With a target length only the lines are filmed that it leaves: those that come from the
    imported lines ``chosen``, by id, or those that the rules keep.

    Where lines between two of a scene are gone, the scene closes the gap: its ``end`` is then its start and length, and
    not a second of the source. A scene that its user has joined is parted again where the cap asks for it. Raises
    ``RecastError(EMPTY_SCRIPT)`` when nothing is left.
    """
    imported = _summary(script.imported, script, target_seconds, chosen)
    usual = split_scenes(
        imported.lines,
        max_seconds=max_seconds,
        min_seconds=min_seconds,
        breaks=imported.breaks,
        chapters=script.chapters,
    )
    if not script.as_imported:
        return usual
    lines = [line for line in summary_of(script, target_seconds, chosen).lines if line.text.strip()]
    if not lines:
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "Everything in this script is cut; there is nothing to film.")
    pieces = [piece for line in lines for piece in pieces_of(line, max_seconds)]
    known, reel = _Usual(usual, script), _Reel(script)
    scenes: list[Scene] = []
    for run in _runs(pieces, script, known):
        is_long = reel.end_of([piece.line for piece in run]) - run[0].line.start > max_seconds
        for places in group(reel.closed(run), max_seconds, min_seconds) if is_long else (range(len(run)),):
            shown = [run[place].line for place in places]
            scenes.append(
                Scene(
                    index=len(scenes) + 1,
                    start=shown[0].start,
                    end=reel.end_of(shown),
                    lines=tuple(shown),
                    title=known.title(shown[0]),
                )
            )
    return scenes


def summary_of(script: Script, target_seconds: float, chosen: Collection[int] = ()) -> Summary:
    """The lines that are filmed: what the cuts leave or, with a target length, what is ``chosen`` of that or else what
    the rules keep. It goes by the words as they were imported, so that an edit of words chooses no other lines."""
    return _summary(kept_lines(script.lines, script.cuts), script, target_seconds, chosen)


def _summary(lines: Sequence[Line], script: Script, target_seconds: float, chosen: Collection[int]) -> Summary:
    if not target_seconds:
        return Summary(tuple(lines))
    if chosen and (summary := picked(lines, script, chosen)).lines:
        return summary
    imported = {(line.id, line.start, line.end): line for line in script.imported}
    edited = {(line.id, line.start, line.end): line for line in lines}
    kept = summarise(
        [imported.get(key, line) for key, line in edited.items()], target_seconds, chapters=script.chapters
    )
    return Summary(tuple(edited[line.id, line.start, line.end] for line in kept.lines), kept.breaks)


def seen_lines(scenes: Sequence[Sequence[Line]], script: Script) -> list[Sequence[Line]]:
    """The lines of each scene at the times at which they are seen, which are those of the source as long as nothing
    between them is missing."""
    reel = _Reel(script)
    runs = ([Piece(line, is_cut=False) for line in lines] for lines in scenes)
    return [[piece.line for piece in reel.closed(run)] if run else [] for run in runs]


class _Usual:
    """Into which scene a piece falls by what was imported. Pieces that fall into the same one stay together, if nothing
    stands between them."""

    def __init__(self, scenes: Sequence[Scene], script: Script) -> None:
        self._scenes = scenes
        self._starts = [scene.start for scene in scenes]
        self._chapters = script.chapters
        self._known = {(line.id, line.start, line.end): scene.index for scene in scenes for line in scene.lines}

    def title(self, line: Line) -> str | None:
        scene, beside = self.place(line)
        return title_of(line, self._chapters) if beside else self._scenes[scene - 1].title

    def place(self, line: Line) -> tuple[int, int]:
        """The number of the scene and, for what lies in none of them but after it, that of its chapter."""
        if known := self._known.get((line.id, line.start, line.end)):
            return known, 0
        before = bisect_right(self._starts, middle_of(line))
        if before and middle_of(line) < self._scenes[before - 1].end:
            return before, 0
        return before, 1 + sum(chapter.start <= middle_of(line) for chapter in self._chapters)


class _Reel:
    """Where lines follow one another as in the source, and how long they last if the gaps between others are closed."""

    def __init__(self, script: Script) -> None:
        self._middles = sorted(middle_of(line) for line in script.imported)
        self._cuts = script.cuts

    def closed(self, run: Sequence[Piece]) -> list[Piece]:
        """The pieces at the times at which they are seen: unmoved, as long as nothing between them is missing."""
        shift, end, seen = 0.0, run[0].line.start, []
        for place, piece in enumerate(run):
            line = piece.line
            if place and not self._follows(run[place - 1].line, line):
                shift = end - line.start
            if shift:
                line = line.model_copy(update={"start": line.start + shift, "end": line.end + shift})
            end = max(end, line.end)
            seen.append(piece._replace(line=line))
        return seen

    def end_of(self, lines: Sequence[Line]) -> float:
        if all(self._follows(before, after) for before, after in pairwise(lines)):
            return max(line.end for line in lines)
        return round(max(piece.line.end for piece in self.closed([Piece(line, is_cut=False) for line in lines])), 3)

    def _follows(self, before: Line, after: Line) -> bool:
        if after.start < before.start:
            return False
        if any(cut.start < after.start and before.end < cut.end for cut in self._cuts):
            return after.start <= before.end
        return bisect_right(self._middles, before.end) >= bisect_left(self._middles, after.start)


def _runs(pieces: Sequence[Piece], script: Script, usual: _Usual) -> list[list[Piece]]:
    """Pieces of one scene each, unless they are too long together."""
    breaks, joins = set(script.breaks), set(script.joins)
    met: set[int] = set()
    runs: list[list[Piece]] = []
    for place, piece in enumerate(pieces):
        line = piece.line
        is_first = line.id not in met
        met.add(line.id)
        is_joined = is_first and line.id in joins
        differs = place == 0 or usual.place(line) != usual.place(pieces[place - 1].line)
        if place == 0 or (is_first and line.id in breaks) or (differs and not is_joined):
            runs.append([])
        runs[-1].append(piece._replace(is_joined=is_joined))
    return runs
