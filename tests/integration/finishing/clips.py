"""Clips that tests make, and what is seen in them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks import shots
from domain.profile import Profile
from domain.shots import Shot
from resources import ffmpeg

TINY = Profile(width=160, height=90)
BEEP = "aevalsrc='0.6*sin(880*2*PI*t)*lt(t,0.1)':s={rate}:c=stereo"
MOVING = "testsrc2=s={w}x{h}:r={r}"

Make = Callable[..., Path]


def render(path: Path, *arguments: str) -> Path:
    subprocess.run(ffmpeg.command(*arguments, str(path)), check=True)
    return path


def a_shot(seconds: float, profile: Profile = TINY) -> Shot:
    return shots.a_shot(seconds, profile)


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    """Of every frame its luma, 16 to 235 in a film."""
    with av.open(str(path)) as container:
        frames = (frame.reformat(format="yuv420p") for frame in container.decode(video=0))
        return [frame.to_ndarray()[: frame.height] for frame in frames]
