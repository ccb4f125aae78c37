# ruff: noqa: E501 - a path is read, and changed, as one line
"""Backdrops with walls."""

from domain.shots import Light
from resources.video.local.colour import light as lighter
from resources.video.local.colour import mix, shade
from resources.video.local.sketch import BEYOND, HEIGHT, Drawing, Sketch

BOOKS = ("#c9584c", "#e0a04b", "#3f7f8c", "#5b6aa8", "#8a5a83", "#5f9468", "#efe3cc", "#2f4a6b", "#b5744a")


def _room(s: Sketch, top: str, bottom: str, floor: str, *, edge: float = 830) -> str:
    """A wall, lit from the middle, a skirting board and a floor."""
    span = s.right - s.left
    glow = {Light.DAY: ("#ffffff", 0.5), Light.DUSK: ("#ffdca8", 0.5), Light.NIGHT: ("#ffc98a", 0.42)}[s.light]
    return (
        s.rect(s.left, -BEYOND, span, HEIGHT + 2 * BEYOND, s.tone(top), s.tone(bottom))
        + s.glow(s.width * 0.5, 380, max(s.width * 0.6, 620), *glow)
        + s.rect(s.left, edge, span, 700, s.tone(floor), s.tone(shade(floor, 0.25)))
        + s.rect(s.left, edge - 26, span, 28, s.tone(lighter(bottom, 0.5)))
    )


def studio(s: Sketch) -> Drawing:
    base = s.random.choice(("#37406e", "#3d3566", "#2f4c66"))
    back = [
        s.rect(
            s.left,
            -BEYOND,
            s.right - s.left,
            HEIGHT + 2 * BEYOND,
            s.tone(lighter(base, 0.12)),
            s.tone(shade(base, 0.25)),
        )
    ]
    x, number = s.left, 0
    while x < s.right:
        tone = s.tone(lighter(base, 0.10 + 0.07 * (number % 2)))
        back.append(s.rect(x, -BEYOND, 46, 1090, tone, s.tone(shade(base, 0.2))))
        x, number = x + 62, number + 1
    accent, second = s.random.choice((("#ff7a59", "#ffd166"), ("#4fd1c5", "#7f9cff"), ("#ff6fa5", "#8f7bff")))
    cx = s.width * 0.5
    back.append(s.glow(cx, 380, 560, accent, 0.62))
    back.append(
        f'<circle cx="{cx:.0f}" cy="380" r="285" fill="none" stroke="{mix(accent, "#ffffff", 0.5)}" stroke-width="15"/><circle cx="{cx:.0f}" cy="380" r="285" fill="none" stroke="{accent}" stroke-width="40" opacity=".28"/>'
    )
    back.append(s.glow(0, 900, 520, second, 0.34) + s.glow(s.width, 900, 520, second, 0.34))
    back.append(s.rect(s.left, 850, s.right - s.left, 600, s.tone(shade(base, 0.35)), s.tone(shade(base, 0.55))))
    mid = []
    for side in (0, 1):
        x = -60 if side == 0 else s.width - 180
        for y in (250, 470, 690):
            mid.append(s.rect(x, y, 240, 16, s.tone("#c99a6a"), radius=4))
        mid.append(
            s.plant(x + (170 if side == 0 else 70), 250, 0.62)
            + s.books(x + (14 if side == 0 else 90), 350, 130, 120, BOOKS)
        )
        mid.append(
            s.circle(x + 120, 632, 54, s.tone(second), 0.95) + s.circle(x + 120, 632, 27, s.tone(shade(base, 0.4)))
            if side
            else s.rect(x + 76, 590, 110, 98, s.tone("#f2e9da"), radius=10) + s.circle(x + 131, 640, 30, s.tone(accent))
        )
        mid.append(s.glow(x + 120, 240, 220, second, 0.30))
        mid.append(s.plant((-10 if side == 0 else s.width + 10), 930, 1.35))
    arm = s.tone("#20222e")
    mic_x = s.width * s.random.choice((0.05, 0.95))
    way = 1 if mic_x < s.width / 2 else -1
    near = s.line(
        f"M{mic_x - way * 170:.0f},1120 L{mic_x - way * 60:.0f},760 L{mic_x + way * 46:.0f},700", arm, 20
    ) + s.circle(mic_x - way * 60, 760, 17, s.tone("#3a3d4e"))
    near += f'<g transform="translate({mic_x + way * 62:.0f},690) rotate({way * -62})"><rect x="-34" y="-60" width="68" height="134" rx="34" fill="{s.tone("#343746")}"/><rect x="-34" y="-60" width="68" height="72" rx="32" fill="{s.tone("#555a70")}"/><rect x="-36" y="8" width="72" height="11" fill="{accent}"/></g>'
    return Drawing("".join(back), "".join(mid), near)


