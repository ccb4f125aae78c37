"""The profile of a job: the one picture and sound format that all its clips share, so that joining is a copy."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Aspect(StrEnum):
    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"


class Profile(BaseModel):
    """Pixels, frames per second and samples per second of every clip of a job."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    frame_rate: int = 30
    sample_rate: int = 48_000

    @classmethod
    def of(cls, aspect: Aspect) -> "Profile":
        width, height = {Aspect.WIDE: (1280, 720), Aspect.TALL: (720, 1280), Aspect.SQUARE: (720, 720)}[aspect]
        return cls(width=width, height=height)

    @property
    def aspect(self) -> Aspect | None:
        """None for a picture of no shape that films have."""
        return next((aspect for aspect in Aspect if self.has(aspect)), None)

    def has(self, aspect: Aspect) -> bool:
        width, height = map(int, aspect.split(":"))
        return self.width * height == self.height * width

    def frames(self, seconds: float) -> int:
        """The whole number of frames nearest to ``seconds``, at least one."""
        return max(1, round(seconds * self.frame_rate))
