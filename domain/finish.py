"""The finish: how the clips of a film become one video, beyond their own pictures."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.caption_styles import CaptionStyle
from domain.music import Piece

LOUDEST_BED_DB, FAINTEST_BED_DB = 12.0, -24.0
LONGEST_TRANSITION_SECONDS = 2.0


class TransitionKind(StrEnum):
    CUT = "cut"
    CROSSFADE = "crossfade"
    DIP = "dip"
    WIPE = "wipe"


class Fit(StrEnum):
    """What becomes of a clip of another shape than the film's."""

    COVER = "cover"
    """It fills the picture, and what is left over at its edges is cut off."""
    CONTAIN = "contain"
    """All of it is seen, before a blurred enlargement of itself."""


class Transition(BaseModel):
    """How one scene gives way to the next. ``seconds`` lie half before and half after the border, and a film is as long
    with a transition as with a cut."""

    model_config = ConfigDict(frozen=True)

    kind: TransitionKind = TransitionKind.CUT
    seconds: float = Field(default=0.5, gt=0, le=LONGEST_TRANSITION_SECONDS)


class Music(BaseModel):
    """The bed under a film: one of Recast's own pieces or the user's upload, or none. ``volume_db`` is how much louder
    than usual it is."""

    model_config = ConfigDict(frozen=True)

    piece: Piece | None = None
    upload_key: str | None = None
    volume_db: float = Field(default=0.0, ge=FAINTEST_BED_DB, le=LOUDEST_BED_DB)

    @property
    def is_any(self) -> bool:
        return self.piece is not None or self.upload_key is not None


class Finish(BaseModel):
    """All that decides how the same clips are finished; a change of it films nothing again. ``order`` are the numbers
    of the scenes that are shown, in their order; empty: all, as they were filmed."""

    model_config = ConfigDict(frozen=True)

    transition: Transition = Transition()
    music: Music = Music()
    keeps_clip_sound: bool = False
    fit: Fit = Fit.COVER
    captions: CaptionStyle = CaptionStyle.KARAOKE
    order: tuple[int, ...] = ()

    @field_validator("order")
    @classmethod
    def _shows_no_scene_twice(cls, order: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(order)) < len(order):
            raise ValueError("a scene is shown once, or not at all")
        return order