def home(s: Sketch) -> Drawing:
    wall = s.random.choice(("#f3e0cb", "#e3e8d6", "#f2d9cf", "#dbe6ea"))
    wide = min(460, s.width * 0.34)
    left = s.width * 0.5 - wide / 2
    back = [_room(s, lighter(wall, 0.3), wall, "#c99f75"), s.window(left, 130, wide, 440)]
    drape = s.tone(s.random.choice(("#e9a88f", "#8fb3a6", "#d9b45f")))
    for side in (-1, 1):
        x = s.width * 0.5 + side * (wide / 2 + 34)
        d = f"M{x - 66:.0f},84 h132 C{x + 54 + side * 20:.0f},320 {x + 66 - side * 6:.0f},480 {x + 78:.0f},690 h-156 C{x - 66:.0f},480 {x - 54:.0f},320 {x - 66:.0f},84 Z"
        back.append(s.path(d, lighter(drape, 0.2), drape))
        back.append(
            s.line(f"M{x - 26:.0f},100 q-8,280 -16,580 M{x + 20:.0f},100 q4,280 10,580", shade(drape, 0.3), 6, 0.35)
        )
    back.append(s.rect(left - 130, 74, wide + 260, 16, s.tone("#8a6a4f"), radius=8))
    for x, y, w, h, colour in (
        (0.1, 190, 150, 190, "#7fb3c9"),
        (0.9, 180, 170, 140, "#f2a97f"),
        (0.9, 360, 120, 120, "#93b77f"),
    ):
        x = x * s.width - w / 2
        back.append(
            s.rect(x - 12, y - 12, w + 24, h + 24, s.tone("#7a5a44"), radius=4)
            + s.rect(x, y, w, h, s.tone("#fffaf0"))
            + s.circle(x + w / 2, y + h / 2, min(w, h) * 0.32, s.tone(colour))
            + s.circle(x + w * 0.62, y + h * 0.42, min(w, h) * 0.16, s.tone(shade(colour, 0.3)))
        )
    sofa = s.tone(s.random.choice(("#5f8f8a", "#c9755a", "#6f7fae", "#b88a4f")))
    mid = [s.lamp(s.width * 0.05, 880, 1.25), s.plant(s.width * 0.97, 900, 1.5)]
    mid.append(
        s.rect(
            s.width * 0.5 - max(430, s.width * 0.37),
            655,
            max(860, s.width * 0.74),
            420,
            lighter(sofa, 0.12),
            shade(sofa, 0.18),
            radius=54,
        )
    )
    for side in (-1, 1):
        x = s.width * 0.5 + side * max(430, s.width * 0.37)
        mid.append(s.rect(x - 62, 740, 124, 420, lighter(sofa, 0.2), sofa, radius=50))
        mid.append(
            f'<rect x="{s.width * 0.5 + side * s.width * 0.25 - 70:.0f}" y="690" width="140" height="130" rx="26" fill="{s.tone("#f1d08a" if side < 0 else "#e8a79a")}" transform="rotate({side * 8} {s.width * 0.5 + side * s.width * 0.25:.0f} 750)"/>'
        )
    near = s.fronds(s.width + 10, 1110, 0.9, s.tone("#3f7d5a"), lean=-28)
    return Drawing("".join(back), "".join(mid), near)


