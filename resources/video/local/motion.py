"""How things move: pure functions of time."""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from domain.shots import Camera

LEAD_IN_SECONDS = 0.35
LEAD_OUT_SECONDS = 0.45
ENTRANCE_SECONDS = 0.7
BLINK_SECONDS = 0.13
PAUSE_SYLLABLES = {",": 1.2, ";": 1.4, ":": 1.4, ".": 2.0, "!": 2.0, "?": 2.0, "…": 2.0, "—": 1.2, "–": 1.2}
ZOOM = 0.12
"""How much nearer a push-in ends than it began."""
TRAVEL = 0.11
"""How far a pan goes, as a part of the frame's longer side of travel."""


class Mouth(StrEnum):
    CLOSED = "closed"
    HALF = "half"
    OPEN = "open"
    ROUND = "round"


@dataclass(frozen=True, slots=True)
class View:
    """What the camera does at one moment: ``zoom`` about the middle, then ``x`` and ``y`` as parts of the frame."""

    zoom: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a caption, spoken from ``start`` to ``end`` (seconds of the clip)."""

    text: str
    start: float
    end: float
    syllables: tuple[Mouth, ...]


def ease(position: float) -> float:
    """Slow at both ends: a sine between 0 and 1."""
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, position)))


def ease_out_back(position: float) -> float:
    """Fast at first, a little too far, then back to 1."""
    left = min(1.0, max(0.0, position)) - 1
    return 1 + 2.1 * left**3 + 1.1 * left**2


def view(camera: Camera, position: float) -> View:
    """The camera at ``position``, 0 to 1, of the clip."""
    way = 0.75 * ease(position) + 0.25 * min(1.0, max(0.0, position))
    match camera:
        case Camera.PUSH_IN:
            return View(1 + ZOOM * way, 0, 0)
        case Camera.PULL_OUT:
            return View(1 + ZOOM * (1 - way), 0, 0)
        case Camera.PAN_LEFT:
            return View(1, TRAVEL * (way - 0.5), 0)
        case Camera.PAN_RIGHT:
            return View(1, TRAVEL * (0.5 - way), 0)
        case Camera.TILT_UP:
            return View(1, 0, TRAVEL * (way - 1))
        case Camera.STILL:
            return View(1, 0, 0)


def spoken_words(caption: str, duration: float) -> list[Word]:
    """Spread the words of ``caption`` over ``duration`` seconds by their syllables, with rests at punctuation."""
    tokens = _tokens(caption)
    if not tokens:
        return []
    shapes = [_syllables(token) for token in tokens]
    weights = [len(shape) + 0.35 for shape in shapes]
    rests = [PAUSE_SYLLABLES.get(token[-1], 0.0) for token in tokens]
    rests[-1] = 0.0
    lead_in, lead_out = min(LEAD_IN_SECONDS, duration * 0.1), min(LEAD_OUT_SECONDS, duration * 0.12)
    second_per_weight = (duration - lead_in - lead_out) / (sum(weights) + sum(rests))
    words, now = [], lead_in
    for token, shape, weight, rest in zip(tokens, shapes, weights, rests, strict=True):
        end = now + weight * second_per_weight
        words.append(Word(token, now, end, shape))
        now = end + rest * second_per_weight
    return words


def mouth(words: Sequence[Word], now: float) -> Mouth:
    """The speaker's mouth at ``now``: each syllable closes, opens to its vowel and falls again."""
    for word in words:
        if word.start <= now < word.end:
            place = (now - word.start) / (word.end - word.start) * len(word.syllables)
            shape, phase = word.syllables[int(place)], place % 1
            if phase < 0.16:
                return Mouth.CLOSED if int(place) == 0 else Mouth.HALF
            if phase < 0.3 or phase > 0.78:
                return Mouth.HALF
            return shape
    return Mouth.CLOSED


def blinks(duration: float, random: Random) -> list[float]:
    """The starts of the blinks of one character: every two to five seconds, now and then twice."""
    starts, now = [], random.uniform(0.8, 2.6)
    while now < duration:
        starts.append(now)
        if random.random() < 0.18:
            starts.append(now + 0.28)
        now += random.uniform(2.2, 4.8)
    return starts


def is_blinking(starts: Sequence[float], now: float) -> bool:
    return any(start <= now < start + BLINK_SECONDS for start in starts)


def _tokens(caption: str) -> list[str]:
    """Words with their punctuation. Scripts that do not part words are taken in pieces of two characters."""
    tokens = []
    for token in caption.split():
        if len(token) > 6 and any(unicodedata.category(c) == "Lo" for c in token):
            tokens += [token[i : i + 2] for i in range(0, len(token), 2)]
        elif tokens and not any(c.isalnum() for c in token):
            tokens[-1] += " " + token
        else:
            tokens.append(token)
    return tokens


def _syllables(token: str) -> tuple[Mouth, ...]:
    """One mouth shape for each group of vowels."""
    plain = "".join(c for c in unicodedata.normalize("NFD", token.lower()) if not unicodedata.combining(c))
    groups = re.findall(r"[aeiouyаеёиоуыэюяαεηιουω]+", plain)
    if len(groups) > 1 and plain.rstrip(".,;:!?…").endswith("e") and not plain.rstrip(".,;:!?…").endswith("le"):
        groups.pop()  # mostly mute
    if not groups:
        groups = ["a"] * max(1, sum(unicodedata.category(c) == "Lo" for c in token))
    return tuple(_shape(group[0]) for group in groups)


def _shape(vowel: str) -> Mouth:
    if vowel in "ouwоуюω":
        return Mouth.ROUND
    return Mouth.HALF if vowel in "iyиыιη" else Mouth.OPEN
