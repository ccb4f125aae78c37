"""A shot: everything that decides how the clip of one scene looks, and its identity, the clip key."""

import hashlib
import re
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.characters import CastMember
from domain.profile import Profile

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


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


HEURISTICS = "heuristics"
"""``directed_by`` of a prompt that Recast's own rules have made."""


class ShotPrompt(BaseModel):
    """The director's instruction for one scene. ``speaker`` and ``characters`` are character ids; ``caption`` is what
    viewers read. ``written`` gives what a video model reads: ``text``, and ``continuity``, which says what looks the
    same in all scenes: faces, clothes, place.

    ``continues`` says that the scene goes on from the previous shot: the same place, light and people, without a pause.
    A model that takes a start image may be given that shot's last frame.

    ``directed_by`` is the language model's name, or ``HEURISTICS``; ``fell_back`` tells users why it is the latter
    although a model was asked, ``template`` is the version of what the model was asked, and ``brief`` a fingerprint of
    all it knew of the film besides the script.
    """

    model_config = ConfigDict(frozen=True)

    UNSEEN: ClassVar[frozenset[str]] = frozenset({"continues", "directed_by", "fell_back", "template", "brief"})
    """What is kept about a prompt and does not decide the picture. Of ``continues`` it is the start image that does,
    where one is used."""

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
    continuity: str = ""
    continues: bool = False
    directed_by: str = HEURISTICS
    fell_back: str | None = None
    template: str | None = None
    brief: str | None = None

    def written(self, max_letters: int) -> str:
        """What a video model reads, at most ``max_letters`` long: the last sentences of ``continuity`` go first."""
        notes = SENTENCE_END.split(self.continuity) if self.continuity else []
        for count in range(len(notes), -1, -1):
            if len(whole := " ".join((self.text, *notes[:count]))) <= max_letters:
                return whole
        return f"{self.text[: max_letters - 1].rstrip()}…"


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
    def shown(self) -> tuple[CastMember, ...]:
        """Who is in the picture, in the prompt's order."""
        members = {member.character_id: member for member in self.cast}
        return tuple(members[one] for one in self.prompt.characters if one in members)

    @property
    def clip_key(self) -> str:
        """SHA-256 over all that decides the picture; the same key is never filmed, or paid for, twice by one user."""
        # Neither whom somebody plays elsewhere nor how they sound is seen.
        unseen = {"__all__": {"speakers", "voice"}}
        picture = self.model_dump_json(exclude={"prompt": set(ShotPrompt.UNSEEN), "cast": unseen})
        return hashlib.sha256(picture.encode()).hexdigest()
