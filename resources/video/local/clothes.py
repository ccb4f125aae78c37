# ruff: noqa: E501 - a path is read, and changed, as one line
"""Neck, shoulders and clothes. The bust reaches far below the frame, so that no camera move shows its end."""

from collections.abc import Callable, Mapping

from resources.video.local.colour import light, mix, shade
from resources.video.local.looks import Look

BOTTOM = 1100


def draw(look: Look) -> str:
    return f"{_neck(look)}{GARMENTS[look.clothes](look)}"


def collar(look: Look) -> str:
    """What of the clothes stands before the chin: a collar that is up."""
    return _collar_up(look) if look.clothes == "trench_coat" else ""


def torso(look: Look, wider: float = 0, neck: float = 60) -> str:
    """The outline of the shoulders and what is below, closed. ``neck`` is half the width of its opening."""
    s = look.shoulders + wider
    half = (
        f"{neck},206 C{neck + 8},232 {s * 0.42:.0f},246 {s * 0.56:.0f},262 C{s * 0.86:.0f},288 {s * 0.99:.0f},326 {s * 1.03:.0f},408 "
        f"C{s * 1.08:.0f},520 {s * 1.1:.0f},760 {s * 1.12:.0f},{BOTTOM}"
    )
    mirrored = (
        f"{-s * 1.12:.0f},{BOTTOM} C{-s * 1.1:.0f},760 {-s * 1.08:.0f},520 {-s * 1.03:.0f},408 C{-s * 0.99:.0f},326 {-s * 0.86:.0f},288 "
        f"{-s * 0.56:.0f},262 C{-s * 0.42:.0f},246 {-neck - 8},232 {-neck},206"
    )
    return f"M{half} L{mirrored} Q0,{206 + neck * 0.75:.0f} {neck},206 Z"


def _neck(look: Look) -> str:
    dark = shade(look.skin, 0.3)
    width = 44 + (look.shoulders - 200) * 0.14
    path = f"M{-width:.0f},60 L{-width:.0f},190 C{-width - 6:.0f},226 {-width - 40:.0f},244 {-width - 66:.0f},256 L0,330 L{width + 66:.0f},256 "
    path += f"C{width + 40:.0f},244 {width + 6:.0f},226 {width:.0f},190 L{width:.0f},60 Z"
    shadow = f"M{-width - 4:.0f},100 L{width + 4:.0f},100 L{width + 4:.0f},176 Q0,232 {-width - 4:.0f},168 Z"
    return (
        f'<defs><clipPath id="neck"><path d="{path}"/></clipPath></defs><path d="{path}" fill="{mix(look.skin, dark, 0.12)}"/>'
        f'<g clip-path="url(#neck)"><path d="{shadow}" fill="{dark}" opacity=".62"/></g>'
    )


def _fill(name: str, colour: str) -> str:
    return (
        f'<linearGradient id="{name}" x1=".1" y1="0" x2=".8" y2=".6"><stop offset="0" stop-color="{light(colour, 0.14)}"/>'
        f'<stop offset=".5" stop-color="{colour}"/><stop offset="1" stop-color="{shade(colour, 0.2)}"/></linearGradient>'
    )


def _cloth(look: Look, colour: str, name: str, *, wider: float = 0, neck: float = 60) -> str:
    """The whole bust in one cloth, with shaded arms."""
    s, path = look.shoulders + wider, torso(look, wider, neck)
    dark = shade(colour, 0.38)
    arms = (
        f"M{-s * 0.74:.0f},470 C{-s * 0.7:.0f},600 {-s * 0.72:.0f},800 {-s * 0.76:.0f},{BOTTOM} "
        f"M{s * 0.74:.0f},470 C{s * 0.7:.0f},600 {s * 0.72:.0f},800 {s * 0.76:.0f},{BOTTOM}"
    )
    return (
        f'<defs>{_fill(name, colour)}<clipPath id="{name}c"><path d="{path}"/></clipPath></defs><path d="{path}" fill="url(#{name})"/>'
        f'<g clip-path="url(#{name}c)"><path d="M{s * 0.72:.0f},440 C{s * 0.6:.0f},640 {s * 0.7:.0f},800 {s * 0.72:.0f},{BOTTOM} L{s * 1.3:.0f},{BOTTOM} '
        f'L{s * 1.3:.0f},300 Z" fill="{dark}" opacity=".22"/>'
        f'<path d="{arms}" stroke="{dark}" stroke-width="6" stroke-linecap="round" fill="none" opacity=".5"/></g>'
    )


