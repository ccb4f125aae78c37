"""Shots to order of the video providers."""

import io
from uuid import UUID

from PIL import Image

from domain.characters import CastMember
from domain.models import ModelProfile
from domain.profile import Aspect, Profile
from domain.shots import Camera, Light, Setting, Shot, ShotPrompt
from resources.video.protocol import Order
from resources.video.registry import model_profile

ADA, BOB = UUID(int=1), UUID(int=2)
ATTEMPT = UUID(int=77)
WEBHOOK = "https://recast.example/api/v1/webhooks/77"


def portrait(colour: str = "teal", size: tuple[int, int] = (400, 500), kind: str = "PNG") -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", size, colour).save(encoded, kind)
    return encoded.getvalue()


PICTURES = {ADA: (portrait("teal"),), BOB: (portrait("orange", kind="JPEG"),)}


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
