"""A shot: everything that decides how the clip of one scene looks, and its identity, the clip key."""

import hashlib
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.characters import CastMember
from domain.profile import Profile


class Camera(StrEnum):
    STILL = "still"
    PUSH_IN = "push_in"
    PULL_OUT = "pull_out"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    TILT_UP = "tilt_up"


class Setting(StrEnum):
    """Where a scene plays. The local renderer draws each; prompts name it in words."""

    STUDIO = "studio"
    CITY = "city"
    HOME = "home"
    CLASSROOM = "classroom"
    LIBRARY = "library"
    LABORATORY = "laboratory"
    FOREST = "forest"
    MOUNTAIN = "mountain"
    SEA = "sea"
    DESERT = "desert"
    SPACE = "space"
    STAGE = "stage"


class Light(StrEnum):
    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


class ShotPrompt(BaseModel):
    """The director's instruction for one scene. ``speaker`` and ``characters`` are character ids; ``text`` is what a
    video model reads, ``caption`` what viewers read."""

    model_config = ConfigDict(frozen=True)

    text: str
    caption: str
    setting: Setting
    light: Light
    camera: Camera
    style: str
    characters: tuple[UUID, ...]
    speaker: UUID | None
    negative: str = ""
    seed: int = 0


def next_take(prompt: ShotPrompt) -> ShotPrompt:
    """The same prompt under the next seed: another clip, with a key of its own."""
    return prompt.model_copy(update={"seed": (prompt.seed + 1) % 2**31})


class Shot(BaseModel):
    """What is filmed. The clip lasts ``duration_seconds``; the provider is asked for ``ordered_seconds``, the shortest
    length it offers that is no shorter."""

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    model_version: str
    prompt: ShotPrompt
    duration_seconds: float
    ordered_seconds: float
    profile: Profile
    cast: tuple[CastMember, ...]

    @property
    def clip_key(self) -> str:
        """SHA-256 over all that decides the picture; the same key is never filmed, or paid for, twice by one user."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