def _panels(look: Look, colour: str, *, gap_top: float, gap_bottom: float, name: str, lapel: str = "") -> str:
    """An open jacket: two panels that part at the throat; ``lapel`` is drawn for the right side and mirrored."""
    s, dark = look.shoulders + 10, shade(colour, 0.4)
    panel = (
        f"M{gap_top},212 C{gap_top + 14},236 {s * 0.42:.0f},242 {s * 0.56:.0f},256 C{s * 0.88:.0f},282 {s:.0f},322 {s * 1.05:.0f},408 "
        f"C{s * 1.1:.0f},520 {s * 1.13:.0f},760 {s * 1.15:.0f},{BOTTOM} L{gap_bottom},{BOTTOM} C{gap_bottom},760 {gap_bottom + 8},520 {gap_top},212 Z"
    )
    arm = f"M{s * 0.74:.0f},470 C{s * 0.7:.0f},600 {s * 0.72:.0f},800 {s * 0.76:.0f},{BOTTOM}"
    edge = f"M{gap_bottom},{BOTTOM} C{gap_bottom},760 {gap_bottom + 8},520 {gap_top},212"
    side = (
        f'<path d="{edge}" stroke="{dark}" stroke-width="26" fill="none" opacity=".22" transform="translate(-10,0)"/>'
        f'<path d="{panel}" fill="url(#{name})"/><path d="{arm}" stroke="{dark}" stroke-width="6" stroke-linecap="round" fill="none" opacity=".6"/>'
        f"{lapel}"
    )
    return f"<defs>{_fill(name, colour)}</defs><g>{side}</g><g transform='scale(-1,1)'>{side}</g>"


def _work_jacket(look: Look) -> str:
    jumper, jacket, dark = look.cloth
    ribs = "".join(
        f'<path d="M{x},150 q{x * 0.1:.0f},30 {x * 0.16:.0f},58" stroke="{shade(jumper, 0.3)}" stroke-width="4" opacity=".4" fill="none"/>'
        for x in range(-54, 60, 18)
    )
    roll = (
        f'<path d="M-66,146 Q0,186 66,146 C74,170 76,196 72,220 Q0,262 -72,220 C-76,196 -74,170 -66,146 Z" fill="{light(jumper, 0.1)}"/>{ribs}'
        f'<path d="M-72,218 Q0,262 72,218" stroke="{shade(jumper, 0.35)}" stroke-width="6" fill="none" opacity=".5"/>'
    )
    stitch = light(jacket, 0.4)
    lapel = (
        f'<path d="M72,206 C110,226 150,236 168,250 L150,330 L84,300 Z" fill="{light(jacket, 0.1)}"/>'
        f'<path d="M84,300 L150,330 L168,250" stroke="{stitch}" stroke-width="3" stroke-dasharray="9 7" fill="none" opacity=".7"/>'
        f'<rect x="104" y="470" width="96" height="104" rx="10" fill="{dark}"/><path d="M104,498 h96" stroke="{stitch}" stroke-width="3" stroke-dasharray="9 7" opacity=".7"/>'
        f'<circle cx="84" cy="430" r="8" fill="#e3b95b"/><circle cx="86" cy="560" r="8" fill="#e3b95b"/>'
    )
    return f"{_cloth(look, jumper, 'under')}{roll}{_panels(look, jacket, gap_top=70, gap_bottom=74, name='jacket', lapel=lapel)}"


