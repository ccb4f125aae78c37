"""The script: clean lines with times and speakers. It is what creators edit and what scenes are made from."""

from pydantic import BaseModel, ConfigDict

from domain.transcript import Chapter


class Line(BaseModel):
    """One spoken sentence. ``start`` and ``end`` are seconds from the start of the source."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float
    speaker: str | None = None


class Script(BaseModel):
    model_config = ConfigDict(frozen=True)

    title: str
    language: str
    lines: tuple[Line, ...]
    chapters: tuple[Chapter, ...] = ()
