"""Single pictures out of clips: what is seen before a film is played."""

import io
from pathlib import Path

import av
from PIL import Image, ImageStat

from domain.errors import ErrorCode, RecastError

THUMBNAIL_SIDE = 320
THUMBNAIL_QUALITY, POSTER_QUALITY = 75, 85
DARK_LUMA = 32
"""Of 255, on average: nobody is drawn in by that."""


def still(clip: Path, seconds: float, *, scene: int) -> Image.Image:
    """The keyframe of ``clip`` at ``seconds``, or the one before: nothing else is decoded. Raises STITCH_FAILED, naming
    ``scene``, whose clip it is."""
    try:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            assert stream.time_base
            container.seek(round(seconds / stream.time_base), stream=stream)
            stream.codec_context.skip_frame = "NONKEY"
            return Image.fromarray(next(container.decode(stream)).to_ndarray(format="rgb24"))
    except (av.FFmpegError, OSError, ValueError, IndexError, StopIteration) as error:
        raise RecastError(
            ErrorCode.STITCH_FAILED,
            f"No still can be taken of the clip of scene {scene}.",
            cause=f"{clip.name}: {error}",
        ) from error


def is_dark(picture: Image.Image) -> bool:
    return ImageStat.Stat(picture.convert("L")).mean[0] < DARK_LUMA


def thumbnail(picture: Image.Image) -> bytes:
    """WebP, at most ``THUMBNAIL_SIDE`` wide and high."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _encoded(small, "WEBP", THUMBNAIL_QUALITY)


def poster(picture: Image.Image) -> bytes:
    """JPEG, which every site shows that a link is pasted into."""
    return _encoded(picture, "JPEG", POSTER_QUALITY)


def _encoded(picture: Image.Image, kind: str, quality: int) -> bytes:
    encoded = io.BytesIO()
    picture.convert("RGB").save(encoded, kind, quality=quality)
    return encoded.getvalue()