def _apron(look: Look) -> str:
    shirt, apron, dark = look.cloth
    collar_side = f'<path d="M8,262 L62,192 C84,206 108,222 124,240 L92,312 Z" fill="{light(shirt, 0.5)}"/><path d="M8,262 L92,312 L124,240" stroke="{shade(shirt, 0.28)}" stroke-width="4" fill="none"/>'
    bib = (
        "M-128,420 C-60,446 60,446 128,420 L150,640 C190,760 200,900 204,1100 L-204,1100 C-200,900 -190,760 -150,640 Z"
    )
    straps = "".join(
        f'<path d="M{side * 92},246 C{side * 118},320 {side * 124},380 {side * 118},436" stroke="{apron}" stroke-width="34" fill="none"/>'
        for side in (-1, 1)
    )
    flour = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="#fff" opacity=".8"/>'
        for x, y, r in (
            (150, 296, 9),
            (176, 312, 6),
            (138, 320, 5),
            (168, 336, 4),
            (192, 330, 5),
            (-60, 520, 7),
            (-38, 540, 4),
            (-74, 548, 4),
        )
    )
    return (
        f"{_cloth(look, shirt, 'shirt')}<g>{collar_side}</g><g transform='scale(-1,1)'>{collar_side}</g>"
        f'<circle cx="0" cy="330" r="7" fill="{shade(shirt, 0.35)}"/><circle cx="0" cy="386" r="7" fill="{shade(shirt, 0.35)}"/>{straps}'
        f'<defs>{_fill("bib", apron)}</defs><path d="{bib}" fill="url(#bib)"/><path d="M-122,440 C-60,464 60,464 122,440" stroke="{light(apron, 0.35)}" '
        f'stroke-width="4" stroke-dasharray="10 8" fill="none" opacity=".7"/><path d="M-80,640 h160 v110 q-80,40 -160,0 Z" fill="{dark}" opacity=".6"/>{flour}'
    )


def _hoodie(look: Look) -> str:
    base, dark, white = look.cloth
    hood = f'<path d="M-150,262 C-160,190 -110,140 -60,150 Q0,190 60,150 C110,140 160,190 150,262 C110,320 40,330 0,330 C-40,330 -110,320 -150,262 Z" fill="{dark}"/>'
    inner = f'<path d="M-96,236 C-90,200 -66,176 -48,178 Q0,210 48,178 C66,176 90,200 96,236 C70,280 30,300 0,306 C-30,300 -70,280 -96,236 Z" fill="{shade(base, 0.5)}"/>'
    rim = f'<path d="M-110,214 C-116,270 -60,316 0,326 C60,316 116,270 110,214" stroke="{light(base, 0.12)}" stroke-width="26" fill="none" stroke-linecap="round"/>'
    cords = f'<path d="M-42,316 q-8,60 -4,118 M42,316 q8,60 4,112" stroke="{white}" stroke-width="8" stroke-linecap="round" fill="none"/>'
    zip_line = f'<path d="M0,326 V{BOTTOM}" stroke="{white}" stroke-width="9"/><path d="M0,326 V{BOTTOM}" stroke="{shade(base, 0.3)}" stroke-width="3" stroke-dasharray="5 6"/><rect x="-7" y="384" width="14" height="34" rx="6" fill="#dfe6e4"/>'
    pocket = (
        f'<path d="M-130,760 L-60,640 L60,640 L130,760" stroke="{dark}" stroke-width="7" fill="none" opacity=".7"/>'
    )
    return f"{_cloth(look, base, 'hoodie', wider=4)}{hood}{inner}{_neck(look)}{rim}{zip_line}{cords}{pocket}"


