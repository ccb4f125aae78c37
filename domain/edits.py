"""Edits of a script: what may be asked for, and the script that it makes."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.errors import ErrorCode, RecastError
from domain.montage import scenes_of
from domain.scenes import LONG_PAUSE_SECONDS, MAX_SCENE_SECONDS
from domain.script import Cut, Line, Script
from domain.trims import kept_lines, with_cut, without_cut
from domain.words import TimedWord, join_texts, time_words, words_of

MAX_EDITS = 200
MAX_TEXT_LETTERS = 2000
MAX_SPEAKER_LETTERS = 80
MAX_SPEAKERS = 100
MAX_CUTS = 500
MAX_SOURCE_SECONDS = 86_400.0
UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of Unicode that nobody can read: controls, halves of letters, line breaks. Signs that are newer than this
Python's Unicode are none of them."""
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of all that follows."""


def _readable(text: str) -> str:
    """The text without blanks around it, and one blank wherever there were more."""
    tidy = re.sub(r"\s+", " ", text.strip())
    if any(letter in TURNING or unicodedata.category(letter) in UNSEEN for letter in tidy):
        raise ValueError("has control characters in it")
    return tidy


def _spoken(text: str) -> str:
    tidy = _readable(text)
    if not any(letter.isalnum() for letter in tidy):
        raise ValueError("has no word in it; remove the line instead")
    return tidy


def _named(text: str) -> str:
    tidy = _readable(text)
    if not tidy:
        raise ValueError("is empty; send null for a line that nobody is named for")
    return tidy


Text = Annotated[str, Field(max_length=MAX_TEXT_LETTERS), AfterValidator(_spoken)]
Speaker = Annotated[str, Field(max_length=MAX_SPEAKER_LETTERS), AfterValidator(_named)]
LineId = Annotated[int, Field(ge=1, le=2**31 - 1, description="The id of a line.")]
Seconds = Annotated[float, Field(ge=0, le=MAX_SOURCE_SECONDS, allow_inf_nan=False, description="Of the source.")]


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SetText(_Edit):
    """The line says something else; its times stay."""

    op: Literal["set_text"]
    line: LineId
    text: Text


class SetSpeaker(_Edit):
    op: Literal["set_speaker"]
    line: LineId
    speaker: Speaker | None = Field(description="null: nobody is named.")


class RenameSpeaker(_Edit):
    """Every line of one speaker is another's; whoever plays the one plays the other."""

    op: Literal["rename_speaker"]
    from_: Speaker = Field(alias="from")
    to: Speaker


class CutOut(_Edit):
    """Leave out what is said in these seconds, word by word."""

    op: Literal["cut"]
    start: Seconds
    end: Seconds


class Uncut(_Edit):
    """Take back what was cut of these seconds."""

    op: Literal["uncut"]
    start: Seconds
    end: Seconds


class Remove(_Edit):
    """Take a line out; an older version still has it."""

    op: Literal["remove"]
    line: LineId


class Move(_Edit):
    """Put a line, or all from `line` through `through`, before another one, or last."""

    op: Literal["move"]
    line: LineId
    through: LineId | None = Field(default=None, description="The last line of a range, in the present order.")
    before: LineId | None = Field(description="null: to the end.")


class Split(_Edit):
    """A scene begins with this line."""

    op: Literal["split"]
    line: LineId


class Merge(_Edit):
    """The scene that begins with this line becomes one with the scene before it."""

    op: Literal["merge"]
    line: LineId


class SplitLine(_Edit):
    """One line becomes two; the second gets a new id."""

    op: Literal["split_line"]
    line: LineId
    at: int = Field(
        ge=1, le=MAX_TEXT_LETTERS, description="How many characters the first one keeps: a border of words."
    )


class MergeLines(_Edit):
    """A line and the one that follows become one, which keeps the first one's id."""

    op: Literal["merge_lines"]
    line: LineId


Edit = Annotated[
    SetText | SetSpeaker | RenameSpeaker | CutOut | Uncut | Remove | Move | Split | Merge | SplitLine | MergeLines,
    Field(discriminator="op"),
]


class _RefusedError(Exception):
    """Why one edit cannot be made, in words for users."""


