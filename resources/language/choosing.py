"""The question for a summary: numbered lines, of which those are to be kept that tell the whole in so many seconds."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.choosing import Candidate, Passage, bounds
from domain.transcript import Chapter
from resources.language.directing import cut
from resources.language.question import TOKENS_OF_THOUGHT, Form, Message, Question, filled, material, version_of

TEMPLATES = ("choosing", "lines", "choose_again")

LETTERS = 200_000
"""Shared out among the lines: some three hours of speech are shown whole."""
MAX_TITLE_LETTERS = 200
TOKENS_PER_SECOND = 4
"""A passage of four seconds is named with a dozen tokens."""


class Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first: int = Field(description="The number of the first line of a passage that is kept.")
    last: int = Field(description="The number of its last line; the same, if it is one line.")


class Chosen(BaseModel):
    """The form that is asked for."""

    model_config = ConfigDict(extra="forbid")

    passages: list[Kept] = Field(description="The passages that are kept, in the order of the script.")


FORM = Form("chosen", Chosen.model_json_schema())


def template_version() -> str:
    return version_of(*TEMPLATES)


def ask(
    candidates: Sequence[Candidate],
    target_seconds: int,
    *,
    title: str,
    chapters: Sequence[Chapter] = (),
    objection: str | None = None,
    rejected: Sequence[Passage] = (),
) -> Question:
    """The question which lines to keep. With an ``objection`` to what was ``rejected`` it is asked a second time, and
    more room is given."""
    least, most = bounds(candidates, target_seconds)
    document = {
        "title": cut(title, MAX_TITLE_LETTERS),
        "target_seconds": target_seconds,
        "lines": _lines(candidates, chapters),
    }
    seconds = {"least": f"{least:.0f}", "most": f"{most:.0f}", "target": target_seconds}
    messages = [
        Message("system", filled("choosing", **seconds)),
        Message("user", filled("lines", document=material(document))),
    ]
    room = TOKENS_OF_THOUGHT + TOKENS_PER_SECOND * target_seconds
    if objection:
        earlier = material({"passages": [one._asdict() for one in rejected]})
        messages.append(Message("user", filled("choose_again", objection=objection, earlier=earlier)))
        room *= 2
    return Question(tuple(messages), FORM, room)


def read(content: str) -> list[Passage] | None:
    """The passages in an answer; None when there is nothing to be read in it."""
    try:
        return [Passage(one.first, one.last) for one in Chosen.model_validate_json(content).passages]
    except ValidationError:
        return None


def _lines(candidates: Sequence[Candidate], chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    """What is known of the lines; a chapter stands with the first line of it."""
    letters = LETTERS // max(1, len(candidates))
    waiting = sorted(chapters, key=lambda chapter: chapter.start)
    listed: list[dict[str, Any]] = []
    speaker: str | None = None
    for number, one in enumerate(candidates, start=1):
        line: dict[str, Any] = {"line": number, "seconds": round(one.seconds, 1), "text": cut(one.text, letters)}
        while waiting and waiting[0].start < one.start + one.seconds:
            line["chapter"] = cut(waiting.pop(0).title, MAX_TITLE_LETTERS)
        if one.speaker and one.speaker != speaker:
            line["speaker"] = one.speaker
        speaker = one.speaker
        listed.append(line)
    return listed