def classroom(s: Sketch) -> Drawing:
    back = [_room(s, "#fbeed2", "#f3dcb0", "#c48f5f", edge=850)]
    wide = max(460, min(980, s.width * 0.56))
    x = s.width / 2 - wide / 2
    board = s.tone("#2f6b5a")
    back.append(
        s.rect(x - 20, 100, wide + 40, 500, s.tone("#b07a4a"), radius=10)
        + s.rect(x, 120, wide, 460, lighter(board, 0.06), shade(board, 0.12), radius=4)
    )
    chalk = mix("#ffffff", board, 0.16)
    doodles = (
        f"M{x + 50},240 q34,-80 68,0 t68,0 t68,0",
        f"M{x + 50},250 h220 M{x + 60},160 v110",
        f"M{x + wide - 190},170 l70,120 h-140 Z",
        f"M{x + wide - 80},190 h46 M{x + wide - 80},220 h46 M{x + wide - 80},250 h30",
        f"M{x + 50},470 h130 M{x + 50},505 h90",
        f"M{x + wide - 170},470 a44,44 0 1 0 88,0 a44,44 0 1 0 -88,0 M{x + wide - 126},426 v88 M{x + wide - 170},470 h88",
    )
    back += [s.line(d, chalk, 6, 0.75) for d in doodles]
    back.append(
        s.rect(x, 584, wide, 16, s.tone("#8d5f38"), radius=5)
        + s.rect(x + wide * 0.7, 574, 60, 11, "#ffffff", radius=5, extra='opacity=".85"')
    )
    clock = s.width * 0.5
    back.append(
        s.circle(clock, 40, 50, s.tone("#3f4a5f"))
        + s.circle(clock, 40, 41, s.tone("#fffdf6"))
        + s.line(f"M{clock},40 V14 M{clock},40 l18,10", s.tone("#2f3745"), 6)
    )
    if s.width > 1200:
        back.append(s.window(-40, 150, 300, 420) + s.window(s.width - 260, 150, 300, 420))
    mid = []
    for side in (0, 1):
        x = -170 if side == 0 else s.width - 170
        mid.append(s.rect(x, 660, 340, 500, s.tone("#d9a066"), s.tone("#b8803f"), radius=8))
        mid += [s.rect(x + 18, 690, 304, 120, s.tone("#8f5f33"), radius=4), s.books(x + 24, 690, 292, 120, BOOKS)]
        mid += [s.rect(x + 18, 836, 304, 120, s.tone("#8f5f33"), radius=4), s.books(x + 24, 836, 292, 120, BOOKS)]
        if side == 0:
            gx = x + 240
            mid.append(
                s.line(f"M{gx},660 v-34", s.tone("#7a5a34"), 12)
                + s.circle(gx, 560, 72, s.tone("#5fb0d9"))
                + s.path(
                    f"M{gx - 46},{520} q30,-30 54,0 q10,30 -16,38 q-6,30 -28,14 q-26,-20 -10,-52 Z M{gx + 20},570 q30,-10 40,14 q-16,30 -40,22 Z",
                    s.tone("#7fc27a"),
                )
            )
        else:
            mid.append(s.plant(x + 90, 664, 0.9))
    near = s.rect(-230, 960, 420, 400, s.tone("#b87f48"), s.tone("#8a5a30"), radius=16) + _pile(s, 0, 960, 0.9)
    return Drawing("".join(back), "".join(mid), near)


def _pile(s: Sketch, x: float, y: float, size: float) -> str:
    """Books lying on each other, the lowest on ``y``."""
    parts, top = [], 0.0
    for _ in range(3):
        wide, high = s.random.uniform(150, 210), s.random.uniform(30, 42)
        tone, shift = s.tone(s.random.choice(BOOKS)), s.random.uniform(-18, 18)
        top -= high
        parts.append(
            f'<rect x="{shift - wide / 2:.0f}" y="{top:.0f}" width="{wide:.0f}" height="{high:.0f}" rx="6" fill="{tone}"/><rect x="{shift - wide / 2 + 10:.0f}" y="{top + 7:.0f}" width="{wide - 14:.0f}" height="{high - 14:.0f}" rx="3" fill="{s.tone("#fbf3df")}"/><rect x="{shift - wide / 2:.0f}" y="{top:.0f}" width="{wide * 0.3:.0f}" height="{high:.0f}" rx="6" fill="{tone}"/>'
        )
    return f'<g transform="translate({x:.0f},{y}) scale({size})">{"".join(parts)}</g>'