def _blazer(look: Look) -> str:
    top, ivory, dark = look.cloth
    scarf, deep = look.hair_colour, shade(look.hair_colour, 0.35)
    drape = (
        f'<path d="M-104,120 C-128,190 -120,250 -70,306 C-40,336 40,336 70,306 C120,250 128,190 104,120 Z" fill="{mix(scarf, deep, 0.3)}"/>'
        f'<path d="M-100,170 C-60,236 40,262 92,226 M-96,214 C-50,276 40,300 84,268 M-84,262 C-40,310 20,322 60,304" stroke="{deep}" stroke-width="7" fill="none" opacity=".55" stroke-linecap="round"/>'
        f'<path d="M-88,156 C-60,206 0,236 60,224" stroke="{light(scarf, 0.3)}" stroke-width="6" fill="none" opacity=".6" stroke-linecap="round"/>'
    )
    lapel = f'<path d="M76,216 C112,236 150,244 166,256 L186,372 L146,384 L158,420 L64,640 C70,500 78,350 76,216 Z" fill="{light(ivory, 0.5)}"/><path d="M186,372 L146,384 L158,420 L64,640" stroke="{shade(dark, 0.2)}" stroke-width="4" fill="none" opacity=".8"/>'
    return f"{_cloth(look, top, 'under')}{_panels(look, ivory, gap_top=72, gap_bottom=26, name='blazer', lapel=lapel)}{drape}<circle cx='44' cy='700' r='10' fill='{shade(dark, 0.25)}'/>"


def _cardigan(look: Look) -> str:
    blouse, wool, dark = look.cloth
    frill = f'<path d="M-70,214 C-60,260 -30,286 0,292 C30,286 60,260 70,214 L104,240 C92,300 50,336 0,344 C-50,336 -92,300 -104,240 Z" fill="{light(blouse, 0.5)}"/><path d="M-86,236 C-74,288 -40,314 0,320 C40,314 74,288 86,236" stroke="{shade(blouse, 0.2)}" stroke-width="4" fill="none" opacity=".7"/>'
    buttons = "".join(f'<circle cx="0" cy="{y}" r="6" fill="#d9a5b0"/>' for y in (390, 450, 510, 570))
    knit = "".join(
        f'<path d="M{86 + k * 26},{300 + k * 8} V{BOTTOM}" stroke="{dark}" stroke-width="4" stroke-dasharray="12 10" opacity=".45"/>'
        for k in range(5)
    )
    lapel = (
        f'{knit}<path d="M78,214 C80,400 58,640 62,{BOTTOM}" stroke="{light(wool, 0.3)}" stroke-width="22" fill="none"/>'
        + "".join(f'<circle cx="66" cy="{y}" r="9" fill="#fdf7ee"/>' for y in (480, 600, 720))
    )
    return f"{_cloth(look, blouse, 'under')}{buttons}{frill}{_panels(look, wool, gap_top=74, gap_bottom=54, name='wool', lapel=lapel)}"


def _star_shirt(look: Look) -> str:
    blue, star, red = look.cloth
    points = "0,-74 20,-24 74,-22 32,12 47,64 0,34 -47,64 -32,12 -74,-22 -20,-24"
    neckband = f'<path d="M-66,206 Q0,284 66,206" stroke="{shade(blue, 0.25)}" stroke-width="16" fill="none" stroke-linecap="round"/>'
    straps = "".join(
        f'<path d="M{side * 98},240 C{side * 124},330 {side * 126},470 {side * 116},{BOTTOM}" stroke="{red}" stroke-width="42" fill="none"/>'
        f'<path d="M{side * 86},250 C{side * 110},330 {side * 112},470 {side * 102},{BOTTOM}" stroke="{light(red, 0.3)}" stroke-width="5" fill="none" opacity=".7"/>'
        f'<rect x="{side * 124 - 27}" y="396" width="54" height="26" rx="8" fill="#f3e3c4"/>'
        for side in (-1, 1)
    )
    return f'{_cloth(look, blue, "shirt")}{neckband}<polygon points="{points}" transform="translate(0,420) scale(.92)" fill="{star}" stroke="{shade(star, 0.2)}" stroke-width="4" stroke-linejoin="round"/>{straps}'


