"""The pictures that providers get: characters in a format that every model reads, and first frames made of them."""

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from PIL import Image, ImageFilter, ImageOps, ImageStat, UnidentifiedImageError

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from domain.profile import Profile
from domain.shots import Shot
from domain.training import Likeness, likeness_of

READABLE = {"PNG": "image/png", "JPEG": "image/jpeg"}
"""Some models refuse WebP."""
LEAST_CONTRAST = 8
"""Of 255, between the darkest and the lightest place of a picture that shows something."""
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


def pictures_for(shot: Shot, profile: ModelProfile, pictures: Mapping[UUID, Sequence[bytes]]) -> list[Picture]:
    """What a model gets with a shot, of the ``pictures`` that ``Camera.submit`` is given. Raises CHARACTER_NOT_READY
    when one of them is not there."""
    plan = likeness_of(shot, profile)
    match plan.how:
        case Likeness.TRAINED:
            (keyframe,) = _first(pictures, shot.shown[0].character_id, 1)
            return [fitted(keyframe, shot.profile)]
        case Likeness.REFERENCES:
            return [
                readable(picture)
                for character, keys in plan.pictures.items()
                for picture in _first(pictures, character, len(keys))
            ]
        case Likeness.COMPOSED:
            portraits = [portrait for character in plan.pictures for portrait in _first(pictures, character, 1)]
            return [first_frame(portraits, shot.profile)]
    return []


def fitted(keyframe: bytes, profile: Profile) -> Picture:
    """A picture in the film's own shape: what is beyond it is cut off evenly. Raises CHARACTER_NOT_READY."""
    image = _opened(keyframe).convert("RGB")
    return _encoded(ImageOps.fit(image, (profile.width, profile.height)), "PNG")


def readable(portrait: bytes) -> Picture:
    """A portrait (PNG, JPEG, WebP) as PNG or JPEG, untouched if it is one. Raises CHARACTER_NOT_READY."""
    image = _opened(portrait)
    if image.format in READABLE:
        return Picture(portrait, READABLE[image.format])
    return _encoded(image, "PNG")


def as_keyframe(content: bytes) -> Picture:
    """A picture that a model has made, as PNG. Raises CLIP_REJECTED for one that cannot be read, and for one of a
    single colour, as models send when their filter has found something."""
    try:
        image = _opened(content)
    except RecastError as error:
        raise RecastError(ErrorCode.CLIP_REJECTED, "The keyframe cannot be read.", cause=error.cause) from error
    light = ImageStat.Stat(image.convert("L"))
    ((darkest, lightest),) = light.extrema
    if lightest - darkest < LEAST_CONTRAST:
        raise RecastError(ErrorCode.CLIP_REJECTED, "The keyframe shows nothing but one colour.")
    return Picture(content, "image/png") if image.format == "PNG" else _encoded(image, "PNG")


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


def _first(pictures: Mapping[UUID, Sequence[bytes]], character: UUID, count: int) -> Sequence[bytes]:
    found = pictures.get(character, ())[:count]
    if len(found) < count:
        raise RecastError(ErrorCode.CHARACTER_NOT_READY, cause=f"{len(found)} of {count} pictures of {character}")
    return found


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
