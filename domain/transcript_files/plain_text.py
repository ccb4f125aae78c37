"""Plain text: what was said, row by row, with or without the time at which it was."""

import re
from collections.abc import Sequence

from domain.transcript import Snippet
from domain.transcript_files.bounds import check_count, check_cue, refused
from domain.words import is_unspaced, words_of

WORDS_PER_SECOND = 2.5
"""150 words a minute: somebody who explains something."""
LETTERS_PER_WORD = 2
"""Of a script without spaces, where each letter counts as a word: 300 letters a minute in Japanese."""
SHORTEST_SECONDS = 0.5
PARAGRAPH_PAUSE_SECONDS = 1.0
MIN_STAMPS, MIN_STAMPED_SHARE = 3, 0.3
"""Fewer rows with a time are prose that speaks of the time of day. Stamps on rows of their own are half of all."""

_STAMP = re.compile(r"\s*[\[(]?(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?[\])]?(?=\s|$|[-–—:|])[-–—:|\s]*")


def read_plain_text(text: str) -> tuple[tuple[Snippet, ...], bool]:
    """The rows as snippets, and whether their times are estimated.

    The text is stamped when its first row begins with a time, as in ``[00:01:02]`` or ``1:02``, or many rows do: then
    the rows until the next stamp belong to it, and those before the first to the beginning. Raises TRANSCRIPT_INVALID
    when stamps go back.
    """
    rows = [row for row in text.splitlines() if row.strip()]
    stamps = sum(_STAMP.match(row) is not None for row in rows)
    is_stamped = stamps >= max(MIN_STAMPS, len(rows) * MIN_STAMPED_SHARE) or (stamps and _STAMP.match(rows[0]))
    return (_stamped(text.splitlines()), False) if is_stamped else (_estimated(text.splitlines()), True)


def seconds_to_say(text: str) -> float:
    """How long somebody takes to say ``text``."""
    words = words_of(text)
    letters = sum(is_unspaced(word) for word in words)
    return max((len(words) - letters + letters / LETTERS_PER_WORD) / WORDS_PER_SECOND, SHORTEST_SECONDS)


def _stamped(rows: Sequence[str]) -> tuple[Snippet, ...]:
    passages: list[tuple[float, list[str]]] = []
    for number, row in enumerate(rows, 1):
        found = _STAMP.match(row)
        if found:
            start = _seconds(*found.groups())
            check_cue(f"The time in row {number}", start, start, "")
            if passages and start < passages[-1][0]:
                raise refused(f"The time in row {number} is before the one above it.")
            passages.append((start, []))
        if said := (row[found.end() :] if found else row).strip():
            if not passages:
                passages.append((0.0, []))
            passages[-1][1].append(said)
    check_count(len(passages))
    snippets = []
    ends: list[float | None] = [start for start, _ in passages[1:]]
    for number, ((start, said_rows), following) in enumerate(zip(passages, [*ends, None], strict=True), 1):
        text = "\n".join(said_rows)
        seconds = seconds_to_say(text)
        end = start + seconds if following is None else min(start + seconds, following)
        check_cue(f"Passage {number}", start, end, text)
        if text:
            snippets.append(Snippet(text=text, start=start, duration=round(end - start, 3)))
    return tuple(snippets)


def _estimated(rows: Sequence[str]) -> tuple[Snippet, ...]:
    """One after the other, with a pause where a row is blank. A file that is one long row is one snippet."""
    snippets: list[Snippet] = []
    now, is_paragraph = 0.0, False
    for row in rows:
        if not (said := row.strip()):
            is_paragraph = bool(snippets)
            continue
        now += PARAGRAPH_PAUSE_SECONDS if is_paragraph else 0.0
        is_paragraph = False
        seconds = seconds_to_say(said)
        snippets.append(Snippet(text=said, start=round(now, 3), duration=round(seconds, 3)))
        check_count(len(snippets))
        now += seconds
    return tuple(snippets)


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")