def library(s: Sketch) -> Drawing:
    wood = "#7a4f33"
    back = [s.rect(s.left, -BEYOND, s.right - s.left, HEIGHT + 2 * BEYOND, s.tone("#5f3d28"), s.tone("#452a1c"))]
    arch = min(330, s.width * 0.3)
    cx = s.width / 2
    x = cx - arch / 2 - 60
    while x > s.left - 320:
        back.append(_shelf(s, x - 300, wood))
        x -= 322
    x = cx + arch / 2 + 60
    while x < s.right:
        back.append(_shelf(s, x, wood))
        x += 322
    sky = {Light.DAY: ("#a8dcff", "#fdf7df"), Light.DUSK: ("#a75a94", "#ffb27d"), Light.NIGHT: ("#141c52", "#3d468f")}[
        s.light
    ]
    d = f"M{cx - arch / 2:.0f},720 V300 A{arch / 2:.0f},{arch / 2:.0f} 0 0 1 {cx + arch / 2:.0f},300 V720 Z"
    back.append(
        s.rect(cx - arch / 2 - 58, -BEYOND, arch + 116, 1300, s.tone("#d9b98f"), s.tone("#b98f63"))
        + s.path(d, *sky)
        + s.line(
            f"{d} M{cx:.0f},{300 - arch / 2:.0f} V720 M{cx - arch / 2:.0f},470 h{arch:.0f} M{cx - arch / 2:.0f},300 h{arch:.0f}",
            s.tone("#8a5f3c"),
            14,
        )
    )
    back.append(
        s.glow(cx, 420, 560, {Light.DAY: "#fff3cf", Light.DUSK: "#ffc58a", Light.NIGHT: "#93a4ff"}[s.light], 0.55)
    )
    back.append(s.rect(s.left, 880, s.right - s.left, 500, s.tone("#8f5f3c"), s.tone("#5f3a22")))
    mid = []
    for side in (0, 1):
        x = s.width * (0.08 if side == 0 else 0.92)
        mid.append(
            s.rect(x - 220, 800, 440, 30, s.tone("#b07a48"), radius=8)
            + s.rect(x - 190, 830, 380, 400, s.tone("#6b4228"))
        )
        mid.append(
            _desk_lamp(s, x + (70 if side == 0 else -70), 800) + _pile(s, x - (80 if side == 0 else -80), 800, 0.85)
        )
    near = _pile(s, s.width * 0.04, 1130, 2.0) if s.random.random() < 0.5 else _pile(s, s.width * 0.96, 1130, 2.0)
    return Drawing("".join(back), "".join(mid), near)


def _shelf(s: Sketch, x: float, wood: str) -> str:
    parts = [s.rect(x, -BEYOND, 300, 1300, s.tone(shade(wood, 0.42)))]
    for y in range(-140, 900, 172):
        parts += [
            s.books(x + 16, y, 268, 150, BOOKS),
            s.rect(x, y + 150, 300, 22, s.tone(lighter(wood, 0.14)), s.tone(wood)),
        ]
    parts += [
        s.rect(x - 11, -BEYOND, 26, 1300, s.tone(lighter(wood, 0.2)), s.tone(wood)),
        s.rect(x + 285, -BEYOND, 26, 1300, s.tone(lighter(wood, 0.1)), s.tone(wood)),
    ]
    return "".join(parts)


def _desk_lamp(s: Sketch, x: float, y: float) -> str:
    brass, glass = s.tone("#d9a84a"), s.tone("#2f8f6b") if s.is_day else "#4fc08f"
    glow = "" if s.is_day else s.glow(x, y - 130, 280, "#ffe0a0", 0.8)
    return f'{glow}<rect x="{x - 5:.0f}" y="{y - 160}" width="10" height="150" fill="{brass}"/><rect x="{x - 42:.0f}" y="{y - 14}" width="84" height="14" rx="7" fill="{brass}"/><path d="M{x - 84:.0f},{y - 140} q10,-62 84,-62 q74,0 84,62 Z" fill="{glass}"/>'