def _lab_coat(look: Look) -> str:
    blouse, white, grey = look.cloth
    neckline = f'<path d="M-62,206 L0,318 L62,206 L96,232 L20,372 L-20,372 L-96,232 Z" fill="{light(blouse, 0.2)}"/><path d="M0,318 V{BOTTOM}" stroke="{shade(blouse, 0.3)}" stroke-width="5"/>'
    lapel = (
        f'<path d="M72,210 C108,232 140,240 156,252 L178,352 L142,366 L154,398 L60,600 C68,470 76,340 72,210 Z" fill="#ffffff"/>'
        f'<path d="M178,352 L142,366 L154,398 L60,600" stroke="#b9c1d1" stroke-width="4" fill="none"/>'
        f'<rect x="104" y="500" width="92" height="110" rx="8" fill="{grey}" opacity=".75"/><path d="M104,500 h92" stroke="#aab3c6" stroke-width="5"/>'
    )
    pen = '<rect x="142" y="462" width="11" height="62" rx="5" fill="#2e6bd6"/><rect x="142" y="462" width="11" height="14" rx="5" fill="#1d2a4a"/>'
    return f"{_cloth(look, blouse, 'under')}{neckline}{_panels(look, white, gap_top=70, gap_bottom=40, name='coat', lapel=lapel)}{pen}"


def _trench_coat(look: Look) -> str:
    shirt, coat, tie = look.cloth
    knot = f'<path d="M-20,236 L20,236 L13,278 L-13,278 Z" fill="{light(tie, 0.12)}"/><path d="M-13,278 L13,278 L30,620 L0,668 L-30,620 Z" fill="{tie}"/>'
    points = f'<path d="M-58,196 L0,246 L-46,308 L-92,230 Z M58,196 L0,246 L46,308 L92,230 Z" fill="#fffdf8" stroke="{shade(shirt, 0.2)}" stroke-width="3"/>'
    lapel = (
        f'<path d="M88,230 C130,240 170,250 190,266 L214,398 L160,404 L172,440 L52,700 C66,520 88,380 88,230 Z" fill="{light(coat, 0.16)}"/>'
        f'<path d="M214,398 L160,404 L172,440 L52,700" stroke="{shade(coat, 0.35)}" stroke-width="5" fill="none" opacity=".7"/>'
        f'<rect x="178" y="276" width="82" height="26" rx="9" fill="{shade(coat, 0.12)}" transform="rotate(22 178 276)"/><circle cx="110" cy="760" r="13" fill="#6d5432"/>'
    )
    return f"{_cloth(look, shirt, 'under')}{knot}{points}{_panels(look, coat, gap_top=84, gap_bottom=24, name='coat', lapel=lapel)}"


def _collar_up(look: Look) -> str:
    coat = look.cloth[1]
    side = (
        f'<path d="M66,262 C78,220 88,160 104,108 C128,120 158,150 168,196 C172,226 168,252 160,276 C126,290 90,284 66,262 Z" fill="{shade(coat, 0.14)}"/>'
        f'<path d="M104,108 C128,120 158,150 168,196 C172,226 168,252 160,276" stroke="{light(coat, 0.3)}" stroke-width="7" fill="none" stroke-linecap="round"/>'
    )
    return f"<g>{side}</g><g transform='scale(-1,1)'>{side}</g>"


