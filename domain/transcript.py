"""What was said in the source, as it came: snippets with times, before anything is cleaned."""

from decimal import Decimal

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


class Hearing(BaseModel):
    """Who heard a transcript that is not of captions. ``key`` is the transcription's among its user's; ``seconds`` of
    audio were heard in ``chunks``. ``cost_usd`` is what it has cost this time: nothing, if it was there already."""

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    key: str
    chunks: int
    seconds: float
    cost_usd: Decimal


class Transcript(BaseModel):
    """What is said in one source, and what is known of it: captions or, if there is a ``hearing``, its sound.
    ``video_id`` is YouTube's; ``channel`` is whoever published it. Times that are estimated come from the length of the
    text: nobody has heard when it was said. ``gave_way`` says, for operators, which sources came first and why they had
    nothing.
    """

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
    hearing: Hearing | None = None
    gave_way: tuple[str, ...] = ()
    licence: str = ""
    thumbnail_url: str | None = None
    times_are_estimated: bool = False
