"""Turns a timed text into captions as YouTube shows them: typed by a person, or heard by a machine."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.youtube.screenplay import Paragraph
from sandbox.youtube.timing import Slot

MANUAL_CAPTION_CHARACTERS = 84
MANUAL_LINE_CHARACTERS = 42
AUTOMATIC_LINE_CHARACTERS = 36
WIDE_CHARACTERS = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Caption:
    text: str
    start: float
    duration: float


def manual_captions(paragraphs: Sequence[Paragraph], slots: Sequence[Slot]) -> tuple[Caption, ...]:
    """Sentences and clauses with punctuation, in one or two lines; a speaker is named where he begins."""
    return tuple(
        caption for paragraph, slot in zip(paragraphs, slots, strict=True) for caption in _typed(paragraph, slot)
    )


def automatic_captions(paragraphs: Sequence[Paragraph], slots: Sequence[Slot]) -> tuple[Caption, ...]:
    """Rolling lines, lower-case and without punctuation: each stays until the next one has been spoken."""
    lines = [line for paragraph, slot in zip(paragraphs, slots, strict=True) for line in _heard(paragraph, slot)]
    followers = [*lines[1:], lines[-1]]
    return tuple(
        Caption(line.text, line.start, _rounded(follower.start + follower.duration - line.start))
        for line, follower in zip(lines, followers, strict=True)
    )


def _typed(paragraph: Paragraph, slot: Slot) -> Iterator[Caption]:
    if paragraph.is_sound:
        yield Caption(paragraph.text, _rounded(slot.start), _rounded(slot.end - slot.start))
        return
    is_wide = bool(WIDE_CHARACTERS.search(paragraph.text))
    pieces = clauses(paragraph.text, MANUAL_CAPTION_CHARACTERS // (3 if is_wide else 1))
    for number, caption in enumerate(_shared_out(pieces, slot)):
        name = f"{paragraph.speaker}: " if paragraph.speaker and number == 0 else ""
        yield Caption(_two_lines(name + caption.text), caption.start, caption.duration)


def _heard(paragraph: Paragraph, slot: Slot) -> Iterator[Caption]:
    if paragraph.is_sound:
        yield Caption(paragraph.text, _rounded(slot.start), _rounded(slot.end - slot.start))
        return
    words = re.sub(r"[^\w'’ -]|(?<!\w)-|-(?!\w)", " ", paragraph.text.lower()).replace("’", "'").split()
    lines = _packed(words, AUTOMATIC_LINE_CHARACTERS, " ")
    for number, caption in enumerate(_shared_out(lines, slot)):
        mark = ">> " if paragraph.speaker and number == 0 else ""
        yield Caption(mark + caption.text, caption.start, caption.duration)


def clauses(text: str, limit: int) -> list[str]:
    """Sentences of ``text``; one longer than ``limit`` characters is cut at its commas, then between its words."""
    pieces: list[str] = []
    for sentence in re.split(r"(?<=[.!?…][”\"’)]) |(?<=[.!?…]) |(?<=[。！？])(?![」』])", text):
        if len(sentence) <= limit:
            pieces.append(sentence)
            continue
        joint = "" if WIDE_CHARACTERS.search(sentence) else " "
        parts = re.split(r"(?<=[,;:—]) |(?<=、)", sentence)
        words = [
            word
            for part in parts
            for word in ([part] if len(part) <= limit else part.split() if joint else _slices(part, limit))
        ]
        pieces.extend(_packed(words, limit, joint))
    return [piece for piece in pieces if piece.strip()]


def _slices(text: str, limit: int) -> list[str]:
    return [text[at : at + limit] for at in range(0, len(text), limit)]


def _packed(words: Sequence[str], limit: int, joint: str) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(joint) + len(word) <= limit:
            lines[-1] += joint + word
        else:
            lines.append(word)
    return lines


def _shared_out(pieces: Sequence[str], slot: Slot) -> Iterator[Caption]:
    """Shares a slot among pieces by their length."""
    total = sum(map(len, pieces))
    spoken = 0
    for piece in pieces:
        start = slot.start + (slot.end - slot.start) * spoken / total
        spoken += len(piece)
        end = slot.start + (slot.end - slot.start) * spoken / total
        yield Caption(piece, _rounded(start), _rounded(end - start))


def _two_lines(text: str) -> str:
    if len(text) <= MANUAL_LINE_CHARACTERS or " " not in text:
        return text
    spaces = [match.start() for match in re.finditer(" ", text)]
    middle = min(spaces, key=lambda at: abs(at - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"


def _rounded(seconds: float) -> float:
    return round(seconds, 3)
