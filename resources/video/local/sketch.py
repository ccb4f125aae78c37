# ruff: noqa: E501 - a path is read, and changed, as one line
"""What every drawn backdrop is made with: a canvas, the light of the hour, seeded chance and a few shapes.

The canvas is 1000 units high; its visible part begins at (0, 0) and is ``width`` units wide. Drawings reach beyond all
its edges, because the camera moves.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from domain.shots import Light
from resources.video.local.colour import light as lighter
from resources.video.local.colour import mix, shade

HEIGHT = 1000
BEYOND = 260
"""Units that layers are drawn beyond the edges of the canvas."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """SVG of three distances: ``back`` fills the canvas, ``mid`` stands behind the characters, ``near`` before them."""

    back: str
    mid: str
    near: str = ""


@dataclass(slots=True)
class Sketch:
    width: float
    light: Light
    random: Random
    indoors: bool = False
    _gradients: int = field(default=0)

    @property
    def is_night(self) -> bool:
        return self.light is Light.NIGHT

    @property
    def is_day(self) -> bool:
        return self.light is Light.DAY

    @property
    def left(self) -> float:
        return -BEYOND

    @property
    def right(self) -> float:
        return self.width + BEYOND

    def tone(self, colour: str) -> str:
        """A day colour as it looks in this light."""
        match self.light:
            case Light.DAY:
                return colour
            case Light.DUSK:
                return shade(mix(colour, "#ff8f5e", 0.24), 0.16)
            case Light.NIGHT:
                return mix(colour, "#2a1f45", 0.5) if self.indoors else mix(colour, "#151b4a", 0.66)

    def fill(self, *stops: str, x2: float = 0, y2: float = 1) -> tuple[str, str]:
        """A linear gradient from top to bottom: its definition, and the ``fill`` value that uses it."""
        self._gradients += 1
        name = f"g{self._gradients}"
        marks = "".join(
            f'<stop offset="{i / max(1, len(stops) - 1):.3f}" stop-color="{c}"/>' for i, c in enumerate(stops)
        )
        return (
            f'<linearGradient id="{name}" x1="0" y1="0" x2="{x2}" y2="{y2}">{marks}</linearGradient>',
            f"url(#{name})",
        )

    def rect(
        self, x: float, y: float, width: float, height: float, *stops: str, radius: float = 0, extra: str = ""
    ) -> str:
        """A rectangle in one colour or a vertical gradient of several."""
        definition, fill = self.fill(*stops) if len(stops) > 1 else ("", stops[0])
        return f'{definition}<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}" fill="{fill}" {extra}/>'

    def path(self, d: str, *stops: str, extra: str = "") -> str:
        definition, fill = self.fill(*stops) if len(stops) > 1 else ("", stops[0])
        return f'{definition}<path d="{d}" fill="{fill}" {extra}/>'

    def circle(self, x: float, y: float, r: float, fill: str, opacity: float = 1) -> str:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" opacity="{opacity:g}"/>'

    def line(self, d: str, colour: str, width: float, opacity: float = 1) -> str:
        return f'<path d="{d}" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" stroke-linejoin="round" fill="none" opacity="{opacity:g}"/>'

    def glow(self, x: float, y: float, r: float, colour: str, opacity: float = 0.8, squeeze: float = 1) -> str:
        """Light that fades to nothing at ``r``."""
        self._gradients += 1
        name = f"g{self._gradients}"
        return (
            f'<radialGradient id="{name}"><stop offset="0" stop-color="{colour}" stop-opacity="{opacity}"/><stop offset=".45" stop-color="{colour}" '
            f'stop-opacity="{opacity * 0.38:.3f}"/><stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>'
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{r:.1f}" ry="{r * squeeze:.1f}" fill="url(#{name})"/>'
        )

    def ridge(self, base: float, height: float, steps: int, *, rough: float = 0.5) -> str:
        """A closed silhouette of hills: smooth when ``rough`` is 0, jagged at 1."""
        random, step = self.random, (self.right - self.left) / steps
        points = [(self.left + step * i, base - height * random.uniform(0.15, 1)) for i in range(steps + 1)]
        d = f"M{self.left},{HEIGHT + BEYOND} L{points[0][0]:.0f},{points[0][1]:.0f} "
        for (x0, y0), (x1, y1) in pairwise(points):
            middle = (x0 + x1) / 2
            if rough > 0.5:
                d += f"L{middle:.0f},{(y0 + y1) / 2 + random.uniform(-0.12, 0.12) * height:.0f} L{x1:.0f},{y1:.0f} "
            else:
                d += f"C{middle:.0f},{y0:.0f} {middle:.0f},{y1:.0f} {x1:.0f},{y1:.0f} "
        return f"{d}L{self.right},{HEIGHT + BEYOND} Z"

    def sky(self, *, horizon: float = 640) -> str:
        """The sky of the hour, down to below ``horizon``, with sun, clouds, moon or stars."""
        random = self.random
        x = self.width * random.choice((0.2, 0.8)) + random.uniform(-60, 60)
        everywhere = (self.left, -BEYOND, self.right - self.left, HEIGHT + 2 * BEYOND)
        match self.light:
            case Light.DAY:
                colours, sun = ("#5fb4f0", "#9ed6fb", "#e4f5ff", "#f5fbff", "#f5fbff"), "#fff7d6"
                parts = [self.glow(x, 190, 300, sun, 0.95), self.circle(x, 190, 62, "#fffbe8")]
            case Light.DUSK:
                colours, sun = ("#3c3478", "#8a4f9a", "#ef7d7d", "#ffbd86", "#ffd9a3"), "#ffd08a"
                y = horizon - random.uniform(120, 190)
                parts = [self.glow(x, y, 460, sun, 0.95), self.circle(x, y, 84, "#fff0c2")]
            case Light.NIGHT:
                colours = ("#0b1033", "#141b4d", "#27306e", "#3b4286", "#454a8e")
                parts = [
                    self.glow(x, 200, 260, "#cfd8ff", 0.55),
                    self.circle(x, 200, 58, "#f3f1dc"),
                    self.circle(x + 20, 188, 12, "#dad6bd", 0.7),
                    self.circle(x - 18, 214, 9, "#dad6bd", 0.6),
                ]
        parts.insert(0, self.rect(*everywhere, *colours))
        if self.is_night:
            parts += self.stars(90, horizon - 80)
        parts += [
            self.cloud(
                random.uniform(-80, self.width + 80), random.uniform(70, horizon * 0.5), random.uniform(0.7, 1.5)
            )
            for _ in range(3 + round(self.width / 500))
        ]
        return "".join(parts)

    def stars(self, count: int, lowest: float) -> list[str]:
        random = self.random
        return [
            self.circle(
                random.uniform(self.left, self.right),
                random.uniform(-BEYOND, lowest),
                random.choice((1.4, 1.8, 2.4, 3.4)),
                "#fdfbff",
                random.choice((0.45, 0.7, 0.95)),
            )
            for _ in range(count)
        ]

    def cloud(self, x: float, y: float, size: float) -> str:
        colour, opacity = {Light.DAY: ("#ffffff", 0.9), Light.DUSK: ("#ffc6b0", 0.5), Light.NIGHT: ("#5a63a8", 0.35)}[
            self.light
        ]
        puffs = ((-80, 8, 34), (-38, -12, 46), (18, -22, 56), (70, -2, 42), (108, 12, 28))
        shapes = "".join(f'<circle cx="{px}" cy="{py}" r="{r}"/>' for px, py, r in puffs)
        return f'<g transform="translate({x:.0f},{y:.0f}) scale({size:.2f},{size * 0.8:.2f})" fill="{colour}" opacity="{opacity}">{shapes}<rect x="-114" y="6" width="250" height="36" rx="18"/></g>'

    def plant(self, x: float, y: float, size: float, colour: str = "#3f8f5f", pot: str | None = "#d9825b") -> str:
        """A house plant whose pot stands at (``x``, ``y``); without a pot only its leaves."""
        leaf, dark, parts = self.tone(colour), self.tone(shade(colour, 0.25)), []
        for index, angle in enumerate((-64, -40, -18, 4, 24, 46, 68)):
            length = (150 - abs(angle) * 0.5) * (0.9 + 0.2 * self.random.random())
            parts.append(
                f'<g transform="rotate({angle})"><path d="M0,0 C-34,{-length * 0.4:.0f} -26,{-length * 0.8:.0f} 0,{-length:.0f} C26,{-length * 0.8:.0f} 34,{-length * 0.4:.0f} 0,0 Z" '
                f'fill="{leaf if index % 2 else dark}"/><path d="M0,0 V{-length * 0.85:.0f}" stroke="{mix(leaf, "#ffffff", 0.25)}" stroke-width="3" opacity=".5"/></g>'
            )
        base = (
            f'<path d="M-46,-6 h92 l-14,92 q-32,12 -64,0 Z" fill="{self.tone(pot)}"/><rect x="-52" y="-16" width="104" height="26" rx="8" fill="{self.tone(lighter(pot, 0.2))}"/>'
            if pot
            else ""
        )
        return f'<g transform="translate({x:.0f},{y - (84 if pot else 0) * size:.0f}) scale({size:.2f})">{"".join(parts)}{base}</g>'

    def fronds(self, x: float, y: float, size: float, colour: str, *, lean: float = 0) -> str:
        """Large leaves close to the camera, growing from (``x``, ``y``)."""
        parts = []
        for angle in range(-60, 61, 20):
            turn, length = angle + lean + self.random.uniform(-7, 7), self.random.uniform(250, 330)
            tone = mix(colour, shade(colour, 0.5), self.random.random() * 0.6)
            parts.append(
                f'<path transform="rotate({turn:.0f})" d="M0,0 C-52,{-length * 0.35:.0f} -40,{-length * 0.8:.0f} 0,{-length:.0f} C40,{-length * 0.8:.0f} 52,{-length * 0.35:.0f} 0,0 Z" fill="{tone}"/>'
            )
        return f'<g transform="translate({x:.0f},{y:.0f}) scale({size:.2f})">{"".join(parts)}</g>'

    def window(self, x: float, y: float, width: float, height: float, frame: str = "#fffaf0", *, panes: int = 2) -> str:
        """A window on the sky of the hour, with hills in it."""
        sky = {
            Light.DAY: ("#8fd0fb", "#e6f6ff"),
            Light.DUSK: ("#8a4f9a", "#ff9d7d", "#ffd39b"),
            Light.NIGHT: ("#0f1642", "#333b80"),
        }[self.light]
        hill, far = self.tone("#8cc793"), self.tone("#b7dcc0")
        frame = self.tone(frame)
        self._gradients += 1
        clip = f"w{self._gradients}"
        inner = self.rect(x, y, width, height, *sky)
        if self.is_night:
            inner += "".join(
                self.circle(
                    x + self.random.random() * width,
                    y + self.random.random() * height * 0.6,
                    self.random.choice((1.6, 2.4, 3)),
                    "#fff",
                    0.8,
                )
                for _ in range(16)
            )
            inner += self.circle(x + width * 0.72, y + height * 0.25, 24, "#f3f1dc")
        else:
            inner += self.glow(
                x + width * 0.7, y + height * (0.25 if self.is_day else 0.62), width * 0.6, "#fff3c8", 0.9
            )
        inner += f'<path d="M{x},{y + height * 0.72} q{width * 0.3},{-height * 0.2} {width * 0.55},{-height * 0.02} t{width * 0.45},{-height * 0.06} V{y + height} H{x} Z" fill="{far}"/>'
        inner += f'<path d="M{x},{y + height * 0.86} q{width * 0.35},{-height * 0.14} {width * 0.7},0 t{width * 0.3},{-height * 0.04} V{y + height} H{x} Z" fill="{hill}"/>'
        bars = "".join(self.rect(x + width * k / panes - 5, y, 10, height, frame) for k in range(1, panes)) + self.rect(
            x, y + height * 0.46, width, 10, frame
        )
        return (
            f'<clipPath id="{clip}"><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/></clipPath><g clip-path="url(#{clip})">{inner}</g>{bars}'
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="none" stroke="{frame}" stroke-width="18"/>'
            + self.rect(x - 26, y + height, width + 52, 22, mix(frame, "#000000", 0.08), radius=5)
        )

    def books(self, x: float, y: float, width: float, height: float, palette: tuple[str, ...]) -> str:
        """A shelf of books that stand on ``y`` + ``height``."""
        random, parts, end = self.random, [], x + width
        while x < end - 12:
            wide = min(random.uniform(15, 34), end - x)
            if random.random() < 0.07:
                x += wide * 1.4
                continue
            tall, tone = height * random.uniform(0.66, 0.94), self.tone(random.choice(palette))
            parts.append(
                f'<rect x="{x:.0f}" y="{y + height - tall:.0f}" width="{wide - 2:.0f}" height="{tall:.0f}" rx="3" fill="{tone}"/>'
            )
            if random.random() < 0.55:
                parts.append(
                    f'<rect x="{x + 3:.0f}" y="{y + height - tall * 0.8:.0f}" width="{wide - 8:.0f}" height="6" rx="2" fill="{mix(tone, "#ffe9b8", 0.5)}"/>'
                )
            x += wide
        return "".join(parts)

    def lamp(self, x: float, y: float, size: float, colour: str = "#ffd98a") -> str:
        """A standing lamp with its foot at (``x``, ``y``), lit unless it is day."""
        shade_colour = mix(colour, "#ffffff", 0.2) if not self.is_day else self.tone("#f4dfb6")
        light = "" if self.is_day else self.glow(0, -400, 330, "#ffcf7a", 0.75)
        return (
            f'<g transform="translate({x:.0f},{y:.0f}) scale({size})">{light}<rect x="-5" y="-380" width="10" height="380" fill="{self.tone("#6b5547")}"/>'
            f'<ellipse cx="0" cy="0" rx="60" ry="12" fill="{self.tone("#6b5547")}"/><path d="M-46,-470 h92 l34,110 h-160 Z" fill="{shade_colour}"/></g>'
        )

    def wave(self, y: float, height: float, length: float) -> str:
        """A closed surface with a wavy upper edge."""
        d, x = f"M{self.left},{HEIGHT + BEYOND} L{self.left},{y:.0f} ", self.left
        while x < self.right:
            d += f"q{length / 4:.0f},{-height:.0f} {length / 2:.0f},0 t{length / 2:.0f},0 "
            x += length
        return f"{d}L{x:.0f},{HEIGHT + BEYOND} Z"

    def pine(self, x: float, y: float, height: float, colour: str) -> str:
        w = height * 0.3
        tiers = "".join(
            f'<path d="M{x:.0f},{y - height * top:.0f} l{w * wide:.0f},{height * 0.42:.0f} h{-2 * w * wide:.0f} Z" fill="{mix(colour, "#ffffff", tint)}"/>'
            for top, wide, tint in ((0.62, 1, 0), (0.8, 0.8, 0.05), (1, 0.56, 0.1))
        )
        return f'<rect x="{x - height * 0.03:.0f}" y="{y - height * 0.22:.0f}" width="{height * 0.06:.0f}" height="{height * 0.24:.0f}" fill="{shade(colour, 0.5)}"/>{tiers}'


def polar(x: float, y: float, r: float, degrees: float) -> tuple[float, float]:
    return x + r * math.cos(math.radians(degrees)), y + r * math.sin(math.radians(degrees))
