# ruff: noqa: E501 - a path is read, and changed, as one line
"""Backdrops under the open sky."""

from domain.shots import Light
from resources.video.local.colour import light as lighter
from resources.video.local.colour import mix, shade
from resources.video.local.sketch import BEYOND, HEIGHT, Drawing, Sketch

LIT = ("#ffe08a", "#ffd166", "#ffe9b0", "#ffc46b")


def city(s: Sketch) -> Drawing:
    far = [s.sky(horizon=700)]
    for base, tall, colour in ((720, 430, "#b9cfe4"), (760, 330, "#8fabc9")):
        x = s.left
        while x < s.right:
            wide, high = s.random.uniform(70, 150), tall * s.random.uniform(0.45, 1)
            tone = s.tone(colour)
            far.append(s.rect(x, base - high, wide, HEIGHT, tone, mix(tone, s.tone("#e8f2fa"), 0.5)))
            if s.random.random() < 0.3:
                far.append(s.rect(x + wide * 0.45, base - high - 60, 6, 60, tone))
            far += _windows(s, x, base - high, wide, high, 0.42 if not s.is_day else 0.0, 9, mix(tone, "#ffffff", 0.28))
            x += wide + s.random.uniform(-6, 14)
    far.append(s.rect(s.left, 690, s.right - s.left, 520, s.tone("#d7e6ee"), s.tone("#aebfd0"), extra='opacity=".55"'))
    mid = []
    for side in (-1, 1):
        edge = s.width / 2 + side * s.width * 0.5
        for number, (offset, wide, high) in enumerate(((30, 270, 690), (-180, 230, 520))):
            colour = s.tone(
                s.random.choice(("#d98c6a", "#c96f5d", "#e0b184", "#7f9fb0", "#b9866f")) if number == 0 else "#9a7f86"
            )
            x = edge + (offset - 130 if side > 0 else -offset - wide + 130)
            mid.append(s.rect(x, 900 - high, wide, high + 400, lighter(colour, 0.1), shade(colour, 0.12)))
            mid.append(s.rect(x - 10, 900 - high, wide + 20, 20, shade(colour, 0.25), radius=4))
            mid += _windows(
                s, x + 14, 925 - high, wide - 28, high - 150, 0.6 if not s.is_day else 0.0, 26, s.tone("#d5ecf7")
            )
        x = edge - 140 if side > 0 else edge - 130
        mid.append(s.rect(x, 800, 270, 60, s.tone("#d8473f" if side > 0 else "#2f8f83"), radius=8))
        mid.append("".join(s.rect(x + 18 + k * 54, 800, 26, 60, s.tone("#fff3e2")) for k in range(5)))
    mid.append(s.rect(s.left, 905, s.right - s.left, 400, s.tone("#c9c4bd"), s.tone("#9a958f")))
    lamp_x = s.width * s.random.choice((0.075, 0.925))
    near = s.rect(lamp_x - 11, 110, 22, 1200, s.tone("#33363f")) + s.path(
        f"M{lamp_x - 44},120 h88 l-16,-70 h-56 Z", s.tone("#33363f")
    )
    near += s.circle(lamp_x, 92, 32, "#fff2c4" if not s.is_day else s.tone("#f3f0e4"))
    if not s.is_day:
        near = s.glow(lamp_x, 92, 240, "#ffd98a", 0.5) + near
    return Drawing("".join(far), "".join(mid), near)


def _windows(s: Sketch, x: float, y: float, wide: float, high: float, lit: float, size: float, glass: str) -> list[str]:
    parts, step = [], size * 2.2
    rows, columns = int((high - size) / (step * 1.15)), int((wide - size * 0.6) / step)
    for row in range(rows):
        for column in range(columns):
            tone = s.random.choice(LIT) if s.random.random() < lit else glass
            left = x + (wide - (columns - 1) * step - size) / 2 + column * step
            parts.append(
                f'<rect x="{left:.0f}" y="{y + size + row * step * 1.15:.0f}" width="{size:.0f}" height="{size * 1.35:.0f}" rx="2" fill="{tone}"/>'
            )
    return parts


