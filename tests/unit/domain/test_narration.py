"""What a film says, and when in its scenes."""

from collections.abc import Sequence

from domain.edits import CutOut, Remove, apply
from domain.montage import scenes_of
from domain.narration import SceneOfLines, Turn, is_said, turns_of
from domain.script import Line, Script
from domain.speech import PlacedLine, SpokenLine

TALK = Script(
    title="A talk",
    language="en",
    lines=tuple(
        Line(id=number, text=f"{name} line.", start=start, end=start + 1.5, speaker="Ada")
        for number, (name, start) in enumerate((("First", 0.0), ("Second", 2.0), ("Third", 4.0), ("Fourth", 6.0)), 1)
    ),
)


def turns(script: Script) -> list[Turn]:
    plan = scenes_of(script, max_seconds=10)
    assert len(plan) == 1
    return turns_of([SceneOfLines(plan[0], plan[0].line_ids, None)], [], script)


def starts(script: Script) -> list[float]:
    return [round(turn.start, 3) for turn in turns(script)]


def test_lines_stand_where_the_source_has_them() -> None:
    assert starts(TALK) == [0, 2, 4, 6]


def test_what_is_cut_out_between_two_lines_leaves_no_silence() -> None:
    """Those after it come earlier by as much, and keep their pauses."""
    assert starts(apply(TALK, [Remove(op="remove", line=2)])) == [0, 1.5, 3.5]
    assert starts(apply(TALK, [CutOut(op="cut", start=2, end=6)])) == [0, 1.5]


def speech(said: Sequence[Turn], **other: object) -> list[PlacedLine]:
    lines = (SpokenLine(line_id=turn.line_id, character_id=None, text=turn.text, key="k", seconds=1.0) for turn in said)
    return [PlacedLine(line=line.model_copy(update=other), start=0) for line in lines]


def test_a_scene_is_said_if_all_of_it_is_kept_by_the_same_voices() -> None:
    said = turns(TALK)
    assert is_said(said, speech(said))
    assert is_said([], [])
    assert not is_said(said, None)
    assert not is_said([], None)
    assert not is_said(said, speech(said[1:]))
    assert not is_said(said, speech(said, text="Other."))
