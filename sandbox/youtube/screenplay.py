"""Reads the library's texts.

A text is paragraphs with blank lines between them. ``# Title`` opens a chapter, ``NAME: …`` names who speaks, and a
paragraph in square brackets (``[Music]``) is a sound that nobody speaks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SPEAKER = re.compile(r"([A-Z][A-Z .'’-]*): ")


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    speaker: str | None = None
    chapter: str | None = None
    """The title of the chapter that begins here."""

    @property
    def is_sound(self) -> bool:
        return self.text.startswith("[") and self.text.endswith("]")


def read_screenplay(paths: Sequence[Path]) -> tuple[Paragraph, ...]:
    """Paragraphs of one text; a text in several files has one chapter a file, whose first line is its title."""
    texts = [path.read_text(encoding="utf-8").strip() for path in sorted(paths)]
    if len(texts) > 1:
        texts = [text if text.startswith("#") else f"# {text}" for text in texts]
    return tuple(_paragraphs("\n\n".join(texts)))


def _paragraphs(text: str) -> Iterator[Paragraph]:
    chapter = None
    for block in re.split(r"\n\s*\n", text):
        if block.startswith("#"):
            heading, _, block = block.partition("\n")
            chapter = heading.lstrip("# ").strip()
        words = " ".join(block.split())
        if not words:
            continue
        named = SPEAKER.match(words)
        spoken = words[named.end() :] if named else words
        yield Paragraph(spoken, named.group(1) if named else None, chapter)
        chapter = None
