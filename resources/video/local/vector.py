"""SVG to pixels."""

import cv2
import numpy as np
import resvg_py
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def png(svg: str, width: int, height: int) -> bytes:
    """Render ``svg`` to an encoded PNG of exactly ``width`` by ``height``, whatever the proportions of its view box."""
    sized = svg.replace("<svg ", f'<svg width="{width}" height="{height}" preserveAspectRatio="none" ', 1)
    return bytes(resvg_py.svg_to_bytes(svg_string=sized, skip_system_fonts=True))


def rasterise(svg: str, width: int, height: int) -> Pixels:
    """Render ``svg`` to uint8 (height, width, 4): red, green, blue and straight alpha."""
    encoded = np.frombuffer(png(svg, width, height), dtype=np.uint8)
    picture = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3:
        raise ValueError("the drawing could not be rendered")
    if picture.shape[2] == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)