def apply(script: Script, edits: Sequence[Edit]) -> Script:
    """The script with all edits made, one after the other; or none of them.

    Raises INVALID_REQUEST, which names the edit by its place (``edits[2]``) and says why it cannot be made, and
    EMPTY_SCRIPT when nothing would be left to film.
    """
    edited = script.changed(as_imported=script.imported)
    for place, edit in enumerate(edits):
        try:
            edited = _made(edited, edit)
        except _RefusedError as refusal:
            raise RecastError(ErrorCode.INVALID_REQUEST, f"edits[{place}] ({edit.op}): {refusal}") from refusal
    if not kept_lines(edited.lines, edited.cuts):
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "These edits leave nothing to film.")
    edited = edited.changed(as_imported=script.imported if _is_edited(edited, script.imported) else ())
    merged = {edit.line: place for place, edit in enumerate(edits) if isinstance(edit, Merge)}
    _require_joined(edited, {line: place for line, place in merged.items() if line in edited.joins})
    return edited


def _is_edited(script: Script, imported: Sequence[Line]) -> bool:
    return tuple(imported) != script.lines or bool(script.cuts or script.breaks or script.joins)


def _made(script: Script, edit: Edit) -> Script:
    match edit:
        case SetText():
            return _with_line(script, _line(script, edit.line).model_copy(update={"text": edit.text}))
        case SetSpeaker():
            changed = _with_line(script, _line(script, edit.line).model_copy(update={"speaker": edit.speaker}))
            return changed if changed.speakers == script.speakers else _not_too_many(changed)
        case RenameSpeaker():
            return _renamed(script, edit)
        case CutOut():
            return _cut(script, _range(script, edit))
        case Uncut():
            back = _range(script, edit)
            if not any(cut.start < back.end and back.start < cut.end for cut in script.cuts):
                raise _RefusedError("Nothing is cut there.")
            return script.changed(cuts=without_cut(script.cuts, back))
        case Remove():
            place = _place(script, edit.line)
            handed_on = _handed_on(script, place, place + 1)
            return handed_on.changed(lines=script.lines[:place] + script.lines[place + 1 :])
        case Move():
            return _moved(script, edit)
        case Split():
            _line(script, edit.line)
            return script.changed(breaks=_with(script.breaks, edit.line), joins=_without(script.joins, edit.line))
        case Merge():
            if _place(script, edit.line) == 0:
                raise _RefusedError("There is no scene before the first line.")
            return script.changed(breaks=_without(script.breaks, edit.line), joins=_with(script.joins, edit.line))
        case SplitLine():
            return _split_line(script, edit)
        case MergeLines():
            return _merge_lines(script, edit)


def _place(script: Script, line_id: int) -> int:
    for place, line in enumerate(script.lines):
        if line.id == line_id:
            return place
    raise _RefusedError(f"The script has no line {line_id}.")


def _line(script: Script, line_id: int) -> Line:
    return script.lines[_place(script, line_id)]


def _with_line(script: Script, changed: Line) -> Script:
    return script.changed(lines=tuple(changed if line.id == changed.id else line for line in script.lines))


def _with(ids: Sequence[int], one: int) -> tuple[int, ...]:
    return tuple(sorted({*ids, one}))


def _without(ids: Sequence[int], one: int) -> tuple[int, ...]:
    return tuple(other for other in ids if other != one)


def _not_too_many(script: Script) -> Script:
    if len(script.speakers) > MAX_SPEAKERS:
        raise _RefusedError(f"A script names at most {MAX_SPEAKERS} speakers.")
    return script


def _renamed(script: Script, edit: RenameSpeaker) -> Script:
    if all(line.speaker != edit.from_ for line in script.lines):
        named = ", ".join(dict.fromkeys(line.speaker for line in script.lines if line.speaker)) or "none"
        raise _RefusedError(f"The script names no speaker {edit.from_!r}. Its speakers are: {named}.")
    lines = tuple(
        line.model_copy(update={"speaker": edit.to}) if line.speaker == edit.from_ else line for line in script.lines
    )
    # The new name takes the place of the old one, and so its part.
    speakers = tuple(dict.fromkeys(edit.to if name == edit.from_ else name for name in script.speakers))
    return script.changed(lines=lines, speakers=speakers)


def _range(script: Script, edit: CutOut | Uncut) -> Cut:
    start, end = round(edit.start, 3), round(edit.end, 3)
    if start >= end:
        raise _RefusedError("The range must end after it starts.")
    first = min(line.start for line in script.imported)
    last = max(line.end for line in script.imported)
    if start >= last or end <= first:
        raise _RefusedError(f"The range lies outside of what is said, from {first:g} to {last:g} seconds.")
    return Cut(start=start, end=end)


def _cut(script: Script, cut: Cut) -> Script:
    cuts = with_cut(script.cuts, cut)
    if len(cuts) > MAX_CUTS:
        raise _RefusedError(f"A script has at most {MAX_CUTS} cuts.")
    return script.changed(cuts=cuts)


