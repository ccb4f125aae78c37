# ruff: noqa: E501 - a path is read, and changed, as one line
"""Otis, the robot: the one character who is not drawn from the parts of a human face."""

from resources.video.local.clothes import BOTTOM, torso
from resources.video.local.colour import light, mix, shade
from resources.video.local.face import MOUTH_Y, Eyes
from resources.video.local.looks import Look
from resources.video.local.motion import Mouth

LAMP = "#ffb02e"
DARK = "#2d3440"


def head(look: Look, mouth: Mouth, eyes: Eyes, glance: float) -> str:
    metal, deep = look.skin, shade(look.skin, 0.45)
    bolts = "".join(
        f'<g transform="translate({s * 140},10)"><rect x="-20" y="-42" width="40" height="84" rx="14" fill="{mix(metal, deep, 0.45)}"/><rect x="-10" y="-28" width="20" height="56" rx="9" fill="{light(metal, 0.35)}"/></g>'
        for s in (-1, 1)
    )
    antenna = f'<path d="M0,-160 V-214" stroke="{mix(metal, deep, 0.5)}" stroke-width="12"/><path d="M-26,-156 h52 l-8,-20 h-36 Z" fill="{mix(metal, deep, 0.4)}"/><circle cy="-226" r="21" fill="#e5383b"/><circle cx="-6" cy="-233" r="6.5" fill="#fff" opacity=".7"/>'
    shell = (
        f'<linearGradient id="metal" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#f4f7fa"/><stop offset=".5" stop-color="{metal}"/><stop offset="1" stop-color="{mix(metal, deep, 0.55)}"/></linearGradient>'
        f'<rect x="-136" y="-158" width="272" height="306" rx="72" fill="url(#metal)"/>'
        f'<path d="M-112,-100 C-104,-130 -80,-144 -46,-146" stroke="#fff" stroke-width="10" stroke-linecap="round" fill="none" opacity=".85"/>'
        f'<rect x="-108" y="-78" width="216" height="122" rx="54" fill="{DARK}"/><rect x="-108" y="-78" width="216" height="122" rx="54" fill="none" stroke="{mix(metal, deep, 0.6)}" stroke-width="6"/>'
        + "".join(
            f'<circle cx="{s * 110}" cy="{y}" r="6" fill="{mix(metal, deep, 0.5)}"/>'
            for s in (-1, 1)
            for y in (-116, 116)
        )
    )
    return f"{bolts}{antenna}{shell}{_lamps(eyes, glance)}{_grille(mouth)}"


def _lamps(eyes: Eyes, glance: float) -> str:
    if eyes is Eyes.SHUT:
        return "".join(
            f'<rect x="{s * 50 - 32}" y="-20" width="64" height="9" rx="4.5" fill="{LAMP}"/>' for s in (-1, 1)
        )
    return (
        f'<radialGradient id="lamp"><stop offset="0" stop-color="#fff6d8"/><stop offset=".45" stop-color="#ffd166"/><stop offset="1" stop-color="{LAMP}"/></radialGradient>'
        f'<radialGradient id="glow"><stop offset=".4" stop-color="{LAMP}" stop-opacity=".55"/><stop offset="1" stop-color="{LAMP}" stop-opacity="0"/></radialGradient>'
        + "".join(
            f'<g transform="translate({s * 50 + glance * 8:.1f},-17)"><circle r="56" fill="url(#glow)"/><circle r="36" fill="url(#lamp)"/>'
            f'<circle r="36" fill="none" stroke="#8a5a12" stroke-width="3" opacity=".5"/><circle cx="-11" cy="-12" r="8.5" fill="#fff" opacity=".95"/></g>'
            for s in (-1, 1)
        )
    )


def _grille(mouth: Mouth) -> str:
    """Five bars that light up with the voice."""
    lit = {
        Mouth.CLOSED: (0.12, 0.12, 0.12, 0.12, 0.12),
        Mouth.HALF: (0.2, 0.5, 0.75, 0.5, 0.2),
        Mouth.OPEN: (0.5, 0.85, 1, 0.85, 0.5),
        Mouth.ROUND: (0.1, 0.55, 1, 0.55, 0.1),
    }[mouth]
    bars = "".join(
        f'<rect x="{-52 + step * 23}" y="{-17 * max(0.25, part):.1f}" width="12" height="{34 * max(0.25, part):.1f}" rx="6" fill="{mix("#6a5a3a", "#ffd166", part)}"/>'
        for step, part in enumerate(lit)
    )
    return f'<g transform="translate(0,{MOUTH_Y + 2})"><rect x="-72" y="-27" width="144" height="54" rx="27" fill="{DARK}"/>{bars}</g>'


def body(look: Look) -> str:
    cream, orange, edge = look.cloth
    metal, deep = look.skin, shade(look.skin, 0.45)
    neck = "".join(
        f'<rect x="{-46 - (k % 2) * 6}" y="{128 + k * 24}" width="{92 + (k % 2) * 12}" height="20" rx="10" fill="{mix(metal, deep, 0.3 + 0.18 * (k % 2))}"/>'
        for k in range(5)
    )
    path = torso(look, 0, 70)
    bow = (
        f'<g transform="translate(0,262)"><path d="M0,0 C-34,-44 -86,-48 -98,-36 C-106,-12 -106,18 -98,38 C-86,50 -34,44 0,0 Z" fill="{orange}"/><path d="M0,0 C34,-44 86,-48 98,-36 C106,-12 106,18 98,38 C86,50 34,44 0,0 Z" fill="{orange}"/>'
        f'<path d="M-18,0 C-44,-8 -70,-10 -88,-6 M18,0 C44,-8 70,-10 88,-6 M-18,4 C-44,14 -66,18 -82,20 M18,4 C44,14 66,18 82,20" stroke="{shade(orange, 0.3)}" stroke-width="5" fill="none" stroke-linecap="round" opacity=".7"/><rect x="-21" y="-23" width="42" height="46" rx="15" fill="{light(orange, 0.22)}"/></g>'
    )
    panel = f'<rect x="-84" y="400" width="168" height="120" rx="26" fill="{edge}"/><circle cx="-42" cy="444" r="19" fill="#e5383b"/><circle cx="6" cy="444" r="13" fill="{LAMP}"/><circle cx="44" cy="444" r="13" fill="#49b58a"/><path d="M-58,490 h116" stroke="{shade(edge, 0.35)}" stroke-width="8" stroke-linecap="round"/>'
    joints = "".join(
        f'<circle cx="{s * look.shoulders * 0.93:.0f}" cy="352" r="54" fill="{mix(metal, deep, 0.35)}"/><circle cx="{s * look.shoulders * 0.93 - 6:.0f}" cy="344" r="34" fill="{light(metal, 0.4)}"/>'
        for s in (-1, 1)
    )
    return (
        f'<linearGradient id="enamel" x1=".1" y1="0" x2=".8" y2=".7"><stop offset="0" stop-color="#fffaf0"/><stop offset=".55" stop-color="{cream}"/><stop offset="1" stop-color="{edge}"/></linearGradient>'
        f'{neck}<path d="{path}" fill="url(#enamel)"/><path d="M-150,420 C-160,600 -164,800 -168,{BOTTOM} M150,420 C160,600 164,800 168,{BOTTOM}" stroke="{shade(edge, 0.25)}" stroke-width="6" fill="none" opacity=".6"/>{joints}{panel}{bow}'
    )
