"""What was said in the source, as it came: snippets with times, before anything is cleaned."""

from pydantic import BaseModel, ConfigDict

from domain.source import SourceKind


class Snippet(BaseModel):
    """One caption. ``start`` and ``duration`` are seconds; automatic captions overlap and repeat."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    duration: float


class Chapter(BaseModel):
    model_config = ConfigDict(frozen=True)

    title: str
    start: float


class Transcript(BaseModel):
    """The captions of one source and what is known of it. ``video_id`` is YouTube's; ``channel`` is whoever published
    it. Times that are estimated come from the length of the text: nobody has heard when it was said."""

    model_config = ConfigDict(frozen=True)

    kind: SourceKind = SourceKind.YOUTUBE
    video_id: str | None = None
    title: str
    channel: str
    duration_seconds: float
    language: str
    is_generated: bool
    snippets: tuple[Snippet, ...]
    chapters: tuple[Chapter, ...] = ()
    licence: str = ""
    thumbnail_url: str | None = None
    times_are_estimated: bool = False
