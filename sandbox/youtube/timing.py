"""When each paragraph is spoken: computed from the text alone, so that captions are the same on every machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.youtube.screenplay import Paragraph

SECONDS_PER_WORD = 60 / 150
PARAGRAPH_PAUSE_SECONDS = 0.4
CHAPTER_PAUSE_SECONDS = 1.0
SOUND_SECONDS = 3.0
LEAD_SECONDS = 0.5
TAIL_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Slot:
    """One paragraph's time, in seconds from the start of the video."""

    start: float
    end: float


def time_slots(paragraphs: Sequence[Paragraph]) -> tuple[Slot, ...]:
    """One slot per paragraph, at about 150 words a minute."""
    slots: list[Slot] = []
    now = LEAD_SECONDS
    for paragraph in paragraphs:
        if slots:
            now += CHAPTER_PAUSE_SECONDS if paragraph.chapter else PARAGRAPH_PAUSE_SECONDS
        seconds = SOUND_SECONDS if paragraph.is_sound else len(paragraph.text.split()) * SECONDS_PER_WORD
        slots.append(Slot(now, now + seconds))
        now += seconds
    return tuple(slots)
