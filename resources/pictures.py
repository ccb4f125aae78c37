"""Pictures from strangers: what may come in, and what is made of it before anything else looks at it.

Nothing of the file that was sent is kept: its pixels are drawn onto a new canvas and encoded again, so that metadata,
places where a photograph was taken and whatever was hidden behind the picture stay outside.
"""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import Image, ImageOps, UnidentifiedImageError

from domain.errors import ErrorCode, RecastError

MEGABYTE = 1024 * 1024
MAX_PICTURE_BYTES = 10 * MEGABYTE
MAX_PICTURES_BYTES = 60 * MEGABYTE
MAX_PIXELS = 25_000_000
MIN_SIDE_PIXELS = 300
MAX_ASPECT = 2.5
"""Video models refuse smaller and narrower reference pictures (Kling: at least 300 pixels, 1:2.5 to 2.5:1)."""
SIDE_PIXELS = 2048
QUALITY, EFFORT = 92, 2
WEBP = "image/webp"
JPEG_BEGIN, JPEG_SCAN = b"\xff\xd8", b"\xff\xda"
MAX_SCANS = 300
"""A progressive JPEG has about ten scans. Each is a pass over all pixels (15 ms for 25 megapixels), and a file of the
size allowed could hold half a million. Telephones append whole films to photographs: ten megabytes of such other bytes
look like 160 scans."""
FORMATS = ("PNG", "JPEG", "WEBP")
# Several pictures of which a viewer shows the first: what telephones write for high dynamic range.
ONE_SHOWN_OF_SEVERAL = "MPO"

# One picture being decoded may take 200 MB and a second of a core: so many at once, whoever sends them.
_decoders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean picture: WebP, upright, one frame, at most SIDE_PIXELS wide and high. ``sha256`` is of its bytes."""

    path: Path
    sha256: str
    width: int
    height: int
    size_bytes: int


class ByteCap:
    """Counts the bytes of pictures while they come in. Raises TOO_LARGE when one is, or all together are, too large."""

    def __init__(self, *, one: int = MAX_PICTURE_BYTES, all_: int = MAX_PICTURES_BYTES) -> None:
        self._one, self._all = one, all_
        self._of_this, self._of_all = 0, 0

    def begin(self) -> None:
        """Another picture follows."""
        self._of_this = 0

    def add(self, count: int) -> None:
        self._of_this += count
        self._of_all += count
        if self._of_this > self._one:
            raise RecastError(ErrorCode.TOO_LARGE, f"A picture is larger than {self._one // MEGABYTE} MB.")
        if self._of_all > self._all:
            raise RecastError(ErrorCode.TOO_LARGE, f"The pictures are larger than {self._all // MEGABYTE} MB in all.")


async def clean_pictures(files: Sequence[IO[bytes]], folder: Path) -> list[Picture]:
    """Clean pictures in ``folder``, in the order of ``files``; the event loop goes on meanwhile.

    Raises PICTURE_REJECTED, which names the first bad one by its number, and leaves the files where they are.
    """
    loop = asyncio.get_running_loop()
    pictures: list[Picture] = []
    for number, file in enumerate(files, 1):
        try:
            picture = await loop.run_in_executor(_decoders, clean_picture, file, folder / f"{number}.webp")
        except RecastError as error:
            raise RecastError(error.code, f"Picture {number} {error.detail}", cause=error.cause) from error
        for earlier, other in enumerate(pictures, 1):
            if other.sha256 == picture.sha256:
                raise _refused(f"Picture {number} is the same as picture {earlier}.")
        pictures.append(picture)
    return pictures


def clean_picture(file: IO[bytes], path: Path) -> Picture:
    """Draw the picture in ``file`` anew at ``path``. Raises PICTURE_REJECTED; its detail begins with a verb."""
    file.seek(0)
    content = file.read()
    if not content:
        raise _refused("is empty.")
    if content.startswith(JPEG_BEGIN) and content.count(JPEG_SCAN) > MAX_SCANS:
        raise _refused("is damaged.", cause="too many scans")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as source:
            # What the header says, before the first pixel is decoded.
            _check(source)
            canvas = _drawn_anew(source)
    except RecastError:
        raise
    except Image.DecompressionBombError as error:
        raise _refused(_too_many_pixels()) from error
    except UnidentifiedImageError as error:
        raise _refused("is not a PNG, JPEG or WebP picture.") from error
    except Exception as error:
        # Decoders of broken files raise whatever they come across: OSError, SyntaxError, struct.error, …
        raise _refused("is damaged.", cause=f"{type(error).__name__}: {error}") from error
    canvas.save(path, "WEBP", quality=QUALITY, method=EFFORT)
    encoded = path.read_bytes()
    return Picture(path, hashlib.sha256(encoded).hexdigest(), canvas.width, canvas.height, len(encoded))


def _check(source: Image.Image) -> None:
    width, height = source.size
    if width * height > MAX_PIXELS:
        raise _refused(_too_many_pixels())
    if min(width, height) < MIN_SIDE_PIXELS:
        raise _refused(f"is {width}×{height} pixels; each side has at least {MIN_SIDE_PIXELS}.")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise _refused(f"is {width}×{height} pixels; a side is at most {MAX_ASPECT} times as long as the other.")
    if source.format != ONE_SHOWN_OF_SEVERAL and getattr(source, "n_frames", 1) > 1:
        raise _refused("has several frames; a still picture has one.")


def _drawn_anew(source: Image.Image) -> Image.Image:
    """The pixels of ``source``, upright and no larger than needed, on a canvas that knows nothing else."""
    mode = "RGBA" if source.has_transparency_data else "RGB"
    if source.mode not in ("RGB", "RGBA", "L", "CMYK"):
        # Palettes and single bits cannot be made smaller smoothly; 16 bits a pixel would be cut off, not scaled.
        wide = source.mode.startswith("I")
        source = (source.point(lambda value: value * (1 / 256)).convert("L") if wide else source).convert(mode)
    # The smallest gap: a large JPEG is decoded at a fraction of its size, which saves most of the memory and time.
    source.thumbnail((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.LANCZOS, reducing_gap=1.0)
    upright = ImageOps.exif_transpose(source)
    canvas = Image.new(mode, upright.size)
    canvas.paste(upright.convert(mode))
    return canvas


def _too_many_pixels() -> str:
    return f"has more than {MAX_PIXELS // 1_000_000} megapixels."


def _refused(detail: str, *, cause: str | None = None) -> RecastError:
    return RecastError(ErrorCode.PICTURE_REJECTED, detail, cause=cause)
