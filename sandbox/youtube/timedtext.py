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
    """Text is escaped twice, as YouTube does: once as HTML, once as XML."""
    rows = "".join(
        f'<text start="{caption.start}" dur="{caption.duration}">{escape(escape(caption.text), quote=False)}</text>'
        for caption in captions
    )
    return f'<?xml version="1.0" encoding="utf-8" ?><transcript>{rows}</transcript>'