def forest(s: Sketch) -> Drawing:
    mist = {Light.DAY: "#e3f4d7", Light.DUSK: "#ffc79a", Light.NIGHT: "#3f5590"}[s.light]
    back = [
        s.rect(
            s.left,
            -BEYOND,
            s.right - s.left,
            HEIGHT + 2 * BEYOND,
            *{
                Light.DAY: ("#9fdcc4", "#d8f2cf", "#f3fbe0", "#b8dfa0"),
                Light.DUSK: ("#6a3f7d", "#e0776f", "#ffc48a", "#a8714f"),
                Light.NIGHT: ("#0a1738", "#16315c", "#2f5a80", "#16344d"),
            }[s.light],
        )
    ]
    back.append(
        s.glow(
            s.width * 0.5,
            330,
            s.width * 0.5 + 200,
            {Light.DAY: "#fffbe0", Light.DUSK: "#ffe1a8", Light.NIGHT: "#9fc4ff"}[s.light],
            0.85,
        )
    )
    for depth, colour in enumerate(("#b4d9a8", "#86bd86")):
        tone = mix(s.tone(colour), mist, 0.45 - depth * 0.22)
        x = s.left
        while x < s.right:
            wide = s.random.uniform(14, 30) + depth * 14
            back.append(
                f'<path d="M{x:.0f},-260 h{wide:.0f} l{wide * 0.25:.0f},1400 h{-wide * 1.5:.0f} Z" fill="{tone}"/>'
            )
            x += s.random.uniform(70, 150) + depth * 40
        back.append(f'<path d="{s.ridge(760 + depth * 60, 90, 9, rough=0)}" fill="{tone}"/>')
        back += [
            s.circle(
                s.random.uniform(s.left, s.right), s.random.uniform(-120, 120), s.random.uniform(80, 160), tone, 0.85
            )
            for _ in range(14)
        ]
    if not s.is_night:
        back += [
            f'<path d="M{s.width * p:.0f},-260 l90,0 l{300 + 200 * p:.0f},1300 l-260,0 Z" fill="{mist}" opacity=".2"/>'
            for p in (0.06, 0.3, 0.56)
        ]
    mid = []
    for x, wide in ((-0.04, 130), (0.1, 84), (0.9, 92), (1.05, 140)):
        x = x * s.width + s.random.uniform(-20, 20)
        bark = s.tone(s.random.choice(("#7a5a44", "#6b4f3f", "#86634a")))
        mid.append(
            s.path(
                f"M{x - wide / 2:.0f},-260 h{wide} c6,500 0,900 {wide * 0.4:.0f},1240 h{-wide * 1.8:.0f} c{wide * 0.4:.0f},-340 {wide * 0.4:.0f},-740 {wide * 0.4:.0f},-1240 Z",
                bark,
            )
        )
        mid.append(
            s.line(
                f"M{x - wide * 0.2:.0f},60 q10,240 -6,420 M{x + wide * 0.18:.0f},200 q-8,240 6,480",
                shade(bark, 0.35),
                7,
                0.5,
            )
        )
    for x, y, r in ((-0.06, 20, 190), (0.08, -70, 170), (0.92, -60, 180), (1.06, 30, 200)):
        for _ in range(5):
            mid.append(
                s.circle(
                    x * s.width + s.random.uniform(-110, 110),
                    y + s.random.uniform(-70, 60),
                    r * s.random.uniform(0.5, 0.8),
                    s.tone(s.random.choice(("#4f9a5a", "#5fae63", "#3f8650"))),
                )
            )
    mid.append(s.path(s.ridge(850, 46, 8, rough=0), s.tone("#7fb765"), s.tone("#4c8b4b")))
    for _ in range(16):
        side = s.random.choice((s.random.uniform(-0.1, 0.2), s.random.uniform(0.8, 1.1)))
        mid.append(
            s.circle(
                side * s.width,
                s.random.uniform(800, 870),
                s.random.uniform(40, 76),
                s.tone(s.random.choice(("#5aa45c", "#4b924f", "#6cb868"))),
            )
        )
    if s.is_night:
        mid += [
            s.glow(s.random.uniform(0, s.width), s.random.uniform(380, 860), 22, "#f6ff9a", 0.95) for _ in range(14)
        ]
    near = s.fronds(-20, 1080, 1.0, s.tone("#2f6b45"), lean=24) + s.fronds(
        s.width + 20, 1080, 1.0, s.tone("#2f6b45"), lean=-24
    )
    return Drawing("".join(back), "".join(mid), near)