def _handed_on(script: Script, first: int, following: int) -> Script:
    """The line after some that go begins or joins a scene, if they did."""
    going = {line.id for line in script.lines[first:following]}
    heir = script.lines[following].id if following < len(script.lines) else None
    breaks, joins = set(script.breaks) - going, set(script.joins) - going
    if heir and heir not in breaks | joins:
        if going & set(script.breaks):
            breaks.add(heir)
        elif script.lines[first].id in script.joins:
            joins.add(heir)
    return script.changed(breaks=tuple(sorted(breaks)), joins=tuple(sorted(joins)))


def _moved(script: Script, edit: Move) -> Script:
    first = _place(script, edit.line)
    following = _place(script, edit.line if edit.through is None else edit.through) + 1
    if following <= first:
        raise _RefusedError("The range ends before it begins.")
    moved, rest = script.lines[first:following], script.lines[:first] + script.lines[following:]
    if edit.before in {line.id for line in moved}:
        raise _RefusedError("Lines cannot be moved before themselves.")
    to = (
        len(rest)
        if edit.before is None
        else next((place for place, line in enumerate(rest) if line.id == edit.before), -1)
    )
    if to < 0:
        raise _RefusedError(f"The script has no line {edit.before}.")
    if to == first:
        return script
    handed_on = _handed_on(script, first, following)
    # Borders between the moved lines go with them.
    inner = {line.id for line in moved[1:]}
    return handed_on.changed(
        lines=rest[:to] + moved + rest[to:],
        breaks=tuple(sorted({*handed_on.breaks, *(inner & set(script.breaks))})),
        joins=tuple(sorted({*handed_on.joins, *(inner & set(script.joins))})),
    )


def _split_line(script: Script, edit: SplitLine) -> Script:
    place = _place(script, edit.line)
    line = script.lines[place]
    words = time_words(words_of(line.text), line.start, line.end)
    number = _word_border(words, edit.at)
    texts = ["".join(word.text for word in part).strip() for part in (words[:number], words[number:])]
    middle = round(words[number].start, 3)
    parts = (
        line.model_copy(update={"text": texts[0], "end": middle}),
        line.model_copy(update={"text": texts[1], "start": middle, "id": script.last_id + 1}),
    )
    return script.changed(lines=script.lines[:place] + parts + script.lines[place + 1 :])


def _word_border(words: Sequence[TimedWord], at: int) -> int:
    """How many words end within ``at`` characters, if these end with a word or with the blanks after it."""
    said = 0
    for number, word in enumerate(words[:-1], start=1):
        word_end, said = said + len(word.text.rstrip()), said + len(word.text)
        if word_end <= at <= said:
            return number
    raise _RefusedError("A line is parted between two words.")


def _merge_lines(script: Script, edit: MergeLines) -> Script:
    place = _place(script, edit.line)
    if place + 1 == len(script.lines):
        raise _RefusedError("No line follows the last one.")
    line, after = script.lines[place : place + 2]
    if line.speaker != after.speaker:
        raise _RefusedError("The two lines have different speakers.")
    if after.start < line.start or after.start - line.end > LONG_PAUSE_SECONDS:
        raise _RefusedError("The two lines are not said one after the other in the source.")
    text = join_texts([line.text, after.text])
    if len(text) > MAX_TEXT_LETTERS:
        raise _RefusedError(f"Together they have more than {MAX_TEXT_LETTERS} letters.")
    whole = line.model_copy(update={"text": text, "end": max(line.end, after.end)})
    return script.changed(
        lines=(*script.lines[:place], whole, *script.lines[place + 2 :]),
        breaks=_without(script.breaks, after.id),
        joins=_without(script.joins, after.id),
    )


def _require_joined(script: Script, merged: Mapping[int, int]) -> None:
    """Raises INVALID_REQUEST where two scenes are too long for one clip, which no user could see otherwise. ``merged``
    are places of edits, by the line with which the second scene began."""
    if not merged:
        return
    parted = scenes_of(script.changed(joins=tuple(line for line in script.joins if line not in merged)))
    joined = [frozenset(scene.line_ids) for scene in scenes_of(script)]
    for before, scene in pairwise(parted):
        line_id = scene.lines[0].id
        if line_id not in merged or line_id in before.line_ids:
            continue
        wanted = {*before.line_ids, *scene.line_ids}
        if not any(wanted <= one for one in joined):
            raise RecastError(
                ErrorCode.INVALID_REQUEST,
                f"edits[{merged[line_id]}] (merge): Together the two scenes are longer than a clip, which lasts at most"
                f" {MAX_SCENE_SECONDS:g} seconds.",
            )
