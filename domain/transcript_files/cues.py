"""SubRip (SRT) and WebVTT: cues with a line of times each.

pysubs2 is not used here. It reads WebVTT as SubRip, so that notes and names of cues are spoken; it takes the last row
of a cue for a number when it is one ("1984"), 100 hours for none, and the square of its length for a run of blank rows.
https://www.w3.org/TR/webvtt1/ has the rules; SubRip has none, and is read as players do, between its lines of times.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.transcript import Snippet
from domain.transcript_files.bounds import check_count, check_cue, refused
from domain.transcript_files.speakers import Speakers

ARROW = "-->"
_STAMP = r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?"
_TIMES = re.compile(rf"\s*{_STAMP}\s*{ARROW}\s*{_STAMP}(?:\s|$)")
_LOOKS_LIKE_STAMP = re.compile(r"-?\d[\d:., ]*-?")
MAX_STAMP_LETTERS = 60
"""Before the arrow of a row of times, blanks included: a longer row is words."""
_INDEX = re.compile(r"\s*\d+\s*")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]([^<>]*)>")
_WORD_TIME = re.compile(r"<\d{2}:\d{2}[\d:.]*>")


class Cue(NamedTuple):
    start: float
    end: float
    rows: Sequence[str]


def is_webvtt(text: str) -> bool:
    return re.match(r"WEBVTT(?:\s|$)", text) is not None


def is_subrip(text: str) -> bool:
    return any(map(_has_times, text.splitlines()))


def has_word_times(text: str) -> bool:
    """Whether each word has a time of its own, as in the captions that YouTube hears and downloaders save."""
    return _WORD_TIME.search(text) is not None


def read_cues(text: str) -> tuple[Snippet, ...]:
    """The cues in the order of the file; those without a word are left out. Overlaps stay.

    Raises TRANSCRIPT_INVALID with the number of the cue, counted from one, whose times cannot be.
    """
    speakers = Speakers()
    snippets = []
    cues = _webvtt_cues(text) if is_webvtt(text) else _subrip_cues(text)
    for number, cue in enumerate(cues, 1):
        check_count(number)
        said = "\n".join(row.strip() for row in cue.rows if row.strip())
        check_cue(f"Cue {number}", cue.start, cue.end, said)
        if said := _with_voices(said, speakers):
            snippets.append(Snippet(text=said, start=cue.start, duration=round(cue.end - cue.start, 3)))
    return tuple(snippets)


def _webvtt_cues(text: str) -> Iterator[Cue]:
    """A block whose first or second row has the times is a cue; notes, styles and regions are the other blocks. Where a
    blank row is missing, the next times end the cue."""
    number = 0
    for block in _blocks(text.splitlines()[1:]):
        at = next((place for place, row in enumerate(block[:2]) if ARROW in row), None)
        if at is None or block[0].startswith("NOTE"):
            continue
        for cue in _parted(block, [at, *_places_of_times(block, at + 1)], number + 1):
            number += 1
            yield cue


def _blocks(rows: Sequence[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for row in [*rows, ""]:
        if row.strip():
            block.append(row)
        elif block:
            yield block
            block = []


def _subrip_cues(text: str) -> Iterator[Cue]:
    """Blank rows may be missing, or stand within a cue: only a line of times begins another, with its index above."""
    rows = text.splitlines()
    yield from _parted(rows, _places_of_times(rows), 1)


def _parted(rows: Sequence[str], places: Sequence[int], number: int) -> Iterator[Cue]:
    """The cues whose times stand at ``places``; ``number`` is that of the first."""
    for place, following in zip(places, [*places[1:], None], strict=True):
        said = list(rows[place + 1 : following])
        if following is not None and said and _INDEX.fullmatch(said[-1]):
            said.pop()
        yield Cue(*_times(rows[place], number), said)
        number += 1


def _places_of_times(rows: Sequence[str], first: int = 0) -> list[int]:
    return [place for place in range(first, len(rows)) if _has_times(rows[place])]


def _has_times(row: str) -> bool:
    """Whether a row is meant as the times of a cue, readable or not."""
    before, arrow, _ = row.partition(ARROW)
    is_short = arrow and len(before) <= MAX_STAMP_LETTERS
    return bool(is_short and _LOOKS_LIKE_STAMP.fullmatch(before.strip()))


def _times(row: str, number: int) -> tuple[float, float]:
    if not (found := _TIMES.match(row)):
        raise refused(f"The times of cue {number} cannot be read: {row.strip()[:60]!r}.")
    return _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:])


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + round(float(f"0.{fraction or 0}"), 3)


def _with_voices(text: str, speakers: Speakers) -> str:
    """Each voice on rows of its own, its name before its words."""
    before, *voices = _VOICE.split(text)
    rows = [before, *(speakers.row(name, said) for name, said in zip(voices[::2], voices[1::2], strict=True))]
    return "\n".join(row.strip() for row in rows if row.strip())
