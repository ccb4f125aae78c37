"""A last look at a finished film: whether it decodes to its end, where nothing is seen or nothing moves, and whether
picture and sound are where they belong."""

import asyncio
import re
from bisect import bisect_right
from collections import deque
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


class UndecodableError(RecastError):
    """A film's pictures cannot all be decoded, or its sound cannot (``is_sound``). ``seconds`` is when the first
    picture is shown that cannot, where that is known."""

    def __init__(self, seconds: float | None, cause: str | None, *, is_sound: bool = False) -> None:
        self.seconds, self.is_sound = seconds, is_sound
        super().__init__(ErrorCode.STITCH_FAILED, "The film cannot be decoded to its end.", cause=cause)


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


async def look(
    film: Path, *, seconds: float, frames: int, on_progress: ffmpeg.OnProgress = lambda seconds: None
) -> Looks:
    """Decode every picture of ``film``, which is about ``seconds`` long and holds ``frames``, and all of its sound.
    Raises UndecodableError unless they can all be decoded, and DISK_FULL."""
    graph, seen = Graph(), _Seen()
    # What is looked at is tiny: smoothing the edges between blocks first would be a fifth of the work for nothing.
    picture = graph.read(film, *("-skip_loop_filter", "all", "-err_detect", "explode")).video
    looked_at = graph.add(
        [picture],
        filter_of("scale", w=LOOK_WIDTH, h=LOOK_HEIGHT, flags="fast_bilinear"),
        filter_of("blackdetect", d=BLACK_SECONDS, pix_th=BLACK_LUMA_SHARE),
        filter_of("freezedetect", n=f"{FROZEN_DB}dB", d=FROZEN_SECONDS),
    )
    reached = 0.0

    def note(written: float) -> None:
        nonlocal reached
        reached = written
        on_progress(written)

    try:
        decoded = await ffmpeg.run(
            ["-xerror", *graph.arguments(looked_at), "-fps_mode", "passthrough", "-f", "null", "-"],
            timeout_seconds=60 + LOOK_SECONDS_PER_SECOND * seconds,
            failure_code=ErrorCode.STITCH_FAILED,
            on_progress=note,
            on_log=seen.read,
        )
    except RecastError as error:
        if error.code is not ErrorCode.STITCH_FAILED:
            raise
        raise UndecodableError(await asyncio.to_thread(_first_lost, film, reached), error.cause) from error
    if decoded != frames:
        raise UndecodableError(None, f"{decoded} of {frames} frames were there to be decoded")
    await _listen(film, seconds)
    seen.close(seconds)
    return Looks(decoded, tuple(seen.black), tuple(seen.frozen))


async def _listen(film: Path, seconds: float) -> None:
    """Decode all of the sound, which takes next to no time beside the picture."""
    graph = Graph()
    heard = graph.add([graph.read(film, "-err_detect", "explode").audio], filter_of("anull"))
    try:
        await ffmpeg.run(
            ["-xerror", *graph.arguments(heard), "-f", "null", "-"],
            timeout_seconds=60 + LOOK_SECONDS_PER_SECOND * seconds,
            failure_code=ErrorCode.STITCH_FAILED,
        )
    except RecastError as error:
        if error.code is not ErrorCode.STITCH_FAILED:
            raise
        raise UndecodableError(None, error.cause, is_sound=True) from error


def _first_lost(film: Path, reached: float) -> float | None:
    """When the first picture is shown that cannot be decoded. Those before ``reached`` seconds can."""
    due: deque[Fraction] = deque()
    try:
        with av.open(str(film)) as container:
            video = container.streams.video[0]
            # With threads it does not tell everything that is wrong, or not when.
            video.thread_type = "NONE"
            video.codec_context.options = {"err_detect": "explode", "skip_loop_filter": "all"}
            container.seek(round(reached * av.time_base))
            for packet in container.demux(video):
                if packet.pts is not None:
                    due.append(packet.pts * packet.time_base)
                for frame in packet.decode():
                    if frame.is_corrupt or frame.pts is None or frame.pts * packet.time_base != due[0]:
                        return float(due[0])
                    due.popleft()
    except (av.FFmpegError, OSError, ValueError, IndexError):
        pass
    return float(due[0]) if due else None


def offsets(film: Path, borders: Sequence[int], frame_rate: int) -> list[float]:
    """How far apart, in seconds, picture and sound are at each of ``borders`` (frames of the film, the last of them its
    end): by how much the picture of the border is too early or late, and by how much the sound is, has begun too late,
    or ends too early, at the end of the film also too late. Nothing is decoded. Raises STITCH_FAILED for what cannot be
    read."""
    shown: list[Fraction] = []
    heard: list[Fraction] = []
    end = Fraction(0)
    try:
        with av.open(str(film)) as container:
            sound = container.streams.audio[0]
            # A container tells how long a packet lasts by when the next one begins, so that a gap looks like a packet.
            length = Fraction(sound.codec_context.frame_size, sound.codec_context.sample_rate)
            for packet in container.demux(container.streams.video[0], sound):
                if packet.pts is None:
                    continue
                start = packet.pts * packet.time_base
                if packet.stream.type == "audio":
                    heard.append(start)
                else:
                    shown.append(start)
                    end = start + (packet.duration or 0) * packet.time_base
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise RecastError(ErrorCode.STITCH_FAILED, "The film cannot be read.", cause=str(error)) from error
    shown.append(end)
    found: list[Fraction] = []
    for border in borders:
        place = Fraction(border, frame_rate)
        picture = abs(shown[min(border, len(shown) - 1)] - place)
        found.append(max(picture, _sound_offset(place, heard, length)))
    if heard:
        # Coding rounds up: what belongs to the last packet that begins within the film is padding.
        found[-1] = max(found[-1], heard[-1] - Fraction(borders[-1], frame_rate))
    return [float(offset) for offset in found]


def _sound_offset(place: Fraction, heard: Sequence[Fraction], length: Fraction) -> Fraction:
    """``heard`` is when each packet of sound begins, ``length`` how long its sound lasts. A packet belongs where those
    before it end: further on there is a gap before it, and nearer there is more sound than time."""
    if not heard:
        return place
    number = max(0, bisect_right(heard, place) - 1)
    around = range(number, min(number + 2, len(heard)))
    displaced = max(abs(heard[packet] - (heard[0] + packet * length)) for packet in around)
    return max(displaced, heard[0] - place, place - (heard[-1] + length))
