"""Narration: which lines a film says, who says each, and when in its scene."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.characters import CastMember
from domain.director import who_plays
from domain.montage import seen_lines
from domain.scenes import Scene
from domain.script import Line, Script
from domain.speech import PlacedLine, is_speakable

SAME_MOMENT_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a scene, or the part of it that the scene shows. ``member`` says it, or the narrator if that is None;
    ``start`` is when the source has it, in seconds from the scene's start, without what is cut out between them;
    ``reading`` is how often the user has had it spoken again."""

    scene_index: int
    line_id: int
    member: CastMember | None
    text: str
    start: float
    reading: int = 0


@dataclass(frozen=True, slots=True)
class SceneOfLines:
    """A scene, the ids of its lines where the scene itself does not keep them, who has the picture, and how often its
    user has had it spoken again."""

    scene: Scene
    line_ids: Sequence[int]
    speaker: UUID | None
    reading: int = 0


def turns_of(scenes: Sequence[SceneOfLines], cast: Sequence[CastMember], script: Script) -> list[Turn]:
    """All that is said in ``scenes``, in order. Whom the script names is spoken by whoever plays them, also where
    several speak in one scene; a line of nobody's by who has the picture. Lines without a word are left out."""
    parts = who_plays([one.scene for one in scenes], cast, script) if cast else {}
    members = {member.character_id: member for member in cast}
    seen = seen_lines([one.scene.lines for one in scenes], script)
    return [
        turn for one, lines in zip(scenes, seen, strict=True) for turn in _turns(one, lines, parts, members, script)
    ]


def is_said(turns: Sequence[Turn], speech: Sequence[PlacedLine] | None) -> bool:
    """Whether ``speech``, which is kept of a scene, is all that it has to say, by whom it is to be said."""
    wanted = [
        (turn.line_id, turn.text, turn.member.character_id if turn.member else None, turn.reading) for turn in turns
    ]
    said = [placed.line for placed in speech or ()]
    kept = [(line.line_id, line.text, line.character_id, line.reading) for line in said]
    return speech is not None and wanted == kept


def _turns(
    one: SceneOfLines,
    lines: Sequence[Line],
    parts: Mapping[str, CastMember],
    members: Mapping[UUID, CastMember],
    script: Script,
) -> Iterator[Turn]:
    """``lines`` are those of the scene, at the times at which they are seen."""
    in_picture = members.get(one.speaker) if one.speaker else None
    for line, line_id in zip(lines, _ids(one, script), strict=True):
        if is_speakable(line.text):
            yield Turn(
                scene_index=one.scene.index,
                line_id=line_id,
                member=parts.get(line.speaker) if line.speaker else in_picture,
                text=line.text.strip(),
                start=max(0.0, line.start - one.scene.start),
                reading=one.reading,
            )


def _ids(one: SceneOfLines, script: Script) -> Sequence[int]:
    """The id of each line of the scene. Two parts of one line share theirs, which is told by their times."""
    lines = one.scene.lines
    if all(line.id for line in lines):
        return [line.id for line in lines]
    if len(one.line_ids) == len(lines):
        return one.line_ids
    whole = {line.id: line for line in script.lines}
    return [_id_of(line, [whole[one_id] for one_id in one.line_ids if one_id in whole]) for line in lines]


def _id_of(part: Line, lines: Sequence[Line]) -> int:
    for line in lines:
        if line.start - SAME_MOMENT_SECONDS <= part.start and part.end <= line.end + SAME_MOMENT_SECONDS:
            return line.id
    return min(lines, key=lambda line: abs(line.start - part.start)).id if lines else 0