def laboratory(s: Sketch) -> Drawing:
    back = [_room(s, "#e8f3f6", "#cfe3ea", "#9fb6c4", edge=860)]
    grid = s.tone("#bcd6df")
    back += [s.line(f"M{x:.0f},{-BEYOND} V834", grid, 3, 0.55) for x in range(int(s.left), int(s.right), 110)] + [
        s.line(f"M{s.left},{y} H{s.right}", grid, 3, 0.55) for y in range(-240, 834, 110)
    ]
    screen = min(520, s.width * 0.42)
    x = s.width / 2 - screen / 2
    back.append(
        s.rect(x - 16, 134, screen + 32, 332, s.tone("#33465a"), radius=18)
        + s.rect(
            x,
            150,
            screen,
            300,
            "#12344a" if not s.is_day else "#1d4a63",
            "#0d2233" if not s.is_day else "#16384d",
            radius=8,
        )
    )
    back.append(
        s.line(
            "M"
            + " L".join(
                f"{x + 24 + k * (screen - 48) / 16:.0f},{320 + s.random.uniform(-90, 60):.0f}" for k in range(17)
            ),
            "#5ff0c8",
            6,
        )
        + "".join(s.line(f"M{x + 20},{y} H{x + screen - 20}", "#2f6f86", 2, 0.6) for y in (210, 270, 330, 390))
    )
    back.append(s.glow(s.width / 2, 300, 480, "#7ff0e0", 0.18 if s.is_day else 0.4))
    for side in (0, 1):
        x = s.width * (0.12 if side == 0 else 0.88)
        for y in (300, 530):
            back.append(s.rect(x - 170, y, 340, 18, s.tone("#8fa9b8"), radius=4))
            back += [_flask(s, x - 120 + k * 80, y, s.random.uniform(0.5, 0.8)) for k in range(4)]
    mid = [
        s.rect(s.left, 800, s.right - s.left, 30, s.tone("#f7fbfc")),
        s.rect(s.left, 830, s.right - s.left, 400, s.tone("#7f9fb0"), s.tone("#5f7f92")),
    ]
    mid += [
        _flask(s, s.width * 0.06, 802, 1.7),
        _flask(s, s.width * 0.155, 802, 1.1),
        _flask(s, s.width * 0.94, 802, 1.5),
    ]
    mx, body = s.width * 0.86, s.tone("#3f5468")
    mid.append(
        f'<g transform="translate({mx:.0f},802)"><rect x="-70" y="-18" width="140" height="18" rx="8" fill="{body}"/><path d="M30,-18 C92,-60 84,-190 6,-206" stroke="{body}" stroke-width="24" fill="none" stroke-linecap="round"/><rect x="-60" y="-76" width="96" height="14" rx="5" fill="{body}"/><g transform="rotate(-24)"><rect x="8" y="-262" width="46" height="150" rx="14" fill="{s.tone("#f5f8fa")}"/><rect x="12" y="-290" width="38" height="34" rx="8" fill="{body}"/><rect x="18" y="-116" width="26" height="34" rx="6" fill="{body}"/></g></g>'
    )
    near = f'<g opacity=".96">{_flask(s, s.width * 0.0, 1160, 3.1)}</g>' + _flask(s, s.width * 1.0, 1170, 2.8)
    return Drawing("".join(back), "".join(mid), near)


def _flask(s: Sketch, x: float, y: float, size: float) -> str:
    liquid = s.random.choice(("#ff7a8a", "#4fd1a5", "#ffc857", "#7f9cff", "#c77dff"))
    liquid = liquid if not s.is_night else mix(liquid, "#2b2f7a", 0.25)
    glass = "#ffffff"
    if s.random.random() < 0.5:
        shape, fill = (
            "M-14,-120 V-74 L-50,-12 Q-54,0 -42,0 H42 Q54,0 50,-12 L14,-74 V-120 Z",
            "M-34,-40 L-50,-12 Q-54,0 -42,0 H42 Q54,0 50,-12 L34,-40 Z",
        )
    else:
        shape, fill = "M-12,-120 V-82 A44,44 0 1 0 12,-82 V-120 Z", "M-43,-46 A44,44 0 1 0 43,-46 Z"
    return f'<g transform="translate({x:.0f},{y:.0f}) scale({size:.2f})"><path d="{shape}" fill="{glass}" opacity=".42"/><path d="{fill}" fill="{liquid}" opacity=".9"/><path d="{shape}" fill="none" stroke="{s.tone("#f4fbff")}" stroke-width="5" opacity=".85"/><rect x="-20" y="-126" width="40" height="10" rx="5" fill="{s.tone("#eef6fa")}"/></g>'


