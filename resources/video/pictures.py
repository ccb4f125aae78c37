"""The pictures that providers get: characters in a format that every model reads, and first frames made of them."""

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from PIL import Image, ImageFilter, UnidentifiedImageError

from domain.errors import ErrorCode, RecastError
from domain.models import Likeness, ModelProfile
from domain.profile import Profile
from domain.shots import Shot
from resources.video.inputs import pictured

READABLE = {"PNG": "image/png", "JPEG": "image/jpeg"}
"""Some models refuse WebP."""
STAGE_BLUR = 0.05
STAGE_LIGHT = 0.6
ROOM = 0.86
"""Blur of the backdrop as a part of the frame's height, its brightness, and how much of the height a portrait takes."""


@dataclass(frozen=True, slots=True)
class Picture:
    content: bytes
    media_type: str

    @property
    def suffix(self) -> str:
        return "jpg" if self.media_type == "image/jpeg" else "png"

    @property
    def data_url(self) -> str:
        return f"data:{self.media_type};base64,{b64encode(self.content).decode('ascii')}"


def pictures_for(shot: Shot, profile: ModelProfile, portraits: Mapping[UUID, bytes]) -> list[Picture]:
    """The pictures that a model gets with a shot. Raises CHARACTER_NOT_READY when one of them is not there."""
    shown = pictured(shot, profile)
    if missing := [character for character in shown if character not in portraits]:
        raise RecastError(ErrorCode.CHARACTER_NOT_READY, cause=f"no portrait of {missing[0]}")
    if shown and profile.likeness is Likeness.START_IMAGE:
        return [first_frame([portraits[character] for character in shown], shot.profile)]
    return [readable(portraits[character]) for character in shown]


def readable(portrait: bytes) -> Picture:
    """A portrait (PNG, JPEG, WebP) as PNG or JPEG, untouched if it is one. Raises CHARACTER_NOT_READY."""
    image = _opened(portrait)
    if image.format in READABLE:
        return Picture(portrait, READABLE[image.format])
    return _encoded(image, "PNG")


def first_frame(portraits: Sequence[bytes], profile: Profile) -> Picture:
    """A picture of the film's own shape with all of ``portraits`` (at least one) side by side, for models that film on
    from a first frame: they take its shape, and a portrait's is not the film's."""
    size = (profile.width, profile.height)
    images = [_opened(portrait).convert("RGBA") for portrait in portraits]
    frame = _backdrop(images[0], size)
    slot = profile.width // len(images)
    for place, image in enumerate(images):
        scale = min(slot * 0.94 / image.width, profile.height * ROOM / image.height)
        shown = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
        left = place * slot + (slot - shown.width) // 2
        frame.paste(shown, (left, profile.height - shown.height), shown)
    return _encoded(frame, "JPEG")


def _backdrop(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture itself, filling the frame, out of focus and darker."""
    scale = max(size[0] / image.width, size[1] / image.height)
    filled = image.resize((round(image.width * scale) + 1, round(image.height * scale) + 1)).convert("RGB")
    left, top = (filled.width - size[0]) // 2, (filled.height - size[1]) // 2
    backdrop = filled.crop((left, top, left + size[0], top + size[1]))
    blurred = backdrop.filter(ImageFilter.GaussianBlur(size[1] * STAGE_BLUR))
    return blurred.point(lambda level: level * STAGE_LIGHT)


def _opened(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP"))
        image.load()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise RecastError(ErrorCode.CHARACTER_NOT_READY, cause=f"a portrait cannot be read: {error}") from error
    return image


def _encoded(image: Image.Image, image_format: str) -> Picture:
    encoded = io.BytesIO()
    image.save(encoded, image_format, quality=92) if image_format == "JPEG" else image.save(encoded, image_format)
    return Picture(encoded.getvalue(), READABLE[image_format])
