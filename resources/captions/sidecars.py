"""Captions as files beside the film: SubRip for editors and platforms, WebVTT for browsers."""

import re
from collections.abc import Callable, Sequence

from pysubs2 import SSAEvent, SSAFile

from domain.cues import Cue
from domain.writing_direction import direction_of, marked

_ZERO_WIDTH_SPACE = "\u200b"
_COMMAND = re.compile(r"\\(?=[nNhp])")


def write_srt(cues: Sequence[Cue], language: str) -> str:
    """``cues`` with their times in the film, in the order in which they come. An arrow that is said would be taken for
    that between two times."""
    return _written(cues, language, "srt", lambda text: text.replace("-->", f"--{_ZERO_WIDTH_SPACE}>"))


def write_vtt(cues: Sequence[Cue], language: str) -> str:
    """As `write_srt`. What would be markup is escaped; the language is the player's to know (``srclang``), since the
    format has no place for it. https://www.w3.org/TR/webvtt1/"""
    return _written(cues, language, "vtt", _escaped)


def _written(cues: Sequence[Cue], language: str, form: str, escaped: Callable[[str], str]) -> str:
    """Players show a row in the direction of its first letter; a mark says another where that is wrong."""
    written = SSAFile()
    for cue in cues:
        direction = direction_of(" ".join(cue.texts), language)
        rows = "\n".join(escaped(marked(text, direction)) for text in cue.texts)
        start, end = (round(seconds * 1000) for seconds in (cue.start, cue.end))
        written.append(SSAEvent(start=start, end=end, text=_literal(rows)))
    return written.to_string(form, keep_ssa_tags=True)


def _literal(text: str) -> str:
    """pysubs2 takes some letters after a backslash for commands of ASS, even where it writes another format."""
    return _COMMAND.sub(f"\\\\{_ZERO_WIDTH_SPACE}", text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
