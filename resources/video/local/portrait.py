# ruff: noqa: E501 - a path is read, and changed, as one line
"""Portraits of the pre-made characters: whole, for the page, and cut out in parts, for animation.

The canvas has its origin in the middle of the head; the head is 300 units high, the bust ends at 1100.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from resources.video.local import accessories, clothes, face, hair, robot
from resources.video.local.colour import light, mix, shade
from resources.video.local.face import Eyes
from resources.video.local.looks import LOOKS, Look
from resources.video.local.motion import Mouth
from resources.video.local.pixels import Pixels
from resources.video.local.vector import png, rasterise

NECK_BELOW_HEAD = 140
"""The point about which the head turns, in units below its middle."""
SHOULDERS_UP = 38
"""Clothes are drawn for a longer neck than looks well."""
Box = tuple[float, float, float, float]  # left, top, right, bottom in canvas units
_HEAD: Box = (-230, -290, 230, 450)
BUST_END = clothes.BOTTOM - SHOULDERS_UP
_BODY: Box = (-330, 30, 330, BUST_END)
_EYES: Box = (-112, -76, 112, 48)
_MOUTH: Box = (-72, 52, 72, 150)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a character: RGBA pixels, whose upper left corner lies at (``x``, ``y``) pixels from the head's
    middle."""

    pixels: Pixels
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class CutOut:
    """A character in pieces. ``items`` has "body" and, where the character has them, "back" (hair behind the body)
    and "front" (what hangs over the clothes); ``faces`` is the head in every state, all of one size."""

    items: Mapping[str, Part]
    faces: Mapping[tuple[Mouth, Eyes], Pixels]
    head_x: float
    head_y: float


def portrait_png(slug: str, size: int = 512, *, round_backdrop: bool = True) -> bytes:
    """The portrait of a pre-made character as a square PNG of ``size`` pixels.

    With ``round_backdrop`` the bust stands in a disc of the character's own colours on transparency; without, on a
    square of them. Raises ``KeyError`` for a slug that has no look.
    """
    look = LOOKS[slug]
    top, bottom = look.backdrop
    shape = (
        '<circle cx="0" cy="20" r="338"/>' if round_backdrop else '<rect x="-340" y="-320" width="680" height="680"/>'
    )
    grown = f'<g clip-path="url(#disc)">{_backdrop_drawing(top, bottom)}{_whole(look)}</g>'
    drawing = f"<defs><clipPath id='disc'>{shape}</clipPath></defs>{grown}"
    return png(_svg(drawing, (-340, -320, 340, 360)), size, size)


def cut_out(slug: str, scale: float, *, glance: float, mouths: tuple[Mouth, ...], reach: float) -> CutOut:
    """The pieces of a character at ``scale`` pixels per unit, with every state of ``mouths`` and eyes.

    The bust is drawn down to ``reach`` units below the head's middle; what is below its end repeats its last row, so
    that long bodies of characters far back in tall pictures have no edge. Only eyes and mouth are drawn anew for each state; the rest of the head is shared.
    """
    look = LOOKS[slug]
    items: dict[str, Part] = {}
    body = (*_BODY[:3], min(reach, BUST_END))
    for name, drawing, box in (
        ("back", _back(look), _HEAD),
        ("body", _body(look), body),
        ("front", _front(look), body),
    ):
        if drawing:
            items[name] = _part(drawing, box, scale)
    missing = round((reach - BUST_END) * scale)
    if missing > 0:
        items["body"] = _lengthened(items["body"], missing)
    head = _part(_head(look, mouths[0], Eyes.OPEN, glance), _HEAD, scale)
    faces = {}
    for mouth in mouths:
        for eyes in Eyes:
            state = head.pixels.copy()
            _replace(state, head, _head(look, mouths[0], eyes, glance), _EYES, scale)
            _replace(state, head, _head(look, mouth, Eyes.OPEN, glance), _MOUTH, scale)
            faces[mouth, eyes] = state
    return CutOut(items, faces, head.x, head.y)


def _whole(look: Look) -> str:
    return f"{_back(look)}{_body(look)}{_head(look, Mouth.CLOSED, Eyes.OPEN, 0)}{_front(look)}"


def _back(look: Look) -> str:
    return hair.draw(look).behind


