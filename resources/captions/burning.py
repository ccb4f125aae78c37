"""Burning captions in: what ffmpeg needs so that a script is drawn in the fonts that it names, and in no others."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from resources.captions.typefaces import Typefaces
from resources.filters import Filter, filter_of
from resources.own_folder import own_folder

_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
{folders}
<cachedir>{cache}</cachedir>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class BurnIn:
    """``filter`` draws into a picture of the size and at the times that the script was written for; its ffmpeg has to
    run in ``environment``."""

    filter: Filter
    environment: Mapping[str, str]


def burn_in(script: str, folder: Path, typefaces: Typefaces) -> BurnIn:
    """Lay down ``script`` and a configuration of fontconfig in ``folder``, which has to last as long as ffmpeg runs.

    libass would take a folder of fonts too, but reads all of them into memory and takes a variable font at its default
    weight, which for some is the thinnest; fontconfig finds the bold one, and reads what is drawn.
    """
    ass, fonts = folder / "captions.ass", folder / "fonts.conf"
    ass.write_text(script, encoding="utf-8")
    folders = "\n".join(f"<dir>{escape(str(one))}</dir>" for one in typefaces.folders)
    # fontconfig keeps there what it has found in fonts, for the next film.
    fonts.write_text(_CONFIGURATION.format(folders=folders, cache=escape(str(own_folder("fonts")))), encoding="utf-8")
    return BurnIn(filter_of("ass", filename=ass), {"FONTCONFIG_FILE": str(fonts)})
