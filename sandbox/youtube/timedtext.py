"""Captions as the XML that YouTube serves without ``fmt``."""

from collections.abc import Sequence
from html import escape

from sandbox.youtube.captions import Caption

MUSIC_ONLY = (
    Caption("[Music]", 0.0, 12.0),
    Caption("♪ ♪", 12.0, 14.0),
    Caption("[Applause]", 26.0, 6.0),
    Caption("[Music]", 32.0, 10.0),
)


def timedtext(captions: Sequence[Caption]) -> str:
    """One ``text`` element a caption; times in seconds."""
    rows = "".join(
        f'<text start="{caption.start}" dur="{caption.duration}">{_twice_escaped(caption.text)}</text>'
        for caption in captions
    )
    return f'<?xml version="1.0" encoding="utf-8" ?><transcript>{rows}</transcript>'


def _twice_escaped(text: str) -> str:
    """Once as HTML and once as XML, as YouTube does, with its spelling of the apostrophe."""
    return escape(escape(text).replace("&#x27;", "&#39;"), quote=False)
