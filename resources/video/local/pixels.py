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
    ``chroma`` (height/2, width/2, 4) holds premultiplied U and V and the half-size cover twice, so that one call
    resamples all four.
    """

    luma: Pixels
    cover: Pixels
    chroma: Pixels

    @property
    def height(self) -> int:
        return int(self.luma.shape[0])

    @property
    def width(self) -> int:
        return int(self.luma.shape[1])


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
    chroma = cv2.resize(cv2.merge([u, v, cover, cover]), half, interpolation=cv2.INTER_AREA)
    return Planes(_bytes(luma), _bytes(cover), _bytes(chroma))


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