def _body(look: Look) -> str:
    drawing = robot.body(look) if look.clothes == "enamel" else clothes.draw(look) + accessories.on_chest(look)
    return _raised(drawing)


def _front(look: Look) -> str:
    return (_raised(clothes.collar(look)) if clothes.collar(look) else "") + hair.draw(look).over


def _raised(drawing: str) -> str:
    return f'<g transform="translate(0,{-SHOULDERS_UP})">{drawing}</g>'


def _head(look: Look, mouth: Mouth, eyes: Eyes, glance: float) -> str:
    if look.clothes == "enamel":
        return robot.head(look, mouth, eyes, glance)
    return "".join(
        (
            face.skin(look),
            accessories.on_head(look, below_mouth=True),
            face.mouth(look, mouth),
            face.nose(look),
            face.eyes(look, eyes, glance),
            hair.draw(look).before,
            face.brows(look),
            accessories.on_head(look, below_mouth=False),
        )
    )


def _backdrop_drawing(top: str, bottom: str) -> str:
    return (
        f'<linearGradient id="disc-fill" x1=".2" y1="0" x2=".8" y2="1"><stop offset="0" stop-color="{light(top, 0.25)}"/>'
        f'<stop offset="1" stop-color="{bottom}"/></linearGradient><radialGradient id="disc-light" cx=".36" cy=".26" r=".7">'
        f'<stop offset="0" stop-color="#fff" stop-opacity=".75"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>'
        f'<rect x="-400" y="-340" width="800" height="800" fill="url(#disc-fill)"/>'
        f'<circle cx="210" cy="-150" r="150" fill="{mix(bottom, "#ffffff", 0.35)}" opacity=".35"/>'
        f'<circle cx="-300" cy="240" r="190" fill="{shade(bottom, 0.12)}" opacity=".22"/>'
        f'<rect x="-400" y="-340" width="800" height="800" fill="url(#disc-light)"/>'
    )


def _svg(drawing: str, box: Box) -> str:
    left, top, right, bottom = box
    view = f"{left:g} {top:g} {right - left:g} {bottom - top:g}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{drawing}</svg>'


def _grid(box: Box, scale: float) -> tuple[int, int, int, int]:
    """``box`` in whole pixels at ``scale``, even in width and height."""
    left, top = round(box[0] * scale), round(box[1] * scale)
    return (
        left,
        top,
        left + (round((box[2] - box[0]) * scale) + 1 & ~1),
        top + (round((box[3] - box[1]) * scale) + 1 & ~1),
    )


@lru_cache(maxsize=160)
def _drawn(drawing: str, grid: tuple[int, int, int, int], scale: float) -> Pixels:
    """Kept for the next scene: the same people speak in most of a film."""
    left, top, right, bottom = grid
    units = (left / scale, top / scale, right / scale, bottom / scale)
    pixels = rasterise(_svg(drawing, units), right - left, bottom - top)
    pixels.flags.writeable = False
    return pixels


def _part(drawing: str, box: Box, scale: float) -> Part:
    """Draw, then cut away the empty margins (to even pixels, one kept on each side for soft edges)."""
    left, top, right, bottom = _grid(box, scale)
    pixels = _drawn(drawing, (left, top, right, bottom), scale)
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return Part(pixels[:2, :2], left, top)
    y0, y1 = max(0, int(rows[0]) - 2) & ~1, min(bottom - top, int(rows[-1]) + 4) & ~1
    x0, x1 = max(0, int(columns[0]) - 2) & ~1, min(right - left, int(columns[-1]) + 4) & ~1
    return Part(np.ascontiguousarray(pixels[y0:y1, x0:x1]), left + x0, top + y0)


def _lengthened(part: Part, rows: int) -> Part:
    longer = np.pad(part.pixels[:-2], ((0, rows + 2 & ~1), (0, 0), (0, 0)), mode="edge")
    return Part(longer, part.x, part.y)


def _replace(state: Pixels, head: Part, drawing: str, box: Box, scale: float) -> None:
    """Draw ``box`` of another state of the head over ``state``."""
    left, top, right, bottom = _grid(box, scale)
    x, y = left - int(head.x), top - int(head.y)
    under = state[y : y + bottom - top, x : x + right - left]
    under[:] = _drawn(drawing, (left, top, right, bottom), scale)[: under.shape[0], : under.shape[1]]
