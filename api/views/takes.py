"""Takes: the versions of a scene, and wishes for another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import ConfigDict, Field

from api.views.examples import LATER, example
from api.views.view import View
from resources.database.records import JobScene, SceneTake


class RetakeRequest(View):
    """What is to be different in the new take. An empty body asks for the same once more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"prompt": "Ada points at the comet, slow push in, night sky"})
    )

    prompt: str | None = Field(default=None, min_length=1, max_length=2000, description="What the model reads.")
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1)
    provider: str | None = Field(default=None, max_length=50)
    model: str | None = Field(default=None, max_length=200)


class TakeView(View):
    """One version of a scene."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "number": 2,
                "is_shown": True,
                "prompt": "Ada points at the comet",
                "seed": 8,
                "video_url": "https://recast.s3.us-east-1.amazonaws.com/users/…/clip.mp4?X-Amz-Expires=900",
                "created_at": LATER,
            }
        )
    )

    number: int
    is_shown: bool = Field(description="Whether the film shows this one.")
    prompt: str
    seed: int
    video_url: str = Field(description="The clip itself, for some minutes.")
    created_at: datetime

    @classmethod
    def of(cls, take: SceneTake, shown: str | None, video_url: str) -> Self:
        return cls(
            number=take.number,
            is_shown=take.clip_key == shown,
            prompt=take.prompt.text,
            seed=take.prompt.seed,
            video_url=video_url,
            created_at=take.created_at,
        )


class TakeList(View):
    model_config = ConfigDict(json_schema_extra=example({"takes": TakeView.examples()}))

    takes: list[TakeView]

    @classmethod
    def of(cls, row: JobScene, takes: Sequence[SceneTake], urls: Sequence[str]) -> Self:
        return cls(takes=[TakeView.of(take, row.clip_key, url) for take, url in zip(takes, urls, strict=True)])
