"""Which way a text is written, and what makes a player see it: the rule of https://www.unicode.org/reports/tr9/ that
most of them follow takes the first letter that has a direction, which in a caption may be of a foreign name."""

import unicodedata
from enum import StrEnum

LEFT_TO_RIGHT_MARK, RIGHT_TO_LEFT_MARK = "\u200e", "\u200f"
_RIGHT_TO_LEFT_LANGUAGES = frozenset({"ar", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "syr", "ug", "ur", "yi"})


class Direction(StrEnum):
    """As HTML's ``dir`` names it."""

    LTR = "ltr"
    RTL = "rtl"


def direction_of_language(tag: str) -> Direction:
    """Of a language as people write it (``ar``, ``he-IL``)."""
    primary = tag.replace("_", "-").partition("-")[0].lower()
    return Direction.RTL if primary in _RIGHT_TO_LEFT_LANGUAGES else Direction.LTR


def direction_of(text: str, language: str) -> Direction:
    """Of a text in a film of ``language``: the language's own where the text has a letter of it, else that of most of
    its letters; a text without any is written as its language is."""
    ways = [_way(letter) for letter in text]
    leftward, rightward = ways.count(Direction.RTL), ways.count(Direction.LTR)
    own = direction_of_language(language)
    if own is Direction.RTL:
        return Direction.LTR if rightward and not leftward else own
    return Direction.RTL if leftward > rightward else Direction.LTR


def marked(text: str, direction: Direction) -> str:
    """``text``, with an invisible mark before it where its first letter goes the other way."""
    first = next((way for letter in text if (way := _way(letter))), Direction.LTR)
    if first is direction:
        return text
    return (RIGHT_TO_LEFT_MARK if direction is Direction.RTL else LEFT_TO_RIGHT_MARK) + text


def _way(letter: str) -> Direction | None:
    kind = unicodedata.bidirectional(letter)
    return Direction.RTL if kind in ("R", "AL") else Direction.LTR if kind == "L" else None