def mountain(s: Sketch) -> Drawing:
    back, span = [s.sky(horizon=620)], s.right - s.left
    for base, high, peaks, colour in ((700, 400, 4, "#a9c3de"), (770, 330, 5, "#7f9fc4")):
        tone, snow = s.tone(colour), mix(s.tone("#ffffff"), s.tone(colour), 0.06)
        for peak in range(peaks):
            x = s.left + span * (peak + 0.5) / peaks + s.random.uniform(-70, 70)
            top, half = base - high * s.random.uniform(0.7, 1), span / peaks * s.random.uniform(0.62, 0.8)
            back.append(
                s.path(
                    f"M{x:.0f},{top:.0f} L{x + half:.0f},{base + 160} L{x - half:.0f},{base + 160} Z",
                    tone,
                    mix(tone, s.tone("#e6eef4"), 0.55),
                )
            )
            back.append(
                f'<path d="M{x:.0f},{top:.0f} L{x + half:.0f},{base + 160} L{x + half * 0.2:.0f},{base + 160} L{x + half * 0.06:.0f},{top + 150:.0f} Z" fill="{shade(tone, 0.3)}" opacity=".28"/>'
            )
            slope = half / (base + 160 - top)
            back.append(
                f'<path d="M{x:.0f},{top:.0f} L{x + slope * 108:.0f},{top + 108:.0f} l-24,-16 l-22,34 l-26,-26 l-22,30 l-20,-28 L{x - slope * 108:.0f},{top + 108:.0f} Z" fill="{snow}"/>'
            )
    back.append(s.rect(s.left, 690, span, 560, s.tone("#cfe3ea"), s.tone("#a8cba8"), extra='opacity=".5"'))
    mid = [s.path(s.ridge(800, 90, 5, rough=0), s.tone("#8cc48a"), s.tone("#5f9f68"))]
    for side in (0.0, 1.0):
        for number in range(7):
            x = (side + (0.035 * number - 0.06) * (1 if side == 0 else -1)) * s.width + s.random.uniform(-14, 14)
            mid.append(
                s.pine(x, 840 + number % 3 * 34, s.random.uniform(250, 420) * (1 - number * 0.07), s.tone("#3d7a5c"))
            )
    mid.append(s.path(s.ridge(900, 40, 6, rough=0), s.tone("#79b56c"), s.tone("#4f8f55")))
    flowers = "".join(
        s.circle(
            s.random.uniform(s.left, s.right),
            s.random.uniform(900, 1000),
            s.random.uniform(5, 9),
            s.tone(s.random.choice(("#ffd45e", "#ffffff", "#f58ab0"))),
        )
        for _ in range(60)
    )
    near = _grass(s, -40, 0.24) + _grass(s, s.width * 0.8, 0.24)
    return Drawing("".join(back), "".join(mid) + flowers, near)


def _grass(s: Sketch, x: float, part: float) -> str:
    blades, end = [], x + s.width * part
    while x < end:
        high, bend = s.random.uniform(90, 210), s.random.uniform(-50, 50)
        tone = s.tone(s.random.choice(("#3f7d4a", "#4d8f52", "#356b42")))
        blades.append(
            f'<path d="M{x:.0f},1260 Q{x + bend * 0.2:.0f},{1080 - high * 0.5:.0f} {x + bend:.0f},{1080 - high:.0f} Q{x + 22 + bend * 0.4:.0f},{1080 - high * 0.4:.0f} {x + 24:.0f},1260 Z" fill="{tone}"/>'
        )
        x += s.random.uniform(10, 22)
    return "".join(blades)


