"""Characters, and the cast: the characters that a job has chosen, frozen with what is needed to film them."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Voice(BaseModel):
    """How a character sounds; kept as data until the sound stage speaks. ``pitch`` and ``rate`` are 0 to 99."""

    model_config = ConfigDict(frozen=True)

    name: str
    pitch: int = 50
    rate: int = 50


class CastMember(BaseModel):
    """One character of a job. ``portrait_key`` is an S3 key; ``model_ref`` names what a provider films with."""

    model_config = ConfigDict(frozen=True)

    character_id: UUID
    name: str
    style: str
    portrait_key: str | None
    model_ref: str | None = None
    voice: Voice | None = None