def stage(s: Sketch) -> Drawing:
    red = s.random.choice(("#b3263a", "#8a2352", "#5a2a86"))
    span, dim = s.right - s.left, {Light.DAY: 0.0, Light.DUSK: 0.12, Light.NIGHT: 0.34}[s.light]
    cloth = shade(red, dim)
    back = [s.rect(s.left, -BEYOND, span, HEIGHT + 2 * BEYOND, shade(cloth, 0.2), shade(cloth, 0.55))]
    x = s.left
    while x < s.right:
        back.append(
            s.rect(x, -BEYOND, 44, 1160, lighter(cloth, 0.1), shade(cloth, 0.36), extra='opacity=".75"')
            + s.rect(x + 44, -BEYOND, 26, 1160, shade(cloth, 0.5), extra='opacity=".55"')
        )
        x += 92 + s.random.uniform(-8, 8)
    back.append(s.glow(s.width / 2, 420, max(560, s.width * 0.42), "#ffe6b0", 0.62))
    floor = shade("#a8703f", dim)
    back.append(s.rect(s.left, 850, span, 700, lighter(floor, 0.18), shade(floor, 0.4)))
    back += [
        s.line(
            f"M{s.width / 2 + (k - 10) * 60:.0f},850 L{s.width / 2 + (k - 10) * 190:.0f},1260",
            shade(floor, 0.45),
            4,
            0.5,
        )
        for k in range(21)
    ]
    back.append(s.glow(s.width / 2, 930, 620, "#fff0c8", 0.7, 0.22))
    mid = []
    for beam, colour in ((0.16, "#ffe9b0"), (0.5, "#fff6dc"), (0.84, "#ffd9e8")):
        definition, fill = s.fill(colour, colour)
        definition = definition.replace(
            'offset="1.000" stop-color="' + colour + '"', f'offset="1" stop-color="{colour}" stop-opacity="0"'
        )
        top = s.width * beam
        foot = s.width * 0.5 + (top - s.width * 0.5) * 0.35
        mid.append(
            f'{definition}<path d="M{top - 20:.0f},-60 h40 L{foot + 230:.0f},960 h-460 Z" fill="{fill}" opacity=".34"/>'
        )
    for side in (-1, 1):
        edge = s.width / 2 + side * s.width / 2
        d = f"M{edge + side * 260:.0f},-260 L{edge - side * 120:.0f},-260 C{edge - side * 150:.0f},200 {edge - side * 40:.0f},420 {edge + side * 10:.0f},560 C{edge - side * 20:.0f},700 {edge - side * 60:.0f},860 {edge - side * 70:.0f},1010 L{edge + side * 260:.0f},1010 Z"
        mid.append(s.path(d, lighter(cloth, 0.12), shade(cloth, 0.3)))
        mid.append(
            s.line(
                f"M{edge - side * 60:.0f},-260 C{edge - side * 80:.0f},200 {edge - side * 0:.0f},420 {edge + side * 40:.0f},560 M{edge - side * 10:.0f},-260 C{edge - side * 20:.0f},200 {edge + side * 30:.0f},400 {edge + side * 60:.0f},560 M{edge + side * 20:.0f},620 C{edge + side * 4:.0f},740 {edge - side * 26:.0f},880 {edge - side * 30:.0f},1000",
                shade(cloth, 0.5),
                12,
                0.5,
            )
        )
        mid.append(f'<rect x="{edge - 70 + side * 50:.0f}" y="552" width="140" height="26" rx="13" fill="#e9b949"/>')
    swags, x = [], s.left
    while x < s.right:
        swags.append(
            s.path(f"M{x:.0f},-260 V60 q130,130 260,0 V-260 Z", lighter(cloth, 0.16), shade(cloth, 0.22))
            + s.line(f"M{x:.0f},60 q130,130 260,0", "#e9b949", 12)
        )
        x += 260
    mid += swags
    heads, x = [], s.left
    while x < s.right:
        size = s.random.uniform(46, 60)
        y = 1090 + s.random.uniform(-14, 16)
        heads.append(
            s.circle(x, y, size, "#1b1024")
            + s.rect(x - size * 1.5, y + size * 0.7, size * 3, 300, "#1b1024", radius=size)
        )
        x += s.random.uniform(150, 210)
    return Drawing("".join(back), "".join(mid), "".join(heads))