def _leather_jacket(look: Look) -> str:
    mesh, leather, _ = look.cloth
    net = "".join(
        f'<path d="M{x},200 l260,420 M{x + 260},200 l-260,420" stroke="{shade(mesh, 0.4)}" stroke-width="3" opacity=".45"/>'
        for x in range(-420, 300, 26)
    )
    under = f'{_cloth(look, mesh, "under")}<g clip-path="url(#underc)">{net}</g>'
    throat = f'<path d="M-64,206 Q0,274 64,206" stroke="{shade(mesh, 0.35)}" stroke-width="12" fill="none" stroke-linecap="round"/>'
    chain = '<path d="M-66,232 Q0,372 66,232" stroke="#e6e9f2" stroke-width="9" stroke-dasharray="12 5" stroke-linecap="round" fill="none"/><circle cx="0" cy="312" r="13" fill="none" stroke="#e6e9f2" stroke-width="6"/>'
    lapel = (
        f'<path d="M74,208 C110,226 150,236 172,252 L210,360 L166,392 L72,560 C78,440 78,320 74,208 Z" fill="{light(leather, 0.13)}"/>'
        f'<path d="M210,360 L166,392 L72,560" stroke="#8d8aa0" stroke-width="4" fill="none"/><circle cx="176" cy="350" r="7" fill="#dfe3ee"/><circle cx="158" cy="278" r="7" fill="#dfe3ee"/>'
        f'<path d="M70,580 C66,760 62,900 62,{BOTTOM}" stroke="#c9cddb" stroke-width="8" stroke-dasharray="4 7"/>'
        f'<path d="M196,300 C214,330 224,370 228,430" stroke="#7a7792" stroke-width="9" fill="none" stroke-linecap="round" opacity=".6"/>'
    )
    return f"{under}{throat}{chain}{_panels(look, leather, gap_top=72, gap_bottom=58, name='leather', lapel=lapel)}"


def _kente(look: Look) -> str:
    gold, green, red = look.cloth
    stripes = []
    for row in range(26):
        y, colour = 180 + row * 38, (gold, green, gold, red)[row % 4]
        stripes.append(f'<rect x="-420" y="{y}" width="840" height="38" fill="{colour}"/>')
        for column in range(22):
            x = -410 + column * 38
            if row % 4 in (0, 2):
                stripes.append(
                    f'<path d="M{x},{y + 19} l11,-13 l11,13 l-11,13 Z" fill="{red if row % 8 < 4 else green}"/>'
                )
            else:
                stripes.append(f'<rect x="{x}" y="{y + 12}" width="20" height="14" fill="{gold}"/>')
    s = look.shoulders
    robe = f"M-66,214 C-110,240 {-s * 0.56:.0f},248 {-s * 0.66:.0f},258 C{-s * 0.98:.0f},284 {-s * 1.08:.0f},330 {-s * 1.12:.0f},420 L{-s * 1.22:.0f},{BOTTOM} L{s * 1.2:.0f},{BOTTOM} L{s * 1.12:.0f},640 C{s * 0.6:.0f},560 60,430 -66,214 Z"
    beads = "".join(
        f'<circle cx="{x}" cy="{y}" r="12" fill="{c}"/><circle cx="{x - 4}" cy="{y - 4}" r="4" fill="#fff" opacity=".35"/>'
        for x, y, c in _beads()
    )
    skin = look.skin
    return (
        f"{_cloth(look, skin, 'skin2')}{_neck(look)}<defs><clipPath id='robe'><path d='{robe}'/></clipPath></defs>"
        f'<path d="{robe}" transform="translate(12,16)" fill="{shade(skin, 0.5)}" opacity=".4" clip-path="url(#skin2c)"/>'
        f'<g clip-path="url(#robe)"><g transform="rotate(-24)">{"".join(stripes)}</g><path d="M-66,214 C60,430 {s * 0.6:.0f},560 {s * 1.12:.0f},640" stroke="{gold}" stroke-width="34" fill="none"/>'
        f'<path d="M-150,260 C-120,500 -100,800 -110,{BOTTOM} M-40,330 C20,520 40,800 30,{BOTTOM} M120,520 C150,700 160,900 160,{BOTTOM}" stroke="{shade(red, 0.5)}" stroke-width="16" fill="none" opacity=".28"/></g>{beads}'
    )


def _beads() -> list[tuple[int, int, str]]:
    places = []
    for step in range(13):
        part = step / 12
        x = -78 + 156 * part
        y = 222 + 118 * (1 - (2 * part - 1) ** 2)
        places.append((round(x), round(y), ("#7a4a26", "#a5682f", "#5c3518")[step % 3]))
    return places


