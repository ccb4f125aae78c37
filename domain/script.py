"""The script: clean lines with times and speakers. It is what creators edit and what scenes are made from."""

from itertools import count
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from domain.transcript import Chapter


class Line(BaseModel):
    """One spoken sentence. ``start`` and ``end`` are seconds from the start of the source; ``id`` names the line among
    those of its script, whatever is edited, and is 0 until it belongs to one."""

    model_config = ConfigDict(frozen=True)

    id: int = 0
    text: str
    start: float
    end: float
    speaker: str | None = None


class Cut(BaseModel):
    """Seconds of the source that are left out, from ``start`` to just before ``end``."""

    model_config = ConfigDict(frozen=True)

    start: float
    end: float


class Script(BaseModel):
    """``lines`` in the order in which they are filmed.

    ``breaks`` are lines with which a scene begins, ``joins`` lines with which none does, by the user's wish.
    ``speakers`` are all that the script has ever named, each at the place where it came first: who plays whom must not
    change because somebody's first line is cut. ``as_imported`` are the lines before any edit, once there was one: the
    borders of scenes come from them, so that an edit moves no border but its own. ``last_id`` is the highest id that a
    line has had: none is given twice.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    language: str
    lines: tuple[Line, ...]
    chapters: tuple[Chapter, ...] = ()
    cuts: tuple[Cut, ...] = ()
    breaks: tuple[int, ...] = ()
    joins: tuple[int, ...] = ()
    speakers: tuple[str, ...] = Field(default=(), validate_default=True)
    last_id: int = Field(default=0, validate_default=True)
    as_imported: tuple[Line, ...] = ()

    @property
    def imported(self) -> tuple[Line, ...]:
        return self.as_imported or self.lines

    def changed(self, **changes: Any) -> Self:
        """A script with other values in some fields, checked and numbered like any."""
        return type(self)(**{**dict(self), **changes})

    @field_validator("lines")
    @classmethod
    def _number(cls, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        """Lines without an id get the lowest free ones, in order: a script that was stored without has the same ids
        whenever it is read."""
        ids = [line.id for line in lines if line.id]
        taken = set(ids)
        if len(taken) < len(ids):
            raise ValueError("two lines have the same id")
        free = (number for number in count(1) if number not in taken)
        return tuple(line if line.id else line.model_copy(update={"id": next(free)}) for line in lines)

    @field_validator("speakers")
    @classmethod
    def _name(cls, speakers: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        lines = info.data.get("lines", ())
        return tuple(dict.fromkeys([*speakers, *(line.speaker for line in lines if line.speaker)]))

    @field_validator("last_id")
    @classmethod
    def _count(cls, last_id: int, info: ValidationInfo) -> int:
        lines: tuple[Line, ...] = info.data.get("lines", ())
        return max([last_id, *(line.id for line in lines)])
