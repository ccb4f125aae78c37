# ruff: noqa: E501 - a path is read, and changed, as one line
"""Things that characters wear: on the head (they turn with it) or on the chest."""

from collections.abc import Callable, Mapping

from resources.video.local.colour import mix, shade
from resources.video.local.looks import Look


def on_head(look: Look, *, below_mouth: bool) -> str:
    """What is worn on the head; ``below_mouth`` chooses between what lies under the mouth (a beard) and over the face."""
    wanted = UNDER_MOUTH if below_mouth else OVER_FACE
    return "".join(wanted[extra](look) for extra in look.extras if extra in wanted)


def on_chest(look: Look) -> str:
    return "".join(ON_CHEST[extra](look) for extra in look.extras if extra in ON_CHEST)


def _glass(shape: str, frame: str, width: float, temple_y: float, cheek: float) -> str:
    temples = "".join(
        f'<path d="M{s * 82},{temple_y} L{s * (cheek + 4)},{temple_y - 6}" stroke="{frame}" stroke-width="{width}"/>'
        for s in (-1, 1)
    )
    bridge = f'<path d="M-15,{temple_y + 4} Q0,{temple_y - 8} 15,{temple_y + 4}" stroke="{frame}" stroke-width="{width}" fill="none"/>'
    lenses = "".join(
        f'<g transform="translate({s * 48},8)">{shape.replace("FILL", "#ffffff").replace("STROKE", frame).replace("WIDTH", str(width))}'
        f'<path d="M-20,-10 l16,-14 M-20,4 l8,-7" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity=".4"/></g>'
        for s in (-1, 1)
    )
    return temples + bridge + lenses


def _round_glasses(look: Look) -> str:
    return _glass(
        '<circle r="36" fill="FILL" fill-opacity=".10" stroke="STROKE" stroke-width="WIDTH"/>',
        "#e6b64c",
        6,
        4,
        look.cheek,
    )


def _square_glasses(look: Look) -> str:
    shape = '<rect x="-36" y="-28" width="72" height="58" rx="13" fill="FILL" fill-opacity=".12" stroke="STROKE" stroke-width="WIDTH"/>'
    return _glass(shape, "#17161d", 5, 0, look.cheek)


def _half_glasses(look: Look) -> str:
    chain = '<path d="M-114,30 C-142,90 -136,150 -112,190 M114,30 C142,90 136,150 112,190" stroke="#e0b65a" stroke-width="4" stroke-dasharray="3 6" stroke-linecap="round" fill="none"/>'
    lenses = "".join(
        f'<path d="M{s * 48 - 34},26 h68 c0,40 -68,40 -68,0 Z" fill="#fff" fill-opacity=".22" stroke="#b98c3c" stroke-width="4.5" stroke-linejoin="round"/>'
        for s in (-1, 1)
    )
    return f'{chain}<path d="M-14,28 Q0,20 14,28 M-82,27 L-114,18 M82,27 L114,18" stroke="#b98c3c" stroke-width="4.5" fill="none"/>{lenses}'


def _hoops(look: Look) -> str:
    return "".join(
        f'<circle cx="{s * (look.cheek + 6)}" cy="62" r="15" fill="none" stroke="#f0c04f" stroke-width="6"/>'
        for s in (-1, 1)
    )


def _pearls(look: Look) -> str:
    return "".join(
        f'<circle cx="{s * (look.cheek + 5)}" cy="52" r="9.5" fill="#fdf8f2" stroke="#d8c9d2" stroke-width="2"/>'
        for s in (-1, 1)
    )


def _nose_ring(look: Look) -> str:
    return '<path d="M12,58 a8,8 0 1 0 13,3" stroke="#e9edf5" stroke-width="4" fill="none" stroke-linecap="round"/>'


def _moustache(look: Look) -> str:
    grey = look.hair_colour
    half = '<path d="M0,66 C18,54 50,60 62,82 C68,92 80,92 86,84 C84,106 60,112 40,102 C22,96 8,90 0,86 Z"/>'
    return (
        f'<g fill="{grey}">{half}<g transform="scale(-1,1)">{half}</g></g>'
        f'<path d="M10,74 q26,-2 40,14 M-10,74 q-26,-2 -40,14" stroke="{mix(grey, "#ffffff", 0.45)}" stroke-width="4" stroke-linecap="round" fill="none" opacity=".8"/>'
    )


def _beard(look: Look) -> str:
    dark = mix(look.hair_colour, "#8d7f8a", 0.5)
    c = look.cheek
    shape = (
        f"M{-c - 2},6 C{-c - 6},60 {-c - 4},120 -88,166 C-60,206 -26,222 0,222 C26,222 60,206 88,166 C{c + 4},120 {c + 6},60 {c + 2},6 "
        f"C{c - 8},40 {c - 20},60 72,68 C50,62 26,68 0,72 C-26,68 -50,62 -72,68 C{20 - c},60 {8 - c},40 {-c - 2},6 Z"
    )
    return (
        f'<linearGradient id="beard" x1="0" y1="0" x2=".5" y2="1"><stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="{dark}"/></linearGradient>'
        f'<path d="{shape}" fill="url(#beard)"/><path d="M-70,140 q10,36 30,52 M-28,150 q6,36 16,54 M28,150 q-6,36 -16,54 M70,140 q-10,36 -30,52 M-96,90 q2,30 14,52 M96,90 q-2,30 -14,52" '
        f'stroke="{dark}" stroke-width="5" stroke-linecap="round" fill="none" opacity=".55"/>'
        f'<path d="M0,70 C20,60 48,66 60,84 C40,82 20,82 0,80 C-20,82 -40,82 -60,84 C-48,66 -20,60 0,70 Z" fill="#ffffff"/>'
    )


def _headphones(look: Look) -> str:
    orange, dark = "#ff8a2a", "#c75f12"
    cups = "".join(
        f'<g transform="translate({s * 98},250) rotate({s * -20})"><rect x="-27" y="-44" width="54" height="88" rx="25" fill="{dark}"/>'
        f'<rect x="-19" y="-36" width="38" height="72" rx="18" fill="{orange}"/><rect x="-9" y="-22" width="12" height="26" rx="6" fill="#ffc48a" opacity=".8"/></g>'
        for s in (-1, 1)
    )
    return f'<path d="M-104,216 C-120,120 -70,132 -54,150 M104,216 C120,120 70,132 54,150" stroke="{dark}" stroke-width="17" stroke-linecap="round" fill="none"/>{cups}'


def _pin(look: Look) -> str:
    return f'<g transform="translate(-122,330)"><circle r="13" fill="#e9eef5" stroke="{shade("#c0c8d4", 0.25)}" stroke-width="3"/><path d="M-5,-1 l4,5 l7,-9" stroke="#8b97a8" stroke-width="3.4" fill="none" stroke-linecap="round"/></g>'


Drawing = Callable[[Look], str]
UNDER_MOUTH: Mapping[str, Drawing] = {"beard": _beard}
OVER_FACE: Mapping[str, Drawing] = {
    "moustache": _moustache,
    "round_glasses": _round_glasses,
    "square_glasses": _square_glasses,
    "half_glasses": _half_glasses,
    "hoops": _hoops,
    "pearls": _pearls,
    "nose_ring": _nose_ring,
}
ON_CHEST: Mapping[str, Drawing] = {"headphones": _headphones, "pin": _pin}
