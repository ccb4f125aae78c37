"""Actors: what moves a character on the frame."""

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from resources.video.local import portrait
from resources.video.local.blocking import Mark
from resources.video.local.compositor import Frame, Placement
from resources.video.local.face import Eyes
from resources.video.local.motion import (
    ENTRANCE_SECONDS,
    Mouth,
    View,
    Word,
    blinks,
    ease_out_back,
    is_blinking,
    mouth,
)
from resources.video.local.pixels import Planes, Turnable, planes

Tint = tuple[float, float, float]
Matrix = NDArray[np.float64]
BREATHS_PER_SECOND = 0.27
OVERSAMPLING = 1.09
"""Drawn pixels per screen pixel at the nearest: a scale of exactly one would let bodies move in whole pixels only (see
compositor.py), and slow breathing would be seen to jerk."""
RISE = 46
"""Canvas units by which a character comes up as it enters."""


class Actor(Protocol):
    def draw(self, frame: Frame, now: float, view: View) -> None:
        """Put the character on ``frame`` as it is at ``now`` (seconds) under the camera's ``view``."""
        ...


class Puppet:
    """A character drawn by ourselves: a body that breathes, a head that turns on its neck, a face that speaks."""

    def __init__(
        self,
        slug: str,
        mark: Mark,
        *,
        words: Sequence[Word],
        glance: float,
        zoom: float,
        tint: Tint,
        seed: int,
        duration: float,
        reach: float,
    ) -> None:
        """``words`` are spoken by this character (none: it listens); ``glance`` is where the eyes look, -1 left to 1
        right; ``zoom`` is the nearest the camera comes, for the sharpness of the drawings; ``reach`` is how far below
        the head's middle, in canvas units, the frame may show the body."""
        random = Random(f"{slug}{seed}")
        self._mark, self._words = mark, words
        self._phase = random.uniform(0, math.tau)
        self._delay = random.uniform(0.0, 0.18)
        self._blinks = blinks(duration, random)
        self._resolution = mark.unit * zoom * OVERSAMPLING
        cut = portrait.cut_out(
            slug, self._resolution, glance=glance, mouths=tuple(Mouth) if words else (Mouth.CLOSED,), reach=reach
        )
        drawn = {name: (planes(part.pixels, tint), part.x, part.y) for name, part in cut.items.items()}
        self._parts: Mapping[str, tuple[Planes, float, float]] = drawn
        self._back = Turnable.of(drawn["back"][0]) if "back" in drawn else None
        self._faces: Mapping[tuple[Mouth, Eyes], Turnable] = {
            state: Turnable.of(planes(pixels, tint)) for state, pixels in cut.faces.items()
        }
        self._head_at = (cut.head_x, cut.head_y)

    def draw(self, frame: Frame, now: float, view: View) -> None:
        breath = math.sin(math.tau * BREATHS_PER_SECOND * now + self._phase)
        sway = math.sin(math.tau * 0.11 * now + self._phase * 1.7)
        entrance = RISE * (1 - ease_out_back((now - self._delay) / ENTRANCE_SECONDS))
        speaking = mouth(self._words, now)
        energy = 1.0 if self._words else 0.0
        nod = _nod(self._words, now)
        unit = self._mark.unit * view.zoom
        origin_x = frame.width / 2 + (self._mark.x - frame.width / 2) * view.zoom + view.x * frame.width
        origin_y = frame.height / 2 + (self._mark.y - frame.height / 2) * view.zoom + view.y * frame.height
        origin_x += sway * 3.0 * unit
        origin_y += entrance * unit
        angle = math.radians(
            1.0 * math.sin(math.tau * 0.13 * now + self._phase)
            + energy * 1.5 * math.sin(math.tau * 0.47 * now + self._phase * 2)
        )
        lift = -2.2 * breath + 3.4 * nod
        pixel = view.zoom * self._mark.unit / self._resolution
        head = _turn(angle, pixel, origin_x, origin_y + lift * unit, unit)
        if self._back:
            _, x, y = self._parts["back"]
            frame.lay_turned(self._back, _offset(head, x, y))
        self._lay(frame, "body", origin_x, origin_y - 2.2 * breath * unit, pixel)
        eyes = Eyes.SHUT if is_blinking(self._blinks, now) else Eyes.OPEN
        x, y = self._head_at
        frame.lay_turned(self._faces[speaking, eyes], _offset(head, x, y))
        if "front" in self._parts:
            self._lay(frame, "front", origin_x, origin_y - 2.2 * breath * unit, pixel)

    def _lay(self, frame: Frame, name: str, origin_x: float, origin_y: float, pixel: float) -> None:
        picture, x, y = self._parts[name]
        frame.lay(picture, Placement(origin_x + x * pixel, origin_y + y * pixel, pixel, pixel))


def _nod(words: Sequence[Word], now: float) -> float:
    """A small dip of the head with every longer word."""
    for word in words:
        if len(word.syllables) > 1 and word.start <= now < word.end:
            return math.sin(math.pi * (now - word.start) / (word.end - word.start))
    return 0.0


def _turn(angle: float, pixel: float, x: float, y: float, unit: float) -> Matrix:
    """Head drawing (pixels from the head's middle) to screen, turned about the neck."""
    cos, sin = math.cos(angle) * pixel, math.sin(angle) * pixel
    neck = portrait.NECK_BELOW_HEAD * unit
    turned_x, turned_y = -math.sin(angle) * neck, math.cos(angle) * neck
    return np.array([[cos, -sin, x - turned_x], [sin, cos, y + neck - turned_y]], dtype=np.float64)


def _offset(matrix: Matrix, x: float, y: float) -> Matrix:
    """``matrix`` for a drawing whose corner lies at (``x``, ``y``) of the one that it is made for."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (x, y)
    return moved
