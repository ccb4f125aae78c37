"""Model profiles: what a provider's model takes, gives and costs. A model is data; adding one is a row, not code."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from math import inf

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from domain.errors import ErrorCode, RecastError
from domain.profile import Aspect


class Likeness(StrEnum):
    """How a model learns what the characters of a shot look like."""

    NONE = "none"
    """By the prompt's words alone."""
    REFERENCE_IMAGES = "reference_images"
    """Pictures of each character, in the order of the cast."""
    START_IMAGE = "start_image"
    """One picture, which becomes the first frame."""
    SUBJECT = "subject"
    """One picture of one character."""
    DRAWN = "drawn"
    """The renderer knows the characters itself."""

    @property
    def takes_pictures(self) -> bool:
        return self not in (Likeness.NONE, Likeness.DRAWN)


class Price(BaseModel):
    """US dollars per unit, as ``source`` had them on ``as_of``. ``usd_high`` is set where the price is uncertain."""

    model_config = ConfigDict(frozen=True)

    per: str = Field(pattern="^(second|clip|picture|training|line|free)$")
    usd: Decimal = Field(ge=0)
    usd_high: Decimal | None = None
    as_of: date
    source: str

    def of(self, seconds: float) -> tuple[Decimal, Decimal]:
        """The lowest and the highest cost of one of it, of ``seconds`` where time counts, to a hundredth of a cent."""
        units = Decimal(str(seconds)) if self.per == "second" else Decimal(1)
        high = self.usd if self.usd_high is None else self.usd_high
        if self.per == "line":
            return self.usd, high  # a line costs so little that a rounded sum of hundreds would be wrong
        step = Decimal("0.0001")
        return (self.usd * units).quantize(step), (high * units).quantize(step)


class ModelProfile(BaseModel):
    """One model of one provider.

    ``version`` is part of every clip's identity. ``seconds`` are the lengths that can be ordered; empty means any.
    ``fields`` maps Recast's words (prompt, negative, seconds, aspect, seed, image, images) to the model's input fields;
    a word without a field is not sent. ``fixed`` is sent as it stands. ``mention`` is how the prompt points at the
    n-th picture, for example "[Image{n}]".
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    version: str
    title: str
    likeness: Likeness
    max_pictures: int = Field(default=0, ge=0)
    mention: str | None = None
    seconds: tuple[int, ...] = ()
    aspects: tuple[Aspect, ...] = tuple(Aspect)
    has_sound: bool = False
    max_prompt_characters: int = 2000
    fields: Mapping[str, str] = Field(default_factory=dict)
    fixed: Mapping[str, JsonValue] = Field(default_factory=dict)
    price: Price

    @model_validator(mode="after")
    def _seconds_rise(self) -> "ModelProfile":
        if list(self.seconds) != sorted(set(self.seconds)):
            raise ValueError("seconds must rise")
        return self

    def require_aspect(self, aspect: Aspect) -> None:
        """Raises PROVIDER_INPUT_INVALID for a format that the model does not film."""
        if aspect not in self.aspects:
            offered = ", ".join(self.aspects)
            raise RecastError(
                ErrorCode.PROVIDER_INPUT_INVALID, f"{self.title} films in {offered}, and not in {aspect}."
            )

    @property
    def max_seconds(self) -> float:
        return self.seconds[-1] if self.seconds else inf

    @property
    def min_seconds(self) -> float:
        return self.seconds[0] if self.seconds else 0.0

    def ordered_seconds(self, needed: float) -> float:
        """The shortest length on offer that a scene of ``needed`` seconds can be cut from. Raises
        PROVIDER_INPUT_INVALID when the scene is longer than the model films."""
        if not self.seconds:
            return needed
        # A frame more or less is not worth a whole second of film.
        fitting = next((offered for offered in self.seconds if offered >= needed - 0.04), None)
        if fitting is None:
            raise RecastError(
                ErrorCode.PROVIDER_INPUT_INVALID,
                f"{self.title} films at most {self.max_seconds:g} seconds, and this scene has {needed:.1f}.",
            )
        return float(fitting)


class TrainerProfile(BaseModel):
    """One trainer of one provider: it teaches an image model what a character looks like. ``price`` is that of a
    training, ``picture_price`` that of one picture by a model that it has made.

    ``version`` and ``parameters`` are part of every training's identity: a change of either trains everybody anew.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    version: str
    title: str
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    price: Price
    picture_price: Price
