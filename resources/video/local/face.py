# ruff: noqa: E501 - a path is read, and changed, as one line
"""The face: skin, eyes, brows, nose and mouth. The head's middle is the origin; one unit is 1/300 of its height."""

from enum import StrEnum

from resources.video.local.colour import light, mix, shade
from resources.video.local.looks import Look
from resources.video.local.motion import Mouth

EYE_X, EYE_Y = 47, 6
MOUTH_Y = 94
INSIDE = "#5a1626"
TEETH = "#fffaf2"
TONGUE = "#e0616b"


class Eyes(StrEnum):
    OPEN = "open"
    SHUT = "shut"


def outline(look: Look) -> str:
    """The path of the face, closed."""
    c, j, b = look.cheek, look.jaw, look.chin
    return (
        f"M{-c},-22 C{-c},-122 {-c * 0.62},-166 0,-166 C{c * 0.62},-166 {c},-122 {c},-22 "
        f"C{c},46 {j + 22},{b - 58} {j - 6},{b - 28} C{j - 34},{b - 4} 22,{b + 2} 0,{b + 2} "
        f"C-22,{b + 2} {34 - j},{b - 4} {6 - j},{b - 28} C{-j - 22},{b - 58} {-c},46 {-c},-22 Z"
    )


def skin(look: Look) -> str:
    """Ears, face, and the soft shadows on it."""
    dark, c = shade(look.skin, 0.22), look.cheek
    blush = mix(look.skin, "#e8433f", 0.55)
    ears = "".join(
        f'<ellipse cx="{side * (c + 4)}" cy="14" rx="21" ry="32" fill="{mix(look.skin, dark, 0.25)}"/>'
        f'<path d="M{side * (c + 12)},-2 q{side * -14},10 {side * -6},30" stroke="{dark}" stroke-width="5" '
        f'stroke-linecap="round" fill="none" opacity=".55"/>'
        for side in (-1, 1)
    )
    cheeks = "".join(
        f'<ellipse cx="{side * 70}" cy="56" rx="34" ry="25" fill="url(#blush)" opacity="{look.blush * 1.6:.2f}"/>'
        for side in (-1, 1)
    )
    return (
        f'<defs><clipPath id="face"><path d="{outline(look)}"/></clipPath>'
        f'<radialGradient id="blush"><stop offset="0" stop-color="{blush}" stop-opacity=".8"/>'
        f'<stop offset="1" stop-color="{blush}" stop-opacity="0"/></radialGradient>'
        f'<linearGradient id="skin" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="{light(look.skin, 0.16)}"/>'
        f'<stop offset=".55" stop-color="{look.skin}"/><stop offset="1" stop-color="{mix(look.skin, dark, 0.5)}"/>'
        f"</linearGradient></defs>"
        f'{ears}<path d="{outline(look)}" fill="url(#skin)"/>'
        f'<g clip-path="url(#face)"><path d="M150,-170 L62,-170 C108,-96 112,62 26,{look.chin + 6} L150,{look.chin + 6} Z" '
        f'fill="{dark}" opacity=".26"/>{cheeks}{_marks(look, dark)}</g>'
    )


def _marks(look: Look, dark: str) -> str:
    parts = []
    if look.freckles:
        spots = [
            (-76, 42),
            (-60, 50),
            (-66, 34),
            (-48, 42),
            (-84, 54),
            (76, 42),
            (60, 50),
            (66, 34),
            (48, 42),
            (84, 54),
        ]
        spots += [(-10, 36), (10, 38), (0, 30)]
        parts += [f'<circle cx="{x}" cy="{y}" r="3.1" fill="#c9743f" opacity=".75"/>' for x, y in spots]
    if look.lines:
        for side in (-1, 1):
            parts.append(
                f'<g stroke="{dark}" stroke-width="3.2" stroke-linecap="round" fill="none" opacity=".42">'
                f'<path d="M{side * 78},2 l{side * 14},-6"/><path d="M{side * 79},11 l{side * 14},2"/>'
                f'<path d="M{side * 56},64 q{side * 10},16 {side * 2},32"/></g>'
            )
        parts.append(
            f'<path d="M-34,-84 q34,-9 68,0 M-24,-100 q24,-7 48,0" stroke="{dark}" stroke-width="3" '
            f'stroke-linecap="round" fill="none" opacity=".28"/>'
        )
    if look.tired:
        for side in (-1, 1):
            parts.append(
                f'<path d="M{side * 28},29 q{side * 20},12 {side * 40},-2 q{side * -18},22 {side * -40},2 Z" '
                f'fill="#6b5a78" opacity=".35"/>'
            )
    if "stubble" in look.extras:
        parts.append(
            f'<path d="M{-look.cheek},40 C-92,66 -70,60 -48,70 Q0,58 48,70 C70,60 92,66 {look.cheek},40 L120,170 L-120,170 Z" '
            f'fill="#4a4450" opacity=".24"/>'
        )
    return "".join(parts)


