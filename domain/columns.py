"""Columns: how much of a row a text takes, before any font is known, and where a word that is too long for one is cut.

https://www.unicode.org/reports/tr11/ says which letters are wide.
"""

import unicodedata

_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def columns_of(text: str) -> int:
    """Two for each letter that fills a square (Chinese, Japanese, Korean, emoji), none for marks that stand on another
    letter, one for all else."""
    return sum(map(_columns, text))


def is_wide(text: str) -> bool:
    """Whether most of its letters fill a square."""
    letters = [letter for letter in text if letter.isalnum()]
    return 2 * sum(_columns(letter) == 2 for letter in letters) > len(letters)


def clusters_of(text: str) -> list[str]:
    """``text`` in pieces that no cut may go through: each letter with the marks and joiners that belong to it."""
    clusters: list[str] = []
    for letter in text:
        if clusters and (_is_attached(letter) or clusters[-1][-1] == _ZERO_WIDTH_JOINER):
            clusters[-1] += letter
        else:
            clusters.append(letter)
    return clusters


def cut_to(columns: int, word: str) -> list[str]:
    """``word`` in pieces of at most ``columns``; the white space after it stays with the last one."""
    pieces = [""]
    taken = 0
    for cluster in clusters_of(word):
        width = columns_of(cluster)
        if pieces[-1] and taken + width > columns and not cluster.isspace():
            pieces.append("")
            taken = 0
        pieces[-1] += cluster
        taken += width
    return pieces


def _is_attached(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M" or unicodedata.category(letter) == "Cf" or ord(letter) in _SKIN_TONES


def _columns(letter: str) -> int:
    if _is_attached(letter) and unicodedata.category(letter) != "Mc":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