def sea(s: Sketch) -> Drawing:
    horizon = 560
    back, span = [s.sky(horizon=horizon)], s.right - s.left
    water = {
        Light.DAY: ("#5fc3e4", "#3aa3d1", "#2b86bd"),
        Light.DUSK: ("#ff9f7a", "#a8608f", "#4d3d7d"),
        Light.NIGHT: ("#3a4a94", "#1d2a68", "#121a48"),
    }[s.light]
    island = s.width * s.random.choice((0.16, 0.84))
    back.append(
        f'<path d="M{island - 210:.0f},{horizon + 4} c60,-30 90,-104 150,-96 c50,8 60,52 110,60 c50,6 80,20 110,36 Z" fill="{mix(s.tone("#5f9f8a"), s.tone("#cfe6f5"), 0.4)}"/>'
    )
    back.append(s.rect(s.left, horizon, span, 900, *water))
    for _ in range(54):
        x, y = s.random.uniform(s.left, s.right), horizon + 8 + (s.random.random() ** 1.8) * 300
        long = 26 + (y - horizon) * 0.34
        back.append(
            s.rect(
                x,
                y,
                long,
                2.5 + (y - horizon) * 0.012,
                "#ffffff",
                radius=3,
                extra=f'opacity="{0.2 if s.is_night else 0.4}"',
            )
        )
    boat = s.width * (0.78 if island < s.width / 2 else 0.22)
    sail = s.tone("#fffaf0")
    back.append(
        f'<g transform="translate({boat:.0f},{horizon + 26})"><path d="M-58,0 h116 l-22,26 h-72 Z" fill="{s.tone("#b5523f")}"/><path d="M-2,-6 V-128 L-52,-6 Z" fill="{sail}"/><path d="M6,-6 V-112 L50,-6 Z" fill="{mix(sail, s.tone("#f28b6c"), 0.5)}"/></g>'
    )
    mid = [
        s.path(s.wave(760, 14, 210), s.tone("#fdf6e4"), extra='opacity=".85"'),
        s.path(s.wave(778, 16, 240), s.tone("#f3dcae"), s.tone("#d9b683")),
    ]
    mid += [
        s.circle(
            s.random.uniform(s.left, s.right),
            s.random.uniform(810, 1050),
            s.random.uniform(2, 5),
            s.tone("#c79f6c"),
            0.6,
        )
        for _ in range(90)
    ]
    side = 1 if island < s.width / 2 else -1
    palm = s.width * (0.93 if side > 0 else 0.07)
    mid.append(_palm(s, palm, 850, side))
    near = s.fronds(-30 if side > 0 else s.width + 30, 1090, 0.95, s.tone("#2d7a5a"), lean=26 * side)
    return Drawing("".join(back), "".join(mid), near)


def _palm(s: Sketch, x: float, y: float, side: int) -> str:
    trunk, leaf = s.tone("#9a7450"), s.tone("#3f9a63")
    top_x, top_y = x - side * 60, y - 640
    parts = [
        s.path(
            f"M{x - 26},{y + 60} C{x - 10},{y - 200} {x - side * 16 - 20},{y - 440} {top_x - 12},{top_y} h24 C{x - side * 10 + 24},{y - 420} {x + 30},{y - 200} {x + 34},{y + 60} Z",
            trunk,
        )
    ]
    for angle in (-160, -128, -96, -62, -30, 0, 170, 30):
        tone = mix(leaf, s.tone("#1f6b4a"), s.random.random() * 0.7)
        parts.append(
            f'<path transform="translate({top_x:.0f},{top_y:.0f}) rotate({angle})" d="M0,0 C70,-58 170,-54 250,24 C170,-6 80,6 0,0 Z" fill="{tone}"/>'
        )
    parts += [s.circle(top_x + dx, top_y + 16, 17, s.tone("#7a4f31")) for dx in (-16, 14)]
    return "".join(parts)


