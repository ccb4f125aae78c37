"""Fonts of this machine, for texts that those of the packages may not have the letters of."""

import os
from pathlib import Path

import pytest

from resources.captions.typefaces import Typefaces, open_typefaces

FOLDERS = [Path(folder) for folder in (os.environ.get("RECAST_FONTS_DIR"), "/usr/share/fonts") if folder]
"""Read before tests are kept from the environment."""


def fonts_for(text: str) -> Typefaces:
    """Fonts that have the letters of ``text``; the test is skipped where there are none."""
    for folder in (None, *FOLDERS):
        found = open_typefaces(folder)
        if not found.missing(text, "und"):
            return found
    pytest.skip(f"no font of this machine has the letters of {text[:6]}…")
