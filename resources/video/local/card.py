"""A character that we have no drawing of: its portrait as a framed card."""

import io
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import font_roboto
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps, UnidentifiedImageError

from resources.video.local.blocking import Mark
from resources.video.local.compositor import Frame
from resources.video.local.motion import ENTRANCE_SECONDS, Mouth, View, Word, ease_out_back, mouth
from resources.video.local.pixels import Planes, Turnable, planes

FONT = Path(font_roboto.__file__).parent / "files" / "Roboto-Bold.ttf"
ACCENT = (255, 209, 102, 255)
WIDTH, HEIGHT = 400, 500
"""Of the picture, in units of the portrait canvas; a card is about as large as a drawn bust."""
BORDER, FOOT, SHADOW = 18, 74, 40
OPENNESS = {Mouth.CLOSED: 0.0, Mouth.HALF: 0.5, Mouth.OPEN: 1.0, Mouth.ROUND: 0.8}


class Card:
    """Swings slowly, and grows a little with each syllable that its character speaks."""

    def __init__(
        self, name: str, portrait: bytes | None, mark: Mark, *, words: Sequence[Word], zoom: float, seed: int
    ) -> None:
        """``portrait`` is an encoded picture; without one the card shows the initial. Raises ValueError for one that
        cannot be read."""
        random = Random(f"{name}{seed}")
        self._mark, self._words = mark, words
        self._phase, self._tilt = random.uniform(0, math.tau), random.uniform(-2.2, 2.2)
        self._resolution = mark.unit * zoom
        self._picture = Turnable.of(_card(name, portrait, self._resolution, is_speaker=bool(words)))
        self._size = 1.0

    def draw(self, frame: Frame, now: float, view: View) -> None:
        wanted = 1 + 0.03 * OPENNESS[mouth(self._words, now)]
        self._size += (wanted - self._size) * 0.35
        entrance = 60 * (1 - ease_out_back(now / ENTRANCE_SECONDS))
        unit, scale = self._mark.unit * view.zoom, self._size * view.zoom * self._mark.unit / self._resolution
        x = frame.width / 2 + (self._mark.x - frame.width / 2) * view.zoom + view.x * frame.width
        y = frame.height / 2 + (self._mark.y - frame.height / 2) * view.zoom + view.y * frame.height
        y += (40 + entrance + 4 * math.sin(math.tau * 0.21 * now + self._phase)) * unit
        angle = math.radians(self._tilt + 0.9 * math.sin(math.tau * 0.12 * now + self._phase))
        cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
        centre_x, centre_y = self._picture.width / 2, self._picture.height / 2
        matrix = np.array(
            [[cos, -sin, x - cos * centre_x + sin * centre_y], [sin, cos, y - sin * centre_x - cos * centre_y]]
        )
        frame.lay_turned(self._picture, matrix)


def _card(name: str, portrait: bytes | None, scale: float, *, is_speaker: bool) -> Planes:
    """A white frame with a shadow, the picture and the name below it; the speaker's has a bright edge."""

    def pixels(units: float) -> int:
        return max(1, round(units * scale))

    width, height = pixels(WIDTH + 2 * (BORDER + SHADOW)), pixels(HEIGHT + BORDER + FOOT + 2 * SHADOW)
    box = (pixels(SHADOW), pixels(SHADOW), width - pixels(SHADOW), height - pixels(SHADOW))
    shadow = Image.new("L", (width, height))
    ImageDraw.Draw(shadow).rounded_rectangle(box, radius=pixels(26), fill=130)
    shadow = shadow.filter(ImageFilter.GaussianBlur(pixels(14)))
    card = Image.new("RGBA", (width, height), (22, 14, 40, 0))
    card.putalpha(shadow)
    paper = _rounded((box[2] - box[0], box[3] - box[1]), pixels(26))
    card.paste(Image.new("RGBA", paper.size, ACCENT if is_speaker else (255, 252, 246, 255)), box[:2], paper)
    if is_speaker:
        edge = pixels(7)
        inner = _rounded((paper.width - 2 * edge, paper.height - 2 * edge), pixels(20))
        card.paste(Image.new("RGBA", inner.size, (255, 252, 246, 255)), (box[0] + edge, box[1] + edge), inner)
    picture = _photograph(name, portrait, (pixels(WIDTH), pixels(HEIGHT)))
    card.paste(picture, (pixels(SHADOW + BORDER), pixels(SHADOW + BORDER)), _rounded(picture.size, pixels(14)))
    font = _font(pixels(38))
    while font.size > 8 and font.getlength(name) > pixels(WIDTH):
        font = _font(int(font.size * 0.9))
    ImageDraw.Draw(card).text(
        (width / 2, box[3] - pixels(FOOT / 2 + 2)), name, font=font, fill=(46, 38, 66, 255), anchor="mm"
    )
    return planes(np.asarray(card))


def _photograph(name: str, portrait: bytes | None, size: tuple[int, int]) -> Image.Image:
    if portrait:
        try:
            with Image.open(io.BytesIO(portrait)) as opened:
                picture = ImageOps.exif_transpose(opened).convert("RGBA")
            ground = Image.new("RGBA", picture.size, (236, 229, 246, 255))
            ground.alpha_composite(picture)
            return ImageOps.fit(ground, size, Image.Resampling.LANCZOS, centering=(0.5, 0.3))
        except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
            # Nobody asked for a film with an initial in the place of a face.
            raise ValueError(f"the portrait of {name} cannot be read: {error}") from error
    blank = Image.new("RGBA", size, (124, 107, 214, 255))
    ImageDraw.Draw(blank).text(
        (size[0] / 2, size[1] / 2), name[:1].upper(), font=_font(size[0] // 2), fill="white", anchor="mm"
    )
    return blank


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] * 2 - 1, size[1] * 2 - 1), radius=radius * 2, fill=255)
    return mask.resize(size, Image.Resampling.BOX)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), max(8, size))
