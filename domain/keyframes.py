"""Keyframes: a still picture of one shot, made by the trained model of the character who is alone in it. Video models
film on from it, or take it for a reference picture, for they cannot use the trained model themselves."""

import hashlib
import re

from pydantic import BaseModel, ConfigDict

from domain.profile import Aspect
from domain.shots import Shot
from domain.training import trigger_word

MAX_PROMPT_LETTERS = 1500
SPOKEN = re.compile(r":?\s*“[^”]*”\.?")
"""Image models write what is said into the picture."""


class Keyframe(BaseModel):
    """What is asked of the trained model ``model_ref`` (``owner/name``) in its ``model_version``."""

    model_config = ConfigDict(frozen=True)

    model_ref: str
    model_version: str
    prompt: str
    aspect: Aspect
    seed: int

    @property
    def key(self) -> str:
        """SHA-256 over all that decides the picture; the same key is never paid for twice by one user."""
        return hashlib.sha256(f"keyframe {self.model_dump_json()}".encode()).hexdigest()


def keyframe_of(shot: Shot) -> Keyframe:
    """The keyframe of a shot whose likeness is TRAINED: it shows one character, who has a trained model."""
    (member,) = shot.shown
    assert member.model_ref
    assert member.model_version
    scene = SPOKEN.sub(".", shot.prompt.written(MAX_PROMPT_LETTERS))
    return Keyframe(
        model_ref=member.model_ref,
        model_version=member.model_version,
        prompt=f"A picture of {trigger_word(member.model_ref)}, who is called {member.name}. {scene}",
        aspect=shot.profile.aspect or Aspect.WIDE,
        seed=shot.prompt.seed,
    )
