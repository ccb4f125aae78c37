"""Draws the videos that the sandbox's models answer with: soft spots of light on their orbits, a new look per seed.

Two seconds are drawn as tiny frames that end where they began, scaled up and encoded once; the rest of a video repeats
them without encoding, so that a video of any length costs about as much as two seconds.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resources import ffmpeg
from sandbox.faults import Fault

LOOP_SECONDS = 2
SAMPLE_RATE_HZ = 24000
KEYFRAME_SECONDS = Fraction(1, 2)
"""Several in a loop: keyframes that all came from the loop's first frame would pass for a picture that stands still."""
SPOTS = 5
SHORT_SIDE = 36
SIDE_STEP = 4
ORBITS_PER_LOOP = (-2, -1, 1, 2)
NOTES_HZ = (196, 220, 262, 294, 330, 392, 440)
FFMPEG_TIMEOUT_SECONDS = 60
SEVERAL_AT_ONCE = max(1, os.cpu_count() or 1)


class Flaw(StrEnum):
    """What is wrong with a video on purpose: named as the faults are."""

    NONE = "none"
    BLACK = Fault.BLACK.value
    FROZEN = Fault.FROZEN.value
    CORRUPT = Fault.CORRUPT_OUTPUT.value
    SHORT = Fault.SHORT.value


@dataclass(frozen=True, slots=True)
class Picture:
    """What a video looks like. ``look`` is any text: the same one gives the same picture. ``seconds`` is its length."""

    look: str
    width: int
    height: int
    frame_rate: int
    seconds: float
    has_sound: bool
    flaw: Flaw = Flaw.NONE

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def flaw_of(faults: Collection[str]) -> Flaw:
    """The first of the flaws that are asked for."""
    flaws = (flaw for flaw in Flaw if flaw.value in faults)
    return next(flaws, Flaw.NONE)


def sides(lines: int, aspect_ratio: str) -> tuple[int, int]:
    """Width and height with ``lines`` on the short side; an aspect ratio that is left to the model is 16:9."""
    across, down = (int(part) for part in (aspect_ratio if ":" in aspect_ratio else "16:9").split(":"))
    long = round(lines * max(across, down) / min(across, down) / SIDE_STEP) * SIDE_STEP
    return (long, lines) if across >= down else (lines, long)


class Renderer:
    """Renders into ``folder``, where a picture that was rendered before is found again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places = asyncio.Semaphore(SEVERAL_AT_ONCE)

    async def render(self, picture: Picture) -> Path:
        """An MP4 file (H.264, with or without AAC)."""
        path = self.folder / f"{picture.digest}.mp4"
        if path.exists():
            return path
        self.folder.mkdir(parents=True, exist_ok=True)
        async with self._places:
            with TemporaryDirectory(dir=self.folder) as scratch:
                part = Path(scratch) / "part.mp4"
                await _render(picture, Path(scratch), part)
                part.replace(path)
        return path

    def prune(self, seconds: float) -> None:
        """Removes what was rendered longer ago than ``seconds``."""
        for path in self.folder.glob("*.*"):
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink(missing_ok=True)

    async def draw_still(self, picture: Picture, suffix: str) -> Path:
        """The first frame as a picture file; ``suffix`` is ".webp", ".jpg" or ".png"."""
        path = self.folder / f"{picture.digest}{suffix}"
        self.folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(_draw_still, picture, path)
        return path


async def _render(picture: Picture, scratch: Path, part: Path) -> None:
    frames, loop = scratch / "frames.rgb", scratch / "loop.mp4"
    width, height = await asyncio.to_thread(_draw_into, frames, picture)
    keyframes = round(picture.frame_rate * KEYFRAME_SECONDS)
    raw = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {picture.frame_rate}"
    scaled = f"-vf format=yuv420p,scale={picture.width}:{picture.height}:flags=bicubic"
    encoded = f"-c:v libx264 -preset ultrafast -qp 33 -threads 1 -g {keyframes} -keyint_min {keyframes}"
    await _run(*raw.split(), "-i", f"file:{frames}", *scaled.split(), *encoded.split(), ffmpeg.output_file(loop))
    seconds = picture.seconds / 2 if picture.flaw is Flaw.SHORT else picture.seconds
    sound = f"-f lavfi -i {_sound(picture)} -c:a aac -aac_coder fast -b:a 48k" if picture.has_sound else ""
    repeated = f"-t {seconds:.3f} -c:v copy -movflags +faststart"
    await _run(
        "-stream_loop", "-1", *ffmpeg.input_file(loop), *sound.split(), *repeated.split(), ffmpeg.output_file(part)
    )
    if picture.flaw is Flaw.CORRUPT:
        await asyncio.to_thread(_corrupt, part)


async def _run(*arguments: str) -> None:
    await ffmpeg.run(arguments, timeout_seconds=FFMPEG_TIMEOUT_SECONDS)


def _draw_into(frames: Path, picture: Picture) -> tuple[int, int]:
    """Width and height of what was drawn."""
    drawn = draw(picture)
    frames.write_bytes(drawn.tobytes())
    return drawn.shape[2], drawn.shape[1]


def _draw_still(picture: Picture, path: Path) -> None:
    small = Image.fromarray(draw(picture)[0])
    small.resize((picture.width, picture.height), Image.Resampling.BICUBIC).save(path)


def draw(picture: Picture) -> NDArray[np.uint8]:
    """The frames of one loop, tiny: uint8 (frame, height, width, 3)."""
    count = picture.frame_rate * LOOP_SECONDS
    tall = picture.height > picture.width
    ratio = max(picture.width, picture.height) / min(picture.width, picture.height)
    sides = (SHORT_SIDE, round(SHORT_SIDE * ratio))
    width, height = sides if tall else sides[::-1]
    if picture.flaw is Flaw.BLACK:
        return np.zeros((count, height, width, 3), np.uint8)
    random = np.random.default_rng(_number(picture.look))
    times = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None, None]
    if picture.flaw is Flaw.FROZEN:
        times = np.zeros_like(times)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    frames = np.broadcast_to(random.uniform(20, 90, 3), (count, height, width, 3)).copy()
    for _ in range(SPOTS):
        colour, centre, orbit = random.uniform(40, 230, 3), random.uniform(0.2, 0.8, 2), random.uniform(0.15, 0.4, 2)
        phase = random.uniform(0, 2 * np.pi) + times * random.choice(ORBITS_PER_LOOP)
        across = x - (centre[0] + orbit[0] * np.cos(phase))
        down = y - (centre[1] + orbit[1] * np.sin(phase))
        light = np.exp(-(across**2 + down**2) / random.uniform(0.01, 0.06))[..., None]
        frames = frames * (1 - light) + colour * light
    return frames.astype(np.uint8)


def _sound(picture: Picture) -> str:
    note = NOTES_HZ[_number(picture.look) % len(NOTES_HZ)]
    return f"sine=frequency={note}:sample_rate={SAMPLE_RATE_HZ},volume=0.3"


def _number(look: str) -> int:
    return int.from_bytes(hashlib.sha256(look.encode()).digest()[:8])


def _corrupt(part: Path) -> None:
    """Leaves half of the file, so that pictures are missing, and overwrites its beginning."""
    video = part.read_bytes()
    part.write_bytes(bytes(64) + video[64 : len(video) // 2])
