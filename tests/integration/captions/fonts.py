"""Fonts for texts that not every font has the letters of."""

from resources.captions.typefaces import Typefaces, open_typefaces


def fonts_for(text: str) -> Typefaces:
    """Those of the packages, which have the letters of ``text``."""
    found = open_typefaces()
    assert not found.missing(text, "und"), f"no font of the packages has the letters of {text[:6]}…"
    return found
