"""A mezzanine: a clip in the one form in which clips of a film can be joined, and all that decides how it looks."""

import hashlib

from pydantic import BaseModel, ConfigDict

from domain.finish import Fit
from domain.profile import Profile

FORM_VERSION = 2
"""Raised whenever the same clip would be encoded differently, or could no longer be joined with older ones."""


class Mezzanine(BaseModel):
    """The clip of ``clip_key`` as a film shows it: ``frames`` long, with ``captions`` (a whole ASS script, its times
    from the start of the scene) burned in, if there are any."""

    model_config = ConfigDict(frozen=True)

    clip_key: str
    profile: Profile
    frames: int
    fit: Fit = Fit.COVER
    captions: str | None = None

    @property
    def key(self) -> str:
        """SHA-256; what is encoded under it is never encoded again."""
        return hashlib.sha256(f"{FORM_VERSION} {self.model_dump_json()}".encode()).hexdigest()

    @property
    def sound_key(self) -> str:
        """SHA-256 over what decides how the clip sounds, whatever is seen in it."""
        return self.model_copy(update={"fit": Fit.COVER, "captions": None}).key

    @property
    def seconds(self) -> float:
        return self.frames / self.profile.frame_rate
