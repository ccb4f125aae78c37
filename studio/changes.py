"""Changes: what is to be different when a scene is filmed again."""

from dataclasses import dataclass

from domain.models import ModelProfile
from domain.shots import ShotPrompt, next_take
from resources.database.records import JobOptions, JobScene
from resources.video.cameras import Cameras

BY_USER = "user"
"""``directed_by`` of a prompt that its user has written."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different; None leaves it. Nothing different at all asks for another take of the same."""

    text: str | None = None
    seed: int | None = None
    provider: str | None = None
    model: str | None = None

    def prompt(self, present: ShotPrompt) -> ShotPrompt:
        """The prompt of the new take. One that differs in nothing gets the next seed, and so a clip key of its own."""
        changed = present
        if self.text is not None:
            own = {"text": self.text, "directed_by": BY_USER, "fell_back": None, "template": None, "brief": None}
            changed = present.model_copy(update=own)
        if self.seed is not None:
            return changed.model_copy(update={"seed": self.seed})
        return next_take(present) if self == Changes() else changed

    def profile(self, cameras: Cameras, options: JobOptions, row: JobScene) -> ModelProfile | None:
        """The model that is asked for, if another is. Raises UNKNOWN_MODEL, and PROVIDER_INPUT_INVALID for one that
        does not film in the job's format."""
        if self.provider is None and self.model is None:
            return None
        profile = cameras.profile(self.provider or row.provider or options.provider, self.model)
        profile.require_aspect(options.aspect)
        return profile