def _track_jacket(look: Look) -> str:
    white, blue, dark = look.cloth
    s = look.shoulders
    stand = f'<path d="M-76,170 Q0,230 76,170 C92,194 100,222 100,246 Q0,318 -100,246 C-100,222 -92,194 -76,170 Z" fill="{dark}"/><path d="M-98,240 Q0,310 98,240" stroke="{white}" stroke-width="8" fill="none"/><path d="M-84,194 Q0,254 84,194" stroke="{white}" stroke-width="6" fill="none" opacity=".9"/>'
    stripes = "".join(
        f'<path d="M{side * s * 0.60:.0f},{262 + k * 3} C{side * (s * 0.80 - k * 17):.0f},{310 + k * 8} {side * (s * 0.92 - k * 17):.0f},420 {side * (s * 0.98 - k * 17):.0f},{BOTTOM}" stroke="{white}" stroke-width="9" fill="none"/>'
        for side in (-1, 1)
        for k in range(3)
    )
    cord = '<path d="M-70,236 C-60,330 -30,400 0,440 C30,400 60,330 70,236" stroke="#d8303a" stroke-width="9" fill="none"/><path d="M0,436 v24" stroke="#9aa4b4" stroke-width="6"/><path d="M-34,462 h44 a26,26 0 1 1 -24,34 h-20 Z" fill="#cfd6e0"/><path d="M-34,462 h44" stroke="#f4f7fb" stroke-width="5"/><circle cx="8" cy="488" r="8" fill="#7d8796"/>'
    zip_line = f'<path d="M0,290 V{BOTTOM}" stroke="{white}" stroke-width="6"/>'
    return f'{_cloth(look, blue, "track")}<g clip-path="url(#trackc)">{stripes}</g>{zip_line}{stand}{cord}'


def _dungarees(look: Look) -> str:
    pink, denim, white = look.cloth
    lines = "".join(
        f'<path d="M-320,{y} Q0,{y + 44} 320,{y}" stroke="{white}" stroke-width="22" fill="none"/>'
        for y in range(232, 1120, 52)
    )
    neckband = (
        f'<path d="M-64,206 Q0,276 64,206" stroke="{white}" stroke-width="16" fill="none" stroke-linecap="round"/>'
    )
    straps = "".join(
        f'<path d="M{side * 92},240 C{side * 104},330 {side * 102},400 {side * 96},470" stroke="{denim}" stroke-width="38" fill="none"/><circle cx="{side * 96}" cy="468" r="14" fill="#f0cf7a" stroke="{shade(denim, 0.3)}" stroke-width="4"/>'
        for side in (-1, 1)
    )
    bib = (
        f"M-124,446 Q0,470 124,446 L132,660 C170,720 186,900 190,{BOTTOM} L-190,{BOTTOM} C-186,900 -170,720 -132,660 Z"
    )
    pocket = f'<path d="M-66,530 h132 v84 q-66,38 -132,0 Z" fill="{light(denim, 0.1)}"/><path d="M-66,546 h132" stroke="#e8c777" stroke-width="3" stroke-dasharray="9 7"/>'
    seam = '<path d="M-116,462 Q0,486 116,462" stroke="#e8c777" stroke-width="3" stroke-dasharray="9 7" fill="none"/>'
    star = '<polygon points="0,-17 5,-5 17,-5 7,3 11,15 0,8 -11,15 -7,3 -17,-5 -5,-5" transform="translate(30,588)" fill="#ffe08a"/>'
    return f'{_cloth(look, pink, "shirt")}<g clip-path="url(#shirtc)">{lines}</g>{neckband}<defs>{_fill("denim", denim)}</defs><path d="{bib}" fill="url(#denim)"/>{straps}{seam}{pocket}{star}'


GARMENTS: Mapping[str, Callable[[Look], str]] = {
    "work_jacket": _work_jacket,
    "apron": _apron,
    "hoodie": _hoodie,
    "blazer": _blazer,
    "cardigan": _cardigan,
    "star_shirt": _star_shirt,
    "lab_coat": _lab_coat,
    "trench_coat": _trench_coat,
    "leather_jacket": _leather_jacket,
    "kente": _kente,
    "track_jacket": _track_jacket,
    "dungarees": _dungarees,
}
