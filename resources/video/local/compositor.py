"""Lays moving layers over each other, with sub-pixel placement, into one NV12 frame."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from resources.video.local.pixels import Pixels, Planes, Turnable

VERNIER_STEPS = 24
CLOSE_ENOUGH = 0.02
"""Of a layer pixel; the eye sees a slow move jump from about a twentieth."""
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the screen
_WARP = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a layer lies: layer pixel (0, 0) at screen (``x``, ``y``), and screen pixels per layer pixel."""

    x: float
    y: float
    scale_x: float
    scale_y: float


class Frame:
    """One picture of ``width`` by ``height`` (both even), laid out as NV12 so that it goes to the encoder as it is."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.bytes: Pixels = np.zeros((height * 3 // 2, width), dtype=np.uint8)
        self.luma: Pixels = self.bytes[:height]
        self.chroma: Pixels = self.bytes[height:].reshape(height // 2, width // 2, 2)

    def copy_from(self, other: "Frame") -> None:
        np.copyto(self.bytes, other.bytes)

    def cover_with(self, plate: Planes, at: Placement) -> None:
        """Fill the whole frame with an opaque layer that reaches beyond all its edges."""
        full, half = _windows(plate, at, (0, 0, self.width, self.height))
        self.luma[:] = full.resampled(plate.luma)
        self.chroma[:] = half.resampled(plate.chroma)

    def lay(self, layer: Planes, at: Placement, within: Box | None = None) -> None:
        """Blend a layer that is moved and scaled but not turned; only the part ``within`` an even screen box."""
        box = self._clip(at.x, at.y, at.x + layer.width * at.scale_x, at.y + layer.height * at.scale_y)
        if box and within:
            box = max(box[0], within[0]), max(box[1], within[1]), min(box[2], within[2]), min(box[3], within[3])
        if box is None or box[0] >= box[2] or box[1] >= box[3]:
            return
        full, half = _windows(layer, at, box)
        luma, cover = full.resampled(layer.luma, outside=0), full.resampled(layer.cover, outside=255)
        chroma, chroma_cover = half.resampled(layer.chroma, outside=0), half.resampled(layer.chroma_cover, outside=255)
        self._blend(box, luma, cover, chroma, chroma_cover)

    def lay_turned(self, layer: Turnable, matrix: NDArray[np.float64]) -> None:
        """Blend a layer through ``matrix`` (2, 3), which maps layer pixels to screen pixels."""
        corners = np.array([[0, 0, 1], [layer.width, 0, 1], [0, layer.height, 1], [layer.width, layer.height, 1]])
        reached = corners @ matrix.T
        box = self._clip(*reached.min(axis=0), *reached.max(axis=0))
        if box is None:
            return
        left, top, right, bottom = box
        full = cv2.warpAffine(
            layer.full,
            _screen_to_layer(matrix, left, top),
            (right - left, bottom - top),
            flags=_WARP,
            borderValue=(0, 255, 255),
        )
        half_matrix = matrix.copy()
        half_matrix[:, 2] /= 2
        half = cv2.warpAffine(
            layer.half,
            _screen_to_layer(half_matrix, left // 2, top // 2),
            ((right - left) // 2, (bottom - top) // 2),
            flags=_WARP,
            borderValue=(0, 0, 255, 255),
        )
        chroma = np.empty((*half.shape[:2], 2), dtype=np.uint8)
        chroma_cover = np.empty_like(chroma)
        cv2.mixChannels([half], [chroma, chroma_cover], [0, 0, 1, 1, 2, 2, 3, 3])
        luma, cover = (np.asarray(cv2.extractChannel(full, channel), dtype=np.uint8) for channel in (0, 1))
        self._blend(box, luma, cover, chroma, chroma_cover)

    def stamp(self, layer: Planes, x: int, y: int) -> None:
        """Blend a layer pixel by pixel at even ``x`` and ``y``, wholly inside the frame."""
        self._blend(
            (x, y, x + layer.width, y + layer.height), layer.luma, layer.cover, layer.chroma, layer.chroma_cover
        )

    def _clip(self, left: float, top: float, right: float, bottom: float) -> Box | None:
        """The even pixel box that holds the given one, inside the frame; None when they do not meet."""
        x0, y0 = max(0, math.floor(left / 2) * 2), max(0, math.floor(top / 2) * 2)
        x1, y1 = min(self.width, math.ceil(right / 2) * 2), min(self.height, math.ceil(bottom / 2) * 2)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _blend(self, box: Box, luma: Pixels, cover: Pixels, chroma: Pixels, chroma_cover: Pixels) -> None:
        left, top, right, bottom = box
        under = self.luma[top:bottom, left:right]
        cv2.multiply(under, cover, dst=under, scale=1 / 255)
        cv2.add(under, luma, dst=under)
        under = self.chroma[top // 2 : bottom // 2, left // 2 : right // 2]
        cv2.multiply(under, chroma_cover, dst=under, scale=1 / 255)
        cv2.add(under, chroma, dst=under)


@dataclass(frozen=True, slots=True)
class _Window:
    """How to resample a plane for a screen box: the plane's rows and columns, before and after those that it has, and
    how much of the result to cut off at the left and at the top.

    ``cv2.resize`` is several times faster than a general warp but starts at whole pixels only. The fraction is met
    like on a vernier: some screen pixels further left, a whole layer pixel and the wanted position nearly coincide;
    what lies before is cut off. The error stays below 1/20 pixel as long as the scale is not a simple fraction.
    """

    source: tuple[slice, slice]
    margins: Box  # top, bottom, left, right
    skip_x: int
    skip_y: int
    width: int
    height: int
    at: Placement

    @classmethod
    def of(cls, width: int, height: int, at: Placement, box: Box) -> "_Window":
        """For planes of ``width`` by ``height``."""
        left, top, right, bottom = box
        step_x, step_y = 1 / at.scale_x, 1 / at.scale_y
        from_x, skip_x = _vernier((left - at.x) * step_x, step_x)
        from_y, skip_y = _vernier((top - at.y) * step_y, step_y)
        to_x = from_x + math.ceil((right - left + skip_x) * step_x) + 2
        to_y = from_y + math.ceil((bottom - top + skip_y) * step_y) + 2
        source = np.s_[max(0, from_y) : min(height, to_y), max(0, from_x) : min(width, to_x)]
        margins = (max(0, -from_y), max(0, to_y - height), max(0, -from_x), max(0, to_x - width))
        return cls(source, margins, skip_x, skip_y, right - left, bottom - top, at)

    def resampled(self, plane: Pixels, outside: int | None = None) -> Pixels:
        """``plane`` as seen in the box; beyond its edges it is ``outside`` (or its edge when None)."""
        source = plane[self.source]
        if any(self.margins):
            kind = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
            bordered = cv2.copyMakeBorder(source, *self.margins, kind, value=[outside or 0] * 4)
            source = np.asarray(bordered, dtype=np.uint8)
        scaled = cv2.resize(source, None, fx=self.at.scale_x, fy=self.at.scale_y, interpolation=cv2.INTER_LINEAR)
        return np.asarray(scaled[self.skip_y : self.skip_y + self.height, self.skip_x : self.skip_x + self.width])


def _windows(layer: Planes, at: Placement, box: Box) -> tuple[_Window, _Window]:
    """For the full and for the half-size planes of ``layer``; ``box`` is even."""
    left, top, right, bottom = box
    half = Placement(at.x / 2, at.y / 2, at.scale_x, at.scale_y)
    half_box = (left // 2, top // 2, right // 2, bottom // 2)
    return (
        _Window.of(layer.width, layer.height, at, box),
        _Window.of(layer.width // 2, layer.height // 2, half, half_box),
    )


def _vernier(start: float, step: float) -> tuple[int, int]:
    """The whole layer pixel, and the number of screen pixels to cut off, that together come nearest to ``start``."""
    best, skip = 1.0, 0
    for candidate in range(VERNIER_STEPS):
        place = start - step * candidate
        error = abs(place - round(place))
        if error < best:
            best, skip = error, candidate
            if error < CLOSE_ENOUGH:
                break
    return round(start - step * skip), skip


def _screen_to_layer(matrix: NDArray[np.float64], left: int, top: int) -> NDArray[np.float64]:
    """Invert a map from layer to screen, for the indices of pixels (pixel i is centred at i + 1/2) of a screen box
    that begins at (``left``, ``top``)."""
    inverse = np.asarray(cv2.invertAffineTransform(matrix), dtype=np.float64)
    inverse[:, 2] += inverse[:, :2] @ (left + 0.5, top + 0.5) - 0.5
    return inverse