def eyes(look: Look, state: Eyes, glance: float) -> str:
    """Both eyes; ``glance`` is -1 (left) to 1 (right)."""
    return "".join(_eye(look, state, glance, side) for side in (-1, 1))


def _eye(look: Look, state: Eyes, glance: float, side: int) -> str:
    size, rx, ry = look.eye, 21 * look.eye, 18.5 * look.eye
    dark = "#1d1119" if look.lashes or look.hair_colour < "#8" else "#4b2f2a"
    lid_colour = look.liner or shade(look.skin, 0.16)
    place = f'transform="translate({side * EYE_X},{EYE_Y})"'
    lash = f'<path d="M{side * (rx - 2)},-5 q{side * 7},-3 {side * 11},-10" stroke-width="4.5"/>' if look.lashes else ""
    if state is Eyes.SHUT:
        low = f'<path d="M{-rx},1 Q0,{ry * 0.95:.1f} {rx},1" stroke-width="5"/>'
        lashes = f'<path d="M{side * (rx - 3)},4 q{side * 6},1 {side * 11},6" stroke-width="4"/>' if look.lashes else ""
        fill = f'<ellipse rx="{rx + 1}" ry="{ry * 0.72:.1f}" fill="{lid_colour}" opacity=".5"/>'
        return f'<g {place}>{fill}<g stroke="{dark}" stroke-linecap="round" fill="none">{low}{lashes}</g></g>'
    lid = -ry + 2 * ry * look.lid
    iris = 13.2 * size
    clip = f"eye{side + 1}"
    return (
        f'<g {place}><clipPath id="{clip}"><ellipse rx="{rx}" ry="{ry}"/></clipPath>'
        f'<path d="M{-rx - 2},{-ry * 0.7:.1f} Q0,{-ry * 1.75:.1f} {rx + 2},{-ry * 0.7:.1f}" stroke="{shade(look.skin, 0.3)}" '
        f'stroke-width="3" fill="none" stroke-linecap="round" opacity=".5"/>'
        f'<g clip-path="url(#{clip})"><ellipse rx="{rx}" ry="{ry}" fill="#fffdf8"/>'
        f'<g transform="translate({glance * 6.5:.1f},{1 + look.lid * 4:.1f})">'
        f'<circle r="{iris}" fill="{shade(look.eye_colour, 0.35)}"/><circle r="{iris - 2.2:.1f}" fill="{look.eye_colour}"/>'
        f'<path d="M{-iris * 0.7:.1f},{iris * 0.35:.1f} A{iris * 0.8:.1f},{iris * 0.8:.1f} 0 0 0 {iris * 0.7:.1f},'
        f'{iris * 0.35:.1f} Z" fill="{light(look.eye_colour, 0.45)}" opacity=".75"/>'
        f'<circle r="{6.6 * size:.1f}" fill="#160c12"/><circle cx="{-4.4 * size:.1f}" cy="{-5 * size:.1f}" r="{4 * size:.1f}" '
        f'fill="#fff"/><circle cx="{4.6 * size:.1f}" cy="{4.6 * size:.1f}" r="{1.9 * size:.1f}" fill="#fff" opacity=".8"/></g>'
        f'<path d="M{-rx - 2},{-ry - 3} L{rx + 2},{-ry - 3} L{rx + 2},{lid + 7:.1f} Q0,{lid - 5:.1f} {-rx - 2},{lid + 7:.1f} Z" '
        f'fill="{lid_colour}"/><path d="M{-rx},{lid + 9:.1f} Q0,{lid - 1:.1f} {rx},{lid + 9:.1f} L{rx},{lid + 3:.1f} '
        f'L{-rx},{lid + 3:.1f} Z" fill="#3b2a4a" opacity=".16"/></g>'
        f'<g stroke="{dark}" stroke-linecap="round" fill="none"><path d="M{-rx},{lid + 8 if look.lid > 0.05 else -5:.1f} '
        f'Q0,{lid - 9 if look.lid > 0.05 else -ry * 1.62:.1f} {rx},{lid + 8 if look.lid > 0.05 else -5:.1f}" '
        f'stroke-width="{6 if look.lashes else 5}"/>{lash}</g></g>'
    )