def desert(s: Sketch) -> Drawing:
    back = [s.sky(horizon=620)]
    for x, wide, high, colour in ((0.13, 330, 240, "#d98d6a"), (0.86, 380, 300, "#cf7f5f"), (0.5, 210, 120, "#e0a17d")):
        x, tone = x * s.width + s.random.uniform(-40, 40), mix(s.tone(colour), s.tone("#f8e3cf"), 0.25)
        d = f"M{x - wide * 0.62:.0f},720 L{x - wide * 0.42:.0f},{680 - high * 0.5:.0f} L{x - wide * 0.34:.0f},{680 - high:.0f} L{x + wide * 0.3:.0f},{672 - high:.0f} L{x + wide * 0.4:.0f},{680 - high * 0.45:.0f} L{x + wide * 0.64:.0f},720 Z"
        back.append(s.path(d, tone, mix(tone, s.tone("#f3c99a"), 0.6)))
        back += [
            s.line(
                f"M{x - wide * (0.36 + k * 0.05):.0f},{690 - high * (0.8 - k * 0.24):.0f} h{wide * (0.68 + k * 0.1):.0f}",
                shade(tone, 0.3),
                7,
                0.2,
            )
            for k in range(3)
        ]
    back.append(s.path(s.ridge(730, 60, 6, rough=0), s.tone("#f2c890"), s.tone("#dfa56d")))
    mid = [s.path(s.ridge(800, 80, 4, rough=0), s.tone("#f0bd7f"), s.tone("#d9945c"))]
    for x, y, size in ((0.07, 860, 1.25), (0.93, 850, 1.05), (0.2, 800, 0.55), (0.78, 806, 0.6)):
        mid.append(_cactus(s, x * s.width + s.random.uniform(-24, 24), y, size))
    dune = s.tone("#e9ae6f")
    mid.append(s.path(s.ridge(900, 44, 5, rough=0), dune, shade(dune, 0.14)))
    mid += [
        s.line(
            f"M{s.random.uniform(s.left, s.right):.0f},{s.random.uniform(910, 1040):.0f} q60,-16 130,0 t110,0",
            shade(dune, 0.25),
            5,
            0.25,
        )
        for _ in range(9)
    ]
    rock = s.tone("#a8623f")
    near = s.path("M-260,1260 L-260,1010 L-60,930 L70,985 L160,1060 L240,1260 Z", lighter(rock, 0.12), shade(rock, 0.3))
    near += s.path(
        f"M{s.width + 260},1260 L{s.width + 260},990 L{s.width + 40},960 L{s.width - 60},1030 L{s.width - 150},1260 Z",
        rock,
        shade(rock, 0.36),
    )
    return Drawing("".join(back), "".join(mid), near)


def _cactus(s: Sketch, x: float, y: float, size: float) -> str:
    green, dark = s.tone("#4f9467"), s.tone("#3a7552")
    arms = f'<path d="M-30,-190 h-46 v-86 M30,-130 h52 v-110" stroke="{green}" stroke-width="44" stroke-linecap="round" stroke-linejoin="round" fill="none"/>'
    body = f'<rect x="-36" y="-400" width="72" height="430" rx="36" fill="{green}"/><path d="M-10,-380 V10 M14,-380 V10" stroke="{dark}" stroke-width="6" opacity=".6"/><circle cy="-400" r="17" fill="{s.tone("#f27ea0")}"/>'
    return f'<g transform="translate({x:.0f},{y}) scale({size})"><ellipse cx="10" cy="26" rx="92" ry="14" fill="{s.tone("#b07a48")}" opacity=".5"/>{arms}{body}</g>'


