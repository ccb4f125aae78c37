"""What was said in the source video, as it came: snippets with times, before anything is cleaned."""

from pydantic import BaseModel, ConfigDict


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
    """The captions of one video and what is known of their source."""

    model_config = ConfigDict(frozen=True)

    video_id: str
    title: str
    channel: str
    duration_seconds: float
    language: str
    is_generated: bool
    snippets: tuple[Snippet, ...]
    chapters: tuple[Chapter, ...] = ()
