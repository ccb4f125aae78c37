"""A last look at a finished film: whether it decodes to its end, where nothing is seen or nothing moves, and whether
picture and sound are where they belong."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from domain.errors import ErrorCode, RecastError
from resources import ffmpeg
from resources.filters import Graph, filter_of

BLACK_SECONDS, FROZEN_SECONDS = 1.0, 2.0
"""What is shorter is a transition, or a pause."""
BLACK_LUMA_SHARE = 0.06
FROZEN_DB = -60
LOOK_WIDTH, LOOK_HEIGHT = 160, 90
LOOK_SECONDS_PER_SECOND = 2.0

_BLACK = re.compile(r"black_start:([\d.]+) black_end:([\d.]+)")
_FREEZE = re.compile(r"freeze_(start|end): ([\d.]+)")


@dataclass(frozen=True, slots=True)
class Interval:
    """From when to when, in seconds of a film."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Looks:
    """``frames`` were decoded, one after the other, without an error."""

    frames: int
    black: tuple[Interval, ...]
    frozen: tuple[Interval, ...]


class _Seen:
    def __init__(self) -> None:
        self.black: list[Interval] = []
        self.frozen: list[Interval] = []
        self._since: float | None = None

    def read(self, line: str) -> None:
        if found := _BLACK.search(line):
            self.black.append(Interval(float(found[1]), float(found[2])))
        elif found := _FREEZE.search(line):
            if found[1] == "start":
                self._since = float(found[2])
            elif self._since is not None:
                self.frozen.append(Interval(self._since, float(found[2])))
                self._since = None

    def close(self, seconds: float) -> None:
        """What is frozen at the end has no end in the log."""
        if self._since is not None:
            self.frozen.append(Interval(self._since, seconds))


async def look(film: Path, *, seconds: float) -> Looks:
    """Decode every picture of ``film``, which is about ``seconds`` long. Raises STITCH_FAILED at the first that cannot
    be decoded."""
    graph, seen = Graph(), _Seen()
    # What is looked at is tiny: smoothing the edges between blocks first would be a fifth of the work for nothing.
    picture = graph.read(film, *("-skip_loop_filter", "all", "-err_detect", "explode")).video
    looked_at = graph.add(
        [picture],
        filter_of("scale", w=LOOK_WIDTH, h=LOOK_HEIGHT, flags="fast_bilinear"),
        filter_of("blackdetect", d=BLACK_SECONDS, pix_th=BLACK_LUMA_SHARE),
        filter_of("freezedetect", n=f"{FROZEN_DB}dB", d=FROZEN_SECONDS),
    )
    frames = await ffmpeg.run(
        ["-xerror", *graph.arguments(looked_at), "-fps_mode", "passthrough", "-f", "null", "-"],
        timeout_seconds=60 + LOOK_SECONDS_PER_SECOND * seconds,
        failure_code=ErrorCode.STITCH_FAILED,
        on_log=seen.read,
    )
    seen.close(seconds)
    return Looks(frames, tuple(seen.black), tuple(seen.frozen))


def offsets(film: Path, borders: Sequence[int], frame_rate: int) -> list[float]:
    """How far apart, in seconds, picture and sound are at each of ``borders`` (frames of the film, the last of them its
    end): by how much the picture of the border is too early or late, and by how much the sound is too short or has a
    gap there. Nothing is decoded. Raises STITCH_FAILED for what cannot be read."""
    shown: list[Fraction] = []
    heard: list[tuple[Fraction, Fraction]] = []
    end = Fraction(0)
    try:
        with av.open(str(film)) as container:
            for packet in container.demux(container.streams.video[0], container.streams.audio[0]):
                if packet.pts is None:
                    continue
                start, length = packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base
                if packet.stream.type == "audio":
                    heard.append((start, start + length))
                else:
                    shown.append(start)
                    end = start + length
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise RecastError(ErrorCode.STITCH_FAILED, "The film cannot be read.", cause=str(error)) from error
    shown.append(end)
    starts = [start for start, _ in heard]
    found: list[float] = []
    for border in borders:
        place = Fraction(border, frame_rate)
        picture = abs(shown[border] - place) if border < len(shown) else place
        found.append(float(max(picture, _silence_at(place, heard, starts))))
    return found


def _silence_at(place: Fraction, heard: Sequence[tuple[Fraction, Fraction]], starts: Sequence[Fraction]) -> Fraction:
    """How long no sound is there around ``place``; at the very end, how much of it is missing."""
    number = bisect_right(starts, place) - 1
    if number < 0:
        return starts[0] - place if starts else place
    until = heard[number][1]
    if until >= place:
        return Fraction(0)
    return (starts[number + 1] if number + 1 < len(starts) else place) - until