def space(s: Sketch) -> Drawing:
    colours, cloud_one, cloud_two = {
        Light.DAY: (("#14215e", "#234a9c", "#3f7fc9"), "#7fd6ff", "#b58bff"),
        Light.DUSK: (("#24124f", "#6a2a7d", "#c9527f"), "#ff9a8a", "#ffcf8a"),
        Light.NIGHT: (("#070a26", "#11164a", "#251d63"), "#5f6bff", "#b04fd0"),
    }[s.light]
    back = [s.rect(s.left, -BEYOND, s.right - s.left, HEIGHT + 2 * BEYOND, *colours)]
    back += [
        s.glow(s.width * px, py, 560 + s.random.uniform(-60, 120), c, 0.34, squeeze)
        for px, py, c, squeeze in (
            (0.2, 220, cloud_one, 0.5),
            (0.75, 420, cloud_two, 0.6),
            (0.5, 80, cloud_two, 0.35),
            (0.4, 640, cloud_one, 0.4),
        )
    ]
    back += s.stars(150, 1000)
    for _ in range(7):
        x, y, r = s.random.uniform(0, s.width), s.random.uniform(30, 520), s.random.uniform(9, 17)
        back.append(
            f'<path d="M{x:.0f},{y - r:.0f} q{r * 0.14:.1f},{r * 0.86:.1f} {r:.1f},{r:.1f} q{-r * 0.86:.1f},{r * 0.14:.1f} {-r:.1f},{r:.1f} q{-r * 0.14:.1f},{-r * 0.86:.1f} {-r:.1f},{-r:.1f} q{r * 0.86:.1f},{-r * 0.14:.1f} {r:.1f},{-r:.1f} Z" fill="#fff" opacity=".9"/>'
        )
    side = s.random.choice((0.16, 0.84))
    px, py, r = s.width * side, 270, 150
    planet, ring = s.random.choice((("#ff9d6e", "#ffd9a8"), ("#58c9b9", "#c9fff1"), ("#f27eb0", "#ffd0e6"))), 1.75
    halves = [
        f'<path d="M{-r * ring:.0f},0 A{r * ring:.0f},{r * 0.42:.0f} 0 0 {sweep} {r * ring:.0f},0" stroke="{planet[1]}" stroke-width="20" fill="none" opacity=".9"/>'
        for sweep in (1, 0)
    ]
    bands = "".join(
        f'<path d="M-170,{y} q90,{22} 340,0" stroke="{mix(planet[0], "#ffffff", 0.35)}" stroke-width="{w}" fill="none" opacity=".6"/>'
        for y, w in ((-70, 16), (-20, 28), (44, 18))
    )
    back.append(s.glow(px, py, 300, planet[1], 0.4))
    back.append(
        f'<g transform="translate({px:.0f},{py}) rotate(-18)">{halves[0]}<clipPath id="planet"><circle r="{r}"/></clipPath><g clip-path="url(#planet)"><circle r="{r}" fill="{planet[0]}"/>{bands}<circle cx="-70" cy="-60" r="{r * 1.35:.0f}" fill="none" stroke="{shade(planet[0], 0.7)}" stroke-width="150" opacity=".3"/></g>{halves[1]}</g>'
    )
    other = s.width * (1 - side)
    back.append(
        s.circle(other, 170, 46, mix(colours[2], "#ffffff", 0.62))
        + s.circle(other + 13, 160, 38, mix(colours[2], "#ffffff", 0.72))
    )
    ground = mix("#b9b4d6", colours[1], 0.3)
    mid = [
        s.path(s.ridge(790, 110, 5, rough=0), mix(ground, colours[1], 0.35), mix(ground, colours[0], 0.6)),
        s.path(s.ridge(880, 40, 6, rough=0), lighter(ground, 0.2), mix(ground, colours[0], 0.45)),
    ]
    for _ in range(9):
        x, y, r = s.random.uniform(s.left, s.right), s.random.uniform(905, 1010), s.random.uniform(26, 76)
        mid.append(
            f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{r:.0f}" ry="{r * 0.3:.0f}" fill="{shade(ground, 0.34)}" opacity=".6"/><ellipse cx="{x:.0f}" cy="{y + r * 0.07:.0f}" rx="{r * 0.88:.0f}" ry="{r * 0.22:.0f}" fill="{shade(ground, 0.16)}" opacity=".8"/>'
        )
    rx = s.width * (0.9 if side < 0.5 else 0.1)
    mid.append(
        f'<g transform="translate({rx:.0f},860) scale(1.15)"><path d="M-34,40 L-84,80 L-52,-20 Z M34,40 L84,80 L52,-20 Z" fill="#e5484d"/><path d="M0,-270 C64,-190 62,-60 42,44 h-84 C-62,-60 -64,-190 0,-270 Z" fill="{mix("#ffffff", colours[1], 0.08)}"/><path d="M0,-270 C28,-236 44,-200 50,-160 h-100 C-44,-200 -28,-236 0,-270 Z" fill="#e5484d"/><circle cy="-96" r="27" fill="#2b3a78"/><circle cy="-96" r="27" fill="none" stroke="#f0b94f" stroke-width="8"/><path d="M-24,44 h48 l-8,26 h-32 Z" fill="#6f7391"/></g>'
    )
    rock = mix("#7d7699", colours[0], 0.35)
    near = s.path(
        "M-260,1260 L-260,1030 L-80,985 L60,1030 L150,1120 L190,1260 Z", lighter(rock, 0.1), shade(rock, 0.4)
    ) + s.path(
        f"M{s.width + 260},1260 V1040 L{s.width + 60},1000 L{s.width - 70},1050 L{s.width - 130},1260 Z",
        rock,
        shade(rock, 0.45),
    )
    return Drawing("".join(back), "".join(mid), near)
