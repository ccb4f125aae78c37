"""How a source is read: which of its captions, and what of them is cleaned away."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""A code as captions have it: ``en``, ``pt-BR``, ``zh-Hans``."""


class Reading(BaseModel):
    """What the user asked for when they imported a source; kept with the import, so that the script can be made again
    from the raw transcript.

    ``languages`` are those of captions, the most wanted first; a video with none of them is read in its own.
    ``translate_to`` has YouTube translate captions that it has in no such language. ``keep_fillers`` keeps words such
    as "um", ``keep_sound_tags`` what is said about sounds: ``[Music]``, ``(applause)``.
    """

    model_config = ConfigDict(frozen=True)

    languages: tuple[Language, ...] = Field(default=(), max_length=10)
    translate_to: Language | None = None
    keep_fillers: bool = False
    keep_sound_tags: bool = False