def brows(look: Look) -> str:
    y = -37 - look.brow_lift - 4 * (look.eye - 1) * 10
    parts = []
    for side in (-1, 1):
        inner, outer = (side * 24, y + 3 + look.brow_tilt), (side * 76, y + 5 - look.brow_tilt * 0.3)
        middle = (side * 54, y - 15)
        parts.append(
            f'<path d="M{inner[0]},{inner[1]} Q{middle[0]},{middle[1]} {outer[0]},{outer[1]}" stroke="{look.brow}" '
            f'stroke-width="{look.brow_weight}" stroke-linecap="round" fill="none"/>'
        )
    return "".join(parts)


def nose(look: Look) -> str:
    n, dark = look.nose, shade(look.skin, 0.34)
    return (
        f'<path d="M{7 * n:.1f},8 C{12 * n:.1f},28 {24 * n:.1f},42 {20 * n:.1f},54 C{15 * n:.1f},64 {4 * n:.1f},62 0,62 '
        f'C{8 * n:.1f},50 {8 * n:.1f},30 {7 * n:.1f},8 Z" fill="{dark}" opacity=".3"/>'
        f'<ellipse cx="{-3 * n:.1f}" cy="44" rx="{8 * n:.1f}" ry="9" fill="{light(look.skin, 0.35)}" opacity=".4"/>'
        f'<path d="M{-17 * n:.1f},55 Q{-10 * n:.1f},64 0,62 Q{10 * n:.1f},64 {17 * n:.1f},55" stroke="{dark}" '
        f'stroke-width="4.4" stroke-linecap="round" fill="none" opacity=".85"/>'
    )


def mouth(look: Look, state: Mouth) -> str:
    w, s = look.mouth_width, look.smile
    lip = look.lips or mix(look.skin, "#8c2f33", 0.5)
    match state:
        case Mouth.CLOSED:
            drawing = _grin(look, lip) if look.grin else _closed(look, lip)
        case Mouth.HALF:
            drawing = _parted(w * 0.78, 5 + s * 0.25, 17, lip, tongue=False)
        case Mouth.OPEN:
            drawing = _parted(w * 0.86, 6 + s * 0.3, 38, lip, tongue=True)
        case Mouth.ROUND:
            drawing = (
                f'<ellipse cy="7" rx="15.5" ry="18" fill="{INSIDE}" stroke="{lip}" stroke-width="6"/>'
                f'<ellipse cy="17" rx="9" ry="5" fill="{TONGUE}"/>'
            )
    return f'<g transform="translate(0,{MOUTH_Y + (look.chin - 152) * 0.5:.1f})">{drawing}</g>'


