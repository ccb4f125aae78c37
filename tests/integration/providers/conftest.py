"""Shots to order, and settings of a server that has the providers' keys."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from domain.characters import CastMember
from domain.models import ModelProfile
from domain.profile import Aspect, Profile
from domain.shots import Camera, Light, Setting, Shot, ShotPrompt
from resources.settings import Settings
from resources.video.protocol import Order
from resources.video.registry import model_profile

ADA, BOB = UUID(int=1), UUID(int=2)
ATTEMPT = UUID(int=77)
WEBHOOK = "https://recast.example/api/v1/webhooks/77"


def portrait(colour: str = "teal", size: tuple[int, int] = (400, 500), kind: str = "PNG") -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", size, colour).save(encoded, kind)
    return encoded.getvalue()


PORTRAITS = {ADA: portrait("teal"), BOB: portrait("orange", kind="JPEG")}


def shot_for(profile: ModelProfile, *, aspect: Aspect = Aspect.WIDE, needed: float = 3.2, text: str = "") -> Shot:
    return Shot(
        provider=profile.provider,
        model=profile.model,
        model_version=profile.version,
        prompt=ShotPrompt(
            text=text or "Medium two-shot of Ada and Bob. Ada says: “Good evening.”",
            caption="Good evening.",
            setting=Setting.STUDIO,
            light=Light.DAY,
            camera=Camera.STILL,
            style="ink drawing",
            characters=(ADA, BOB),
            speaker=ADA,
            negative="text, logo",
            seed=41,
        ),
        duration_seconds=needed,
        ordered_seconds=profile.ordered_seconds(needed),
        profile=Profile.of(aspect),
        cast=(
            CastMember(character_id=ADA, name="Ada", style="", portrait_key="ada.png"),
            CastMember(character_id=BOB, name="Bob", style="", portrait_key="bob.jpg"),
        ),
    )


def order_for(
    profile: ModelProfile, *, attempt: UUID = ATTEMPT, webhook_url: str | None = None, **shot: object
) -> Order:
    return Order(attempt_id=attempt, shot=shot_for(profile, **shot), webhook_url=webhook_url, deadline_seconds=900)


SEEDANCE = model_profile("replicate", "bytedance/seedance-2.0")


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    """Settings with which every provider is set up, changed by ``values``."""

    def build(**values: object) -> Settings:
        return Settings(
            **{
                "database_url": "postgresql://localhost/recast",
                "api_database_url": "postgresql://localhost/recast",
                "s3_bucket": "recast",
                "cdn_url": "http://localhost/cdn",
                "cdn_key_pair_id": "K1",
                "cdn_private_key_path": tmp_path / "key.pem",
                "dagster_url": "http://localhost",
                "auth_url": "http://localhost/auth",
                "replicate_api_token": "r8_test",
                "fal_key": "key:test",
                "provider_submit_timeout_seconds": 5,
                **values,
            }
        )

    return build


class Pauses:
    """Stands for asyncio.sleep: notes how long a client would have waited, and goes on at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()
