"""Pictures in the form in which they are blended: premultiplied BT.709 video levels, ready for 4:2:0.

Composing in the encoder's own colour space makes every blend touch half the bytes of RGB and needs no conversion per
frame. Luma, chroma and transparency are linear in the blend, so the result is the same as in RGB.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722  # BT.709 luma weights


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture of (height, width), both even, that can lie over another.

    ``luma`` (height, width) is premultiplied; ``cover`` (height, width) is 255 minus alpha, what shines through;
    ``chroma`` (height/2, width/2, 2) holds premultiplied U and V, ``chroma_cover`` the cover at half size, twice. All
    are contiguous, which OpenCV needs to be fast.
    """

    luma: Pixels
    cover: Pixels
    chroma: Pixels
    chroma_cover: Pixels

    @property
    def height(self) -> int:
        return int(self.luma.shape[0])

    @property
    def width(self) -> int:
        return int(self.luma.shape[1])

    def crop(self, left: int, top: int, right: int, bottom: int) -> "Planes":
        """A part of the picture; all bounds are even."""
        whole, half = np.s_[top:bottom, left:right], np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
        return Planes(
            *(
                np.ascontiguousarray(part)
                for part in (self.luma[whole], self.cover[whole], self.chroma[half], self.chroma_cover[half])
            )
        )

    def blurred(self, sigma: float) -> "Planes":
        """Out of focus: a Gaussian of ``sigma`` pixels."""
        full, half = (0, 0), max(0.2, sigma / 2)
        return Planes(
            _pixels(cv2.GaussianBlur(self.luma, full, sigma)),
            _pixels(cv2.GaussianBlur(self.cover, full, sigma)),
            _pixels(cv2.GaussianBlur(self.chroma, full, half)),
            _pixels(cv2.GaussianBlur(self.chroma_cover, full, half)),
        )


@dataclass(frozen=True, slots=True)
class Turnable:
    """The same picture interleaved, which is the fastest form to turn: ``full`` (height, width, 3) is luma, cover and
    nothing; ``half`` (height/2, width/2, 4) is U, V and cover twice."""

    full: Pixels
    half: Pixels

    @classmethod
    def of(cls, picture: Planes) -> "Turnable":
        full = cv2.merge([picture.luma, picture.cover, picture.cover])
        return cls(_pixels(full), _pixels(np.concatenate([picture.chroma, picture.chroma_cover], axis=2)))

    @property
    def height(self) -> int:
        return int(self.full.shape[0])

    @property
    def width(self) -> int:
        return int(self.full.shape[1])


def planes(rgba: Pixels, tint: tuple[float, float, float] = (1.0, 1.0, 1.0), *, dither: bool = False) -> Planes:
    """Convert straight-alpha RGBA, multiplied by ``tint`` per channel. An odd last row or column is dropped.

    ``dither`` adds less than one level of fixed noise, so that long gradients do not band at eight bits.
    """
    height, width = rgba.shape[0] & ~1, rgba.shape[1] & ~1
    picture = rgba[:height, :width].astype(np.float32)
    alpha = picture[..., 3] * np.float32(1 / 255)
    red, green, blue = (np.minimum(picture[..., i] * np.float32(tint[i]), 255) for i in range(3))
    bright = _RED * red + _GREEN * green + _BLUE * blue
    luma = (16 + bright * np.float32(219 / 255)) * alpha
    if dither:
        luma += np.random.default_rng(0).uniform(-0.6, 0.6, luma.shape).astype(np.float32) * alpha
    u = (128 + (blue - bright) * np.float32(112 / 255 / (1 - _BLUE))) * alpha
    v = (128 + (red - bright) * np.float32(112 / 255 / (1 - _RED))) * alpha
    cover = 255 - picture[..., 3]
    half = (width // 2, height // 2)
    u, v, half_cover = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (u, v, cover))
    chroma, chroma_cover = cv2.merge([u, v]), cv2.merge([half_cover, half_cover])
    return Planes(_bytes(luma), _bytes(cover), _bytes(chroma), _bytes(chroma_cover))


def _pixels(values: object) -> Pixels:
    return np.asarray(values, dtype=np.uint8)


def _bytes(values: object) -> Pixels:
    return _pixels(np.clip(np.rint(np.asarray(values)), 0, 255))