def _closed(look: Look, lip: str) -> str:
    w, s, k = look.mouth_width, look.smile, look.skew
    left, right = -s * 0.5 + k * 0.4, -s * 0.5 - k
    line = f"M{-w},{left:.1f} Q{-k * 0.6:.1f},{s * 1.15:.1f} {w},{right:.1f}"
    corners = f"M{-w - 4},{left - 4:.1f} q3,3 4,6 M{w + 4},{right - 4:.1f} q-3,3 -4,6" if s > 3 else ""
    parts = []
    if look.lips:
        parts.append(
            f'<path d="M{-w * 0.92:.1f},{left:.1f} Q{-w * 0.4:.1f},{-9 + left * 0.3:.1f} {-w * 0.14:.1f},-8 Q0,-4 {w * 0.14:.1f},-8 '
            f'Q{w * 0.4:.1f},{-9 + right * 0.3:.1f} {w * 0.92:.1f},{right:.1f} Q0,{s * 1.2:.1f} {-w * 0.92:.1f},{left:.1f} Z" '
            f'fill="{lip}"/><path d="M{-w * 0.86:.1f},{left:.1f} Q0,{s * 1.15 + 1:.1f} {w * 0.86:.1f},{right:.1f} '
            f'Q{w * 0.3:.1f},{s + 17:.1f} 0,{s + 15:.1f} Q{-w * 0.3:.1f},{s + 17:.1f} {-w * 0.86:.1f},{left:.1f} Z" '
            f'fill="{light(lip, 0.14)}"/>'
        )
    else:
        parts.append(
            f'<path d="M{-w * 0.36:.1f},{s + 14:.1f} Q0,{s + 19:.1f} {w * 0.36:.1f},{s + 14:.1f}" stroke="{lip}" '
            f'stroke-width="4" stroke-linecap="round" fill="none" opacity=".45"/>'
        )
    ink = shade(lip, 0.5)
    parts.append(f'<path d="{line} {corners}" stroke="{ink}" stroke-width="4.6" stroke-linecap="round" fill="none"/>')
    return "".join(parts)


def _grin(look: Look, lip: str) -> str:
    w = look.mouth_width
    shape = f"M{-w},-9 Q0,1 {w},-9 Q{w * 0.72:.1f},25 0,27 Q{-w * 0.72:.1f},25 {-w},-9 Z"
    gap = f'<path d="M-3.5,-8 h7 v17 h-7 Z" fill="{INSIDE}"/>' if look.gap else ""
    return (
        f'<clipPath id="grin"><path d="{shape}"/></clipPath><path d="{shape}" fill="{INSIDE}"/>'
        f'<g clip-path="url(#grin)"><path d="M{-w},-14 L{w},-14 L{w},4 Q0,16 {-w},4 Z" fill="{TEETH}"/>{gap}'
        f'<ellipse cy="28" rx="{w * 0.5:.1f}" ry="11" fill="{TONGUE}"/></g>'
        f'<path d="{shape}" stroke="{shade(lip, 0.3)}" stroke-width="4.4" stroke-linejoin="round" fill="none"/>'
        f'<path d="M{-w - 6},-13 q3,3 5,7 M{w + 6},-13 q-3,3 -5,7" stroke="{shade(lip, 0.4)}" stroke-width="4" '
        f'stroke-linecap="round" fill="none" opacity=".7"/>'
    )


def _parted(w: float, rise: float, depth: float, lip: str, *, tongue: bool) -> str:
    """An open mouth ``depth`` units high; the identifiers differ by depth, so that two can share a drawing."""
    shape = f"M{-w:.1f},{-rise:.1f} Q0,{rise * 0.5:.1f} {w:.1f},{-rise:.1f} Q{w * 0.84:.1f},{depth:.1f} 0,{depth:.1f} "
    shape += f"Q{-w * 0.84:.1f},{depth:.1f} {-w:.1f},{-rise:.1f} Z"
    name = f"parted{round(depth)}"
    inner = f'<path d="M{-w:.1f},-16 L{w:.1f},-16 L{w:.1f},3 Q0,9 {-w:.1f},3 Z" fill="{TEETH}"/>'
    if tongue:
        inner += f'<ellipse cy="{depth - 1:.1f}" rx="{w * 0.56:.1f}" ry="12" fill="{TONGUE}"/>'
    return (
        f'<clipPath id="{name}"><path d="{shape}"/></clipPath><path d="{shape}" fill="{INSIDE}"/>'
        f'<g clip-path="url(#{name})">{inner}</g>'
        f'<path d="{shape}" stroke="{lip}" stroke-width="5.5" stroke-linejoin="round" fill="none"/>'
    )
