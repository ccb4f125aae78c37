"""The Pika models: what they take, what they make of it, and what it costs."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from sandbox.rendering import Picture, flaw_of, sides

APP = "fal-ai/pika"
LINES = {"720p": 720, "1080p": 1080}
FRAME_RATE = 24
PRICE_PER_FIVE_SECONDS = {"720p": Decimal("0.20"), "1080p": Decimal("0.45")}
"""US dollars."""
ASPECT_RATIOS = Literal["16:9", "9:16", "1:1", "4:5", "5:4", "3:2", "2:3"]


class PikaInput(BaseModel):
    """What all of them take. Fields that they do not know are let pass, as the real ones do."""

    prompt: str
    negative_prompt: str = ""
    seed: int | None = None
    resolution: Literal["720p", "1080p"] = "720p"
    duration: Literal[5, 10] = 5

    @model_validator(mode="before")
    @classmethod
    def _number(cls, values: Any) -> Any:
        """A duration may be a number or its digits."""
        if isinstance(values, dict) and values.get("duration") in ("5", "10"):
            return {**values, "duration": int(values["duration"])}
        return values

    @property
    def ratio(self) -> str:
        return "16:9"

    @property
    def price(self) -> Decimal:
        return PRICE_PER_FIVE_SECONDS[self.resolution] * self.duration / 5

    def addresses(self) -> list[tuple[str, str]]:
        """Where its pictures are, each with the field it stands in."""
        return []

    def picture(self, model: str, faults: Collection[str]) -> Picture:
        """The prompt and the seed decide the look. Pika's videos have no sound."""
        width, height = sides(LINES[self.resolution], self.ratio)
        look = f"{model} {self.seed} {self.prompt}"
        return Picture(look, width, height, FRAME_RATE, self.duration, False, flaw_of(faults))


class TextToVideo(PikaInput):
    aspect_ratio: ASPECT_RATIOS = "16:9"

    @property
    def ratio(self) -> str:
        return self.aspect_ratio


class ImageToVideo(PikaInput):
    image_url: str

    def addresses(self) -> list[tuple[str, str]]:
        return [("image_url", self.image_url)]


class SceneImage(BaseModel):
    image_url: str


class PikaScenes(PikaInput):
    """Its pictures stand in ``image_urls``, or in ``images`` as they did before."""

    negative_prompt: str = "ugly, bad, terrible"
    resolution: Literal["720p", "1080p"] = "1080p"
    aspect_ratio: ASPECT_RATIOS = "16:9"
    ingredients_mode: Literal["precise", "creative"] = "precise"
    image_urls: list[str] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _earlier_name(cls, values: Any) -> Any:
        if isinstance(values, dict) and "image_urls" not in values and isinstance(values.get("images"), list):
            images = [SceneImage.model_validate(image) for image in values["images"]]
            return {**values, "image_urls": [image.image_url for image in images]}
        return values

    @property
    def ratio(self) -> str:
        return self.aspect_ratio

    def addresses(self) -> list[tuple[str, str]]:
        return [("image_urls", address) for address in self.image_urls]


MODELS: Mapping[str, type[PikaInput]] = {
    f"{APP}/v2.2/text-to-video": TextToVideo,
    f"{APP}/v2.2/image-to-video": ImageToVideo,
    f"{APP}/v2.2/pikascenes": PikaScenes,
}
