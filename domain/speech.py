"""Speech: lines as they are spoken, and where each stands in its scene."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.words import TimedWord


class SpokenLine(BaseModel):
    """A line of a script, or the part of it that one scene shows, as sound. ``key`` identifies the sound; ``seconds``
    is its length; ``words`` are from its start, and empty where the engine does not tell."""

    model_config = ConfigDict(frozen=True)

    line_id: int
    character_id: UUID | None
    text: str
    key: str
    seconds: float
    words: tuple[TimedWord, ...] = ()


class PlacedLine(BaseModel):
    """A spoken line in its scene. ``start`` is in seconds from the scene's start."""

    model_config = ConfigDict(frozen=True)

    line: SpokenLine
    start: float

    @property
    def end(self) -> float:
        return self.start + self.line.seconds
