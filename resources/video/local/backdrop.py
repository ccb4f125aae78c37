"""The backdrop of a scene: layers at three distances that the camera passes at different speeds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from domain.profile import Profile
from domain.shots import Light, Setting
from resources.video.local import indoors, outdoors
from resources.video.local.compositor import Frame, Placement
from resources.video.local.motion import View
from resources.video.local.pixels import Planes, planes
from resources.video.local.sketch import HEIGHT, Drawing, Sketch
from resources.video.local.vector import rasterise

SETTINGS: Mapping[Setting, Callable[[Sketch], Drawing]] = {
    Setting.STUDIO: indoors.studio,
    Setting.CITY: outdoors.city,
    Setting.HOME: indoors.home,
    Setting.CLASSROOM: indoors.classroom,
    Setting.LIBRARY: indoors.library,
    Setting.LABORATORY: indoors.laboratory,
    Setting.FOREST: outdoors.forest,
    Setting.MOUNTAIN: outdoors.mountain,
    Setting.SEA: outdoors.sea,
    Setting.DESERT: outdoors.desert,
    Setting.SPACE: outdoors.space,
    Setting.STAGE: indoors.stage,
}


@dataclass(frozen=True, slots=True)
class Distance:
    """How a layer is drawn: ``parallax`` 1 moves with the characters; ``detail`` is drawn pixels per screen pixel (all
    but the characters are a little out of focus, and cheaper for it); ``margin`` is the part of the frame drawn beyond
    its edges; ``blur`` is in screen pixels of a frame 720 high."""

    parallax: float
    detail: float
    margin: float
    blur: float


BACK = Distance(parallax=0.25, detail=0.63, margin=0.06, blur=1.0)
MID = Distance(parallax=0.6, detail=0.77, margin=0.10, blur=0.6)
NEAR = Distance(parallax=1.5, detail=0.37, margin=0.19, blur=5.0)


LEAST_BLUR = 0.25
STRIPS = 5


@dataclass(frozen=True, slots=True)
class _Layer:
    """``x`` and ``y`` are where the picture's corner lies on the resting frame; for each column of it, ``tops`` is the
    first row that holds anything and ``bottoms`` the one after the last."""

    picture: Planes
    x: float
    y: float
    distance: Distance
    tops: NDArray[np.intp]
    bottoms: NDArray[np.intp]


class Backdrop:
    def __init__(self, setting: Setting, light: Light, seed: int, profile: Profile) -> None:
        """Draw the layers of ``setting``; the same seed draws the same place."""
        drawing = draw(setting, light, seed, profile)
        self._back = _layer(drawing.back, BACK, profile, opaque=True)
        self._mid = _layer(drawing.mid, MID, profile)
        self._near = _layer(drawing.near, NEAR, profile) if drawing.near else None
        self._still: tuple[View, Frame] | None = None

    def draw_behind(self, frame: Frame, view: View) -> None:
        """Fill ``frame`` with what lies behind the characters. A camera that rests is drawn once."""
        if self._still and self._still[0] == view:
            frame.copy_from(self._still[1])
            return
        frame.cover_with(self._back.picture, _placement(self._back, frame, view))
        _lay(self._mid, frame, view)
        if self._still is None:
            self._still = (view, Frame(frame.width, frame.height))
            self._still[1].copy_from(frame)

    def draw_before(self, frame: Frame, view: View) -> None:
        if self._near:
            _lay(self._near, frame, view)


def draw(setting: Setting, light: Light, seed: int, profile: Profile) -> Drawing:
    """The SVG of a backdrop, on a canvas 1000 units high."""
    draw_setting = SETTINGS[setting]
    width = HEIGHT * profile.width / profile.height
    return draw_setting(
        Sketch(width, light, Random(f"{setting}{seed}"), indoors=draw_setting.__module__ == indoors.__name__)
    )


def _placement(layer: _Layer, frame: Frame, view: View) -> Placement:
    zoom = 1 + (view.zoom - 1) * layer.distance.parallax
    shift_x, shift_y = view.x * frame.width * layer.distance.parallax, view.y * frame.height * layer.distance.parallax
    x = frame.width / 2 + (layer.x - frame.width / 2) * zoom + shift_x
    y = frame.height / 2 + (layer.y - frame.height / 2) * zoom + shift_y
    return Placement(x, y, zoom / layer.distance.detail, zoom / layer.distance.detail)


def _layer(drawing: str, distance: Distance, profile: Profile, *, opaque: bool = False) -> _Layer:
    """Rasterise, blur, and find out which rows are empty."""
    margin_x, margin_y = profile.width * distance.margin, profile.height * distance.margin
    unit, detail = HEIGHT / profile.height, distance.detail
    width = round((profile.width + 2 * margin_x) * detail / 2) * 2
    height = round((profile.height + 2 * margin_y) * detail / 2) * 2
    view = f"{-margin_x * unit:.3f} {-margin_y * unit:.3f} {width / detail * unit:.3f} {height / detail * unit:.3f}"
    pixels = rasterise(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{drawing}</svg>', width, height)
    picture = planes(pixels, dither=opaque)
    sigma = distance.blur * detail * min(profile.width, profile.height) / 720
    if sigma > LEAST_BLUR:
        picture = picture.blurred(sigma)
    drawn = picture.cover < 255
    tops = np.where(drawn.any(axis=0), drawn.argmax(axis=0), picture.height)
    bottoms = np.where(drawn.any(axis=0), picture.height - drawn[::-1].argmax(axis=0), 0)
    return _Layer(picture, -margin_x, -margin_y, distance, tops, bottoms)


def _lay(layer: _Layer, frame: Frame, view: View) -> None:
    """Blend a layer strip by strip without its empty rows.

    What stands at the sides is tall and what lies in the middle is low: what is not there costs nothing to blend.
    """
    at = _placement(layer, frame, view)
    for strip in range(STRIPS):
        left, right = (frame.width * edge // STRIPS & ~1 for edge in (strip, strip + 1))
        first, last = int((left - at.x) / at.scale_x) - 2, int((right - at.x) / at.scale_x) + 3
        top, bottom = layer.tops[max(0, first) : last].min(), layer.bottoms[max(0, first) : last].max()
        if top < bottom:
            upper, lower = at.y + (int(top) - 2) * at.scale_y, at.y + (int(bottom) + 2) * at.scale_y
            frame.lay(layer.picture, at, (left, max(0, int(upper)) & ~1, right, int(lower) + 2 & ~1))
