# ruff: noqa: E501 - a path is read, and changed, as one line
"""Hair and headwear. Every style has a part behind the body and a part over the face, either of which may be empty.

``before`` gets the face's outline for shadows that fall on it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resources.video.local.colour import light, mix, shade
from resources.video.local.looks import Look


@dataclass(frozen=True, slots=True)
class Hair:
    """SVG of what lies ``behind`` neck and body and ``before`` the face, both turning with the head, and of what
    falls ``over`` the clothes."""

    behind: str = ""
    before: str = ""
    over: str = ""


def draw(look: Look) -> Hair:
    return STYLES[look.hair](look)


def _fall(path: str, look: Look, dx: float = 0, dy: float = 11) -> str:
    """The shadow that ``path`` casts on the face."""
    return (
        f'<g clip-path="url(#face)"><path d="{path}" transform="translate({dx},{dy})" fill="{shade(look.skin, 0.4)}" '
        f'opacity=".34"/></g>'
    )


def _gradient(name: str, top: str, bottom: str) -> str:
    return (
        f'<linearGradient id="{name}" x1="0" y1="0" x2=".4" y2="1"><stop offset="0" stop-color="{top}"/>'
        f'<stop offset="1" stop-color="{bottom}"/></linearGradient>'
    )


def _strands(paths: str, colour: str, width: float = 5, opacity: float = 0.5) -> str:
    return f'<path d="{paths}" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" fill="none" opacity="{opacity}"/>'


def _curls(look: Look) -> Hair:
    base, lit, dark = look.hair_colour, light(look.hair_colour, 0.2), shade(look.hair_colour, 0.4)
    behind = [f'<ellipse cx="0" cy="-60" rx="150" ry="140" fill="{dark}"/>']
    for step in range(15):
        angle = math.radians(200 + step * 220 / 14)
        x, y = 142 * math.cos(angle), -52 + 132 * math.sin(angle)
        behind.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{40 + 5 * (step % 3)}" fill="{base if step % 2 else dark}"/>'
        )
    hairline = "M-122,-20 C-122,-70 -96,-96 -62,-104 Q0,-128 62,-104 C96,-96 122,-70 122,-20 L140,-180 L-140,-180 Z"
    before = [_fall(hairline, look, 0, 14)]
    for row, (radius, count, size) in enumerate(((112, 9, 34), (146, 10, 36), (168, 9, 32))):
        for step in range(count):
            angle = math.radians(198 + step * 144 / (count - 1) + 180 * 0)
            x, y = radius * 1.02 * math.cos(angle), -34 + radius * math.sin(angle)
            tone = (
                mix(base, lit, 0.25 + 0.25 * ((step + row) % 3))
                if x < 40
                else mix(base, dark, 0.2 * ((step + row) % 3))
            )
            before.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{size - 3 * ((step + row) % 2)}" fill="{tone}"/>')
            if (step + row) % 2 == 0:
                before.append(_strands(f"M{x - 12:.0f},{y + 2:.0f} a13,13 0 0 1 21,-9", light(base, 0.34), 4, 0.45))
    return Hair("".join(behind), "".join(before))


def _bald_sides(look: Look) -> Hair:
    base = look.hair_colour
    sides = "".join(
        f'<g transform="scale({side},1)"><path d="M92,-92 C128,-96 150,-58 144,-14 C142,10 138,24 128,34 C122,10 122,-6 112,-22 '
        f'C108,-48 102,-70 92,-92 Z" fill="{base}"/>{_strands("M112,-70 q20,30 20,70 M122,-74 q18,28 14,60", light(base, 0.4), 4, 0.6)}</g>'
        for side in (-1, 1)
    )
    shine = '<ellipse cx="-34" cy="-128" rx="38" ry="15" fill="#fff" opacity=".32" transform="rotate(-16 -34 -128)"/>'
    return Hair("", shine + sides)


def _high_top(look: Look) -> Hair:
    base, lit = look.hair_colour, light(look.hair_colour, 0.16)
    top = "M-112,-66 C-122,-110 -128,-190 -116,-232 Q-108,-258 -78,-262 Q0,-276 78,-262 Q108,-258 116,-232 "
    top += "C128,-190 122,-110 112,-66 C106,-92 94,-104 78,-108 Q0,-124 -78,-108 C-94,-104 -106,-92 -112,-66 Z"
    fade = "".join(
        f'<path d="M{side * 108},-84 C{side * 122},-60 {side * 124},-30 {side * 121},0 L{side * 106},-8 '
        f'C{side * 108},-40 {side * 106},-62 {side * 98},-96 Z" fill="url(#fade)"/>'
        for side in (-1, 1)
    )
    dots = "".join(
        f'<circle cx="{-92 + 23 * column + (row % 2) * 11}" cy="{-242 + 21 * row}" r="7" fill="{lit}" opacity="{0.75 - row * 0.08:.2f}"/>'
        for row in range(6)
        for column in range(8 if row % 2 else 9)
    )
    fading = (
        f'<linearGradient id="fade" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{base}"/>'
        f'<stop offset="1" stop-color="{base}" stop-opacity="0"/></linearGradient>'
    )
    grad = _gradient("hair", mix(base, lit, 0.7), base)
    return Hair("", f'<defs>{grad}{fading}</defs>{_fall(top, look)}{fade}<path d="{top}" fill="url(#hair)"/>{dots}')


def _headscarf(look: Look) -> Hair:
    base, lit, dark = look.hair_colour, light(look.hair_colour, 0.25), shade(look.hair_colour, 0.35)
    outer = "M0,-198 C92,-198 152,-138 156,-40 C160,40 150,110 112,166 C84,206 -84,206 -112,166 C-150,110 -160,40 -156,-40 C-152,-138 -92,-198 0,-198 Z"
    inner = "M0,-128 C64,-128 106,-84 108,-16 C110,52 92,112 56,140 C34,156 -34,156 -56,140 C-92,112 -110,52 -108,-16 C-106,-84 -64,-128 0,-128 Z"
    shadow = f'<g clip-path="url(#face)"><path d="{inner}" fill="none" stroke="{shade(look.skin, 0.4)}" stroke-width="26" opacity=".3"/></g>'
    folds = "M-20,-192 C-96,-170 -132,-90 -130,-10 C-128,70 -116,120 -84,160 M30,-190 C110,-160 136,-80 132,0 C128,80 112,130 80,166"
    band = "M-108,-30 C-104,-90 -62,-130 0,-130 C62,-130 104,-90 108,-30 C98,-82 58,-114 0,-114 C-58,-114 -98,-82 -108,-30 Z"
    return Hair(
        f'<path d="M-140,-20 C-160,120 -150,220 -120,260 L120,260 C150,220 160,120 140,-20 Z" fill="{dark}"/>',
        f"<defs>{_gradient('hair', lit, mix(base, dark, 0.35))}</defs>{shadow}"
        f'<path d="{outer} {inner}" fill-rule="evenodd" fill="url(#hair)"/><path d="{band}" fill="{dark}"/>'
        f"{_strands(folds, dark, 6, 0.4)}{_strands('M-60,-168 C-110,-130 -140,-70 -142,-6', lit, 7, 0.7)}",
    )


def _bun(look: Look) -> Hair:
    base, dark = look.hair_colour, mix(look.hair_colour, "#8f86b0", 0.5)
    behind = (
        f'<ellipse cx="0" cy="-40" rx="140" ry="135" fill="{dark}"/><circle cx="4" cy="-208" r="60" fill="{mix(base, dark, 0.3)}"/>'
        + _strands("M-34,-222 q34,-34 72,4 M-28,-200 q30,-26 62,2 M-46,-190 q-2,-34 26,-54", dark, 6, 0.7)
    )
    left = "M14,-158 C-60,-186 -140,-140 -142,-50 C-142,-10 -136,20 -126,36 C-120,10 -122,-14 -108,-40 C-90,-76 -40,-96 14,-158 Z"
    right = (
        "M14,-158 C70,-180 138,-140 142,-50 C142,-10 136,20 126,36 C120,10 122,-14 110,-40 C98,-76 54,-100 14,-158 Z"
    )
    cap = "M-128,-90 C-110,-176 -50,-192 6,-190 C64,-192 112,-170 130,-90 L14,-130 Z"
    lines = "M0,-150 C-60,-130 -112,-96 -124,-20 M-14,-164 C-80,-160 -128,-110 -134,-40 M26,-148 C70,-120 112,-90 124,-20 M34,-164 C90,-154 128,-110 134,-40"
    wisps = _strands("M-120,30 q-8,26 2,46 M122,32 q10,22 2,40", base, 5, 0.9)
    return Hair(
        behind,
        f"<defs>{_gradient('hair', '#ffffff', mix(base, dark, 0.35))}</defs>{_fall(left, look)}{_fall(right, look)}"
        f'<path d="{cap}" fill="url(#hair)"/><path d="{left}" fill="url(#hair)"/><path d="{right}" fill="url(#hair)"/>'
        f"{_strands(lines, dark, 4.5, 0.55)}{wisps}",
    )


def _messy(look: Look) -> Hair:
    base, lit, dark = look.hair_colour, light(look.hair_colour, 0.3), shade(look.hair_colour, 0.3)
    top = (
        "M-126,-14 C-150,-60 -146,-110 -128,-134 L-152,-148 C-120,-160 -106,-172 -92,-190 L-98,-216 C-66,-204 -50,-206 -28,-212 "
        "L-14,-238 C6,-218 34,-214 58,-212 L92,-226 C88,-204 100,-188 118,-172 L148,-168 C134,-148 144,-124 142,-96 "
        "C144,-60 134,-30 124,-12 C120,-40 112,-60 98,-78 C92,-66 84,-62 74,-58 C76,-76 70,-88 62,-98 C50,-78 34,-68 16,-66 "
        "C22,-80 20,-92 16,-102 C-4,-80 -32,-68 -58,-66 C-52,-78 -52,-88 -54,-96 C-72,-84 -88,-70 -98,-50 C-108,-40 -120,-30 -126,-14 Z"
    )
    lines = "M-100,-120 C-80,-150 -50,-170 -20,-176 M-60,-100 C-40,-130 -10,-150 20,-154 M30,-104 C50,-130 70,-140 100,-142 M-120,-80 q6,-30 24,-46"
    return Hair(
        f'<ellipse cx="0" cy="-50" rx="132" ry="130" fill="{dark}"/>',
        f"<defs>{_gradient('hair', lit, mix(base, dark, 0.25))}</defs>{_fall(top, look)}"
        f'<path d="{top}" fill="url(#hair)"/>{_strands(lines, lit, 6, 0.65)}',
    )


def _bob(look: Look) -> Hair:
    base, lit, dark = look.hair_colour, mix(look.hair_colour, "#5b6a9a", 0.45), shade(look.hair_colour, 0.5)
    back = "M0,-192 C96,-192 156,-130 158,-30 C160,50 158,110 148,168 C120,186 60,184 40,150 L-40,150 C-60,184 -120,186 -148,168 C-158,110 -160,50 -158,-30 C-156,-130 -96,-192 0,-192 Z"
    fringe = "M-112,-40 C-116,-110 -80,-168 0,-168 C80,-168 116,-110 112,-40 C74,-50 -74,-50 -112,-40 Z"
    lock = (
        "M96,-120 C150,-90 160,-20 158,50 C157,100 154,140 146,168 C128,180 108,172 102,158 C112,100 116,30 108,-44 Z"
    )
    locks = f'<path d="{lock}" fill="url(#hair)"/><g transform="scale(-1,1)"><path d="{lock}" fill="url(#hair)"/></g>'
    crown = "M-150,-60 C-150,-150 -90,-194 0,-194 C90,-194 150,-150 150,-60 C120,-70 112,-40 112,-40 C74,-52 -74,-52 -112,-40 C-112,-40 -120,-70 -150,-60 Z"
    shine = _strands("M-104,-104 C-80,-138 -30,-150 24,-148 M56,-142 q20,8 32,20", lit, 12, 0.75)
    lines = _strands(
        "M-70,-60 q-4,-40 14,-74 M-24,-58 q-4,-44 6,-84 M28,-58 q2,-44 -4,-84 M72,-60 q0,-40 -16,-72", dark, 4, 0.5
    )
    return Hair(
        f'<path d="{back}" fill="{dark}"/>',
        f"<defs>{_gradient('hair', mix(base, lit, 0.35), base)}</defs>{_fall(fringe, look, 0, 12)}{_fall(lock, look, -8, 4)}"
        f'{locks}<path d="{crown}" fill="url(#hair)"/>{lines}{shine}',
    )


def _fedora(look: Look) -> Hair:
    base, felt = look.hair_colour, "#4b4d57"
    dark, lit = shade(felt, 0.42), light(felt, 0.18)
    temples = "".join(
        f'<g transform="scale({side},1)"><path d="M88,-120 C132,-110 134,-40 125,16 L113,10 C114,-24 108,-56 92,-84 Z" fill="{base}"/>'
        f"{_strands('M112,-66 q12,30 10,66 M104,-70 q10,26 10,58', '#a9a6b2', 4, 0.85)}</g>"
        for side in (-1, 1)
    )
    brim = "M-206,-84 C-190,-116 -110,-128 0,-128 C110,-128 190,-116 206,-84 C212,-66 150,-66 0,-66 C-150,-66 -212,-66 -206,-84 Z"
    under = "M-206,-82 C-150,-58 150,-58 206,-82 C212,-64 120,-56 0,-56 C-120,-56 -212,-64 -206,-82 Z"
    crown = "M-128,-104 C-132,-170 -118,-246 -78,-256 C-44,-264 -30,-240 0,-238 C30,-240 44,-264 78,-256 C118,-246 132,-170 128,-104 Q0,-134 -128,-104 Z"
    band = "M-129,-112 C-130,-124 -130,-136 -129,-146 Q0,-176 129,-146 C130,-136 130,-124 129,-112 Q0,-142 -129,-112 Z"
    return Hair(
        "",
        f"<defs>{_gradient('hat', lit, dark)}{_gradient('brim', lit, mix(felt, dark, 0.6))}</defs>{temples}"
        f"{_fall('M-220,-200 L220,-200 L220,-66 Q0,-40 -220,-66 Z', look, 0, 22)}"
        f'<path d="{under}" fill="{dark}"/><path d="{crown}" fill="url(#hat)"/><path d="{band}" fill="#23232c"/>'
        f'<path d="M0,-238 C-12,-226 -16,-200 -8,-172 M0,-238 C12,-226 16,-200 8,-172" stroke="{dark}" stroke-width="5" fill="none" opacity=".5"/>'
        f'<path d="{brim}" fill="url(#brim)"/>{_strands("M-196,-88 C-150,-112 -70,-118 0,-118", light(felt, 0.35), 5, 0.5)}',
    )


def _undercut(look: Look) -> Hair:
    base, lit, dark = look.hair_colour, mix(look.hair_colour, "#b8fff2", 0.5), mix(look.hair_colour, "#1d2b6b", 0.45)
    shaved = "M60,-158 C118,-142 130,-80 122,-4 L110,-14 C110,-54 100,-90 72,-116 Z"
    sweep = (
        "M92,-150 C70,-206 -30,-224 -96,-186 C-166,-144 -170,-40 -152,40 C-146,74 -140,96 -126,116 C-122,80 -126,50 -114,18 "
        "C-106,-10 -92,-34 -64,-56 C-20,-88 56,-98 92,-150 Z"
    )
    lines = "M74,-154 C20,-120 -70,-110 -112,-30 C-128,10 -134,50 -132,84 M50,-176 C-20,-160 -110,-130 -136,-30 M84,-146 C40,-100 -30,-92 -74,-56"
    return Hair(
        f'<path d="M-20,-180 C-140,-160 -160,-20 -148,60 C-142,110 -130,140 -112,160 L-60,60 L60,-100 Z" fill="{dark}"/>',
        f"<defs>{_gradient('hair', lit, mix(base, dark, 0.55))}</defs>"
        f'<path d="{shaved}" fill="{mix("#2a2028", base, 0.25)}" opacity=".9"/>{_fall(sweep, look, 6, 10)}'
        f'<path d="{sweep}" fill="url(#hair)"/>{_strands(lines, dark, 5, 0.45)}'
        f"{_strands('M30,-190 C-50,-184 -120,-140 -140,-60', '#e6fffa', 8, 0.6)}",
    )


def _short_white(look: Look) -> Hair:
    base, dark = look.hair_colour, mix(look.hair_colour, "#8d7f8a", 0.45)
    cap = (
        "M-122,4 C-138,-50 -136,-110 -104,-150 C-76,-180 -34,-186 0,-186 C34,-186 76,-180 104,-150 C136,-110 138,-50 122,4 "
        "L112,-10 C114,-44 106,-74 84,-94 C56,-112 -56,-112 -84,-94 C-106,-74 -114,-44 -112,-10 Z"
    )
    dots = "".join(
        f'<circle cx="{140 * math.cos(a) * f:.0f}" cy="{-30 + 146 * math.sin(a) * f:.0f}" r="6" fill="{dark}" opacity=".35"/>'
        for f in (0.82, 0.94)
        for a in (math.radians(196 + step * 148 / 15 + f * 20) for step in range(16))
    )
    return Hair(
        "",
        f"<defs>{_gradient('hair', '#ffffff', mix(base, dark, 0.5))}</defs>{_fall(cap, look)}<path d='{cap}' fill='url(#hair)'/>{dots}",
    )


def _braid(look: Look) -> Hair:
    base, lit, dark = look.hair_colour, mix(look.hair_colour, "#8a5a46", 0.4), shade(look.hair_colour, 0.5)
    cap = "M-122,-6 C-140,-90 -110,-180 0,-184 C110,-180 140,-90 122,-6 C114,-50 104,-72 86,-92 C50,-116 -50,-116 -86,-92 C-104,-72 -114,-50 -122,-6 Z"
    band = "M-127,-64 C-112,-104 -60,-124 0,-124 C60,-124 112,-104 127,-64 L130,-96 C112,-132 60,-152 0,-152 C-60,-152 -112,-132 -130,-96 Z"
    plait = [f'<path d="M70,96 C120,120 132,170 128,220 L92,214 C88,180 74,150 44,136 Z" fill="{dark}"/>']
    for step in range(8):
        x, y, width = 116 + 4 * math.sin(step), 196 + step * 42, 37 - step * 2.4
        for side in (-1, 1):
            plait.append(
                f'<ellipse cx="{x + side * 11:.0f}" cy="{y + side * 6:.0f}" rx="{width * 0.66:.0f}" ry="29" fill="{base if side < 0 else mix(base, lit, 0.3)}" '
                f'transform="rotate({side * -32} {x + side * 11:.0f} {y + side * 6:.0f})"/>'
            )
        plait.append(_strands(f"M{x - 16:.0f},{y - 8:.0f} q8,14 20,16", lit, 4, 0.7))
    plait.append('<rect x="98" y="518" width="34" height="16" rx="7" fill="#f4f6fb"/>')
    plait.append(f'<path d="M102,532 q-10,40 12,64 q22,-22 14,-64 Z" fill="{base}"/>')
    lines = "M-100,-60 C-84,-110 -40,-160 6,-170 M100,-60 C90,-110 60,-150 20,-168 M-60,-150 q30,-20 60,-22"
    return Hair(
        f'<ellipse cx="0" cy="-46" rx="132" ry="136" fill="{dark}"/><path d="M40,60 C110,80 140,140 136,210 L90,200 Z" fill="{dark}"/>',
        f"<defs>{_gradient('hair', mix(base, lit, 0.6), base)}</defs>{_fall(cap, look)}<path d='{cap}' fill='url(#hair)'/>"
        f"{_strands(lines, lit, 5, 0.55)}<path d='{band}' fill='#ffffff'/>"
        f'<path d="M60,-145 C100,-134 122,-112 130,-96 L127,-64 C112,-104 90,-116 56,-122 Z" fill="#cfd6e6" opacity=".8"/>',
        "".join(plait),
    )


def _long_wavy(look: Look) -> Hair:
    base, lit, dark = look.hair_colour, mix(look.hair_colour, "#9a6a6a", 0.45), shade(look.hair_colour, 0.45)
    violet = "#9a6bff"
    back = (
        "M0,-196 C110,-196 160,-120 160,-30 C160,30 190,60 184,120 C180,170 210,210 200,270 C192,330 214,370 196,430 "
        "C150,450 90,440 60,420 L-60,420 C-90,440 -150,450 -196,430 C-214,370 -192,330 -200,270 C-210,210 -180,170 -184,120 "
        "C-190,60 -160,30 -160,-30 C-160,-120 -110,-196 0,-196 Z"
    )
    lock = (
        "M0,-176 C84,-184 150,-120 152,-34 C154,30 182,62 174,120 C170,160 190,190 176,244 C150,236 134,210 140,176 "
        "C146,140 124,110 124,64 C124,10 116,-40 90,-76 C66,-108 24,-130 0,-176 Z"
    )
    strand = "M118,-90 C146,-40 140,20 160,70 C172,106 150,140 162,190"
    locks = "".join(
        f'<g transform="scale({side},1)"><path d="{lock}" fill="url(#hair)"/>{_strands(strand, violet, 11, 0.95)}'
        f"{_strands('M60,-140 C110,-100 124,-40 132,10 M96,-140 C140,-90 140,-20 152,30', lit, 5, 0.5)}</g>"
        for side in (-1, 1)
    )
    moon = (
        '<g transform="translate(-92,-112) rotate(-28)"><path d="M8,-24 A25,25 0 1 0 24,8 A20,20 0 0 1 8,-24 Z" fill="#ffe08a" '
        'stroke="#e0a93a" stroke-width="2.5" stroke-linejoin="round"/></g>'
    )
    crown = "M-140,-60 C-140,-156 -76,-192 0,-192 C76,-192 140,-156 140,-60 C112,-98 60,-104 0,-132 C-60,-104 -112,-98 -140,-60 Z"
    waves = _strands(
        "M-160,150 C-150,200 -176,250 -160,330 M160,150 C150,200 176,250 160,330 M-120,260 q-10,60 0,140 M120,260 q10,60 0,140",
        lit,
        5,
        0.4,
    )
    return Hair(
        f'<path d="{back}" fill="{mix(base, dark, 0.6)}"/>{waves}',
        f"<defs>{_gradient('hair', mix(base, lit, 0.5), base)}</defs>{_fall(lock, look, -6, 8)}"
        f'<g transform="scale(-1,1)">{_fall(lock, look, -6, 8)}</g>{_fall(crown, look)}<path d="{crown}" fill="url(#hair)"/>{locks}{moon}',
    )


STYLES: Mapping[str, Callable[[Look], Hair]] = {
    "curls": _curls,
    "bald_sides": _bald_sides,
    "high_top": _high_top,
    "headscarf": _headscarf,
    "bun": _bun,
    "messy": _messy,
    "bob": _bob,
    "fedora": _fedora,
    "undercut": _undercut,
    "short_white": _short_white,
    "braid": _braid,
    "long_wavy": _long_wavy,
    "none": lambda look: Hair(),
}
