"""What a media file holds, read in process with PyAV."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from domain.errors import ErrorCode, RecastError
from resources.ffmpeg import CONTAINERS, MOST_PIXELS, MOST_STREAMS
from resources.sample_tables import claims_more_than_it_holds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_WIDTH, SAMPLE_HEIGHT = 64, 64
"""A sampled frame is averaged down to this: coding noise vanishes, a blinking eye does not."""
BLACK_LUMA = 24
"""Of 255; the darkest drawn night is brighter in places, video black is 16."""
FROZEN_LUMA = 1.5
"""Largest change of any cell, of 255, in a picture that stands still; coding noise stays below 1."""
MAX_SAMPLES = 24
MOST_DECODED_PIXELS = 2_000_000_000
"""In frames that all need the one before: 70 seconds of a usual clip, and some seconds' work however large they are."""
MICROSECONDS = 1_000_000
UNSPECIFIED_COLOURS = 2
"""Of ITU-T H.273, table 4."""
HDR_TRANSFERS = (16, 18)
"""PQ and HLG, of its table 3."""
_CAREFULLY = {
    "protocol_whitelist": "file",
    "format_whitelist": CONTAINERS,
    "max_pixels": str(MOST_PIXELS),
    "max_streams": str(MOST_STREAMS),
}


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """Facts of the first video and the first audio stream.

    ``pixel_aspect`` is how much wider than high a pixel is; ``duration`` and ``start_time`` are seconds; ``frames`` is
    the exact number of coded pictures; ``sample_rate`` and ``channels`` are zero without audio; ``says_colours`` is
    whether the file says by which matrix its colours were made, and ``is_hdr`` whether they are of high dynamic range.
    """

    width: int
    height: int
    pixel_aspect: Fraction
    frame_rate: Fraction
    duration: float
    frames: int
    video_codec: str
    pix_fmt: str
    says_colours: bool
    is_hdr: bool
    has_audio: bool
    audio_codec: str | None
    audio_duration: float
    sample_rate: int
    channels: int
    start_time: float


@dataclass(frozen=True, slots=True)
class PictureCheck:
    """``black``: no sampled frame shows anything; ``frozen``: no two sampled frames differ."""

    samples: int
    black: bool
    frozen: bool


def probe(path: Path) -> MediaFacts:
    """Read the facts of ``path`` without decoding. Raises ``CLIP_REJECTED`` for what is not a readable video."""
    try:
        with path.open("rb") as file:
            if claims_more_than_it_holds(file):
                raise RecastError(
                    ErrorCode.CLIP_REJECTED, "The clip claims to hold more than it does.", cause=path.name
                )
        with av.open(str(path), options=_CAREFULLY) as container:
            return _facts(container, path)
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise _rejected("The clip is damaged or is not a video.", path, error) from error


def lost_seconds(path: Path) -> float:
    """How much of the picture a file promises and does not hold, because it was cut off. Nothing is decoded.

    Raises ``CLIP_REJECTED`` for what is not a readable video.
    """
    try:
        with av.open(str(path), options=_CAREFULLY) as container:
            video = container.streams.video[0]
            base = video.time_base or Fraction(1, 1)
            start, end = video.start_time or 0, 0
            for packet in container.demux(video):
                if packet.size and not packet.is_corrupt and packet.pts is not None:
                    end = max(end, packet.pts + (packet.duration or 0))
            promised = video.duration * base if video.duration is not None else _container_seconds(container)
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise _rejected("The clip is damaged or is not a video.", path, error) from error
    return max(0.0, float(promised - (end - start) * base))


def is_interlaced(path: Path) -> bool:
    """Whether the first picture of a video is two half pictures of different moments, as of a broadcast.

    Raises ``CLIP_REJECTED`` when nothing can be decoded.
    """
    try:
        with av.open(str(path), options=_CAREFULLY) as container:
            container.streams.video[0].codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            return any(bool(frame.interlaced_frame) for frame in islice(container.decode(video=0), 1))
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise _rejected("The clip cannot be decoded.", path, error) from error


def decode_check(path: Path) -> PictureCheck:
    """Decode a few keyframes (or frames, where there are fewer than three) and see whether there is a moving picture.

    Raises ``CLIP_REJECTED`` when nothing can be decoded.
    """
    try:
        cells = _sampled(path, only_keyframes=True)
        # Keyframes alone may be alike in a clip that moves in a circle.
        if len(cells) < 3 or _change(cells) < FROZEN_LUMA:
            cells = _sampled(path, only_keyframes=False)
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise _rejected("The clip cannot be decoded.", path, error) from error
    if not cells:
        raise RecastError(ErrorCode.CLIP_REJECTED, "The clip holds no picture.", cause=str(path))
    brightest = max(float(cell.max()) for cell in cells)
    return PictureCheck(samples=len(cells), black=brightest < BLACK_LUMA, frozen=_change(cells) < FROZEN_LUMA)


def _change(cells: "Sequence[NDArray[np.float32]]") -> float:
    import numpy as np  # a quarter of a second, which every run would pay before its first stage

    return max((float(np.abs(cell - cells[0]).max()) for cell in cells[1:]), default=0.0)


def _facts(container: InputContainer, path: Path) -> MediaFacts:
    if not container.streams.video:
        raise RecastError(ErrorCode.CLIP_REJECTED, "The clip holds no picture.", cause=str(path))
    video = container.streams.video[0]
    if video.codec_context is None:
        raise RecastError(ErrorCode.CLIP_REJECTED, "The picture of the clip cannot be decoded.", cause=str(path))
    # Sound that nobody can decode is none.
    audio = container.streams.audio[0] if container.streams.audio else None
    audio = audio if audio and audio.codec_context else None
    base = video.time_base or Fraction(1, 1)
    frames, seconds = (
        video.frames,
        video.duration * base if video.duration is not None else _container_seconds(container),
    )
    if not frames or not seconds:
        frames, seconds = _counted(container, video)
    audio_duration = float(audio.duration * audio.time_base) if audio and audio.duration and audio.time_base else 0.0
    return MediaFacts(
        width=video.width,
        height=video.height,
        pixel_aspect=video.sample_aspect_ratio or Fraction(1),
        frame_rate=video.average_rate or Fraction(0),
        duration=float(seconds),
        frames=frames,
        video_codec=video.codec_context.name,
        pix_fmt=video.pix_fmt or "",
        says_colours=video.codec_context.colorspace != UNSPECIFIED_COLOURS,
        is_hdr=video.codec_context.color_trc in HDR_TRANSFERS,
        has_audio=audio is not None,
        audio_codec=audio.codec_context.name if audio else None,
        audio_duration=audio_duration,
        sample_rate=audio.sample_rate if audio else 0,
        channels=audio.channels if audio else 0,
        start_time=float((video.start_time or 0) * base),
    )


def _counted(container: InputContainer, video: VideoStream) -> tuple[int, Fraction]:
    """Pictures and seconds of a file whose header does not tell, as of one that was recorded live."""
    count, first, end = 0, None, 0
    for packet in container.demux(video):
        if packet.size:
            count += 1
            if packet.pts is not None:
                first = packet.pts if first is None else min(first, packet.pts)
                end = max(end, packet.pts + (packet.duration or 0))
    told = _container_seconds(container)
    return count, told or (end - (first or 0)) * (video.time_base or Fraction(1, 1))


def _container_seconds(container: InputContainer) -> Fraction:
    return Fraction(container.duration or 0, MICROSECONDS)


def _sampled(path: Path, *, only_keyframes: bool) -> "list[NDArray[np.float32]]":
    """Evenly chosen frames as cells of mean luma, float32 (SAMPLE_HEIGHT, SAMPLE_WIDTH), 0 to 255."""
    with av.open(str(path), options=_CAREFULLY) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        if not only_keyframes:
            bearable = max(MAX_SAMPLES, MOST_DECODED_PIXELS // (stream.width * stream.height))
            count = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
            container.seek(0)
            step = max(1, min(count, bearable) // MAX_SAMPLES)
            frames = islice(container.decode(stream), 0, bearable, step)
            return [_cells(frame) for frame in frames]
        # A long film has thousands of keyframes, and a packet that is not decoded costs nothing.
        count = sum(1 for packet in container.demux(stream) if packet.is_keyframe and packet.size)
        step = max(1, count // MAX_SAMPLES)
        container.seek(0)
        packets = (packet for packet in container.demux(stream) if packet.is_keyframe and packet.size)
        chosen = [frame for packet in islice(packets, 0, None, step) for frame in stream.decode(packet)]
        return [_cells(frame) for frame in (*chosen, *stream.decode(None))]


def _cells(frame: Any) -> "NDArray[np.float32]":
    import numpy as np

    small = frame.reformat(width=SAMPLE_WIDTH, height=SAMPLE_HEIGHT, format="gray", interpolation="AREA")
    return np.asarray(small.to_ndarray(), dtype=np.float32)


def _rejected(detail: str, path: Path, error: Exception) -> RecastError:
    return RecastError(ErrorCode.CLIP_REJECTED, detail, cause=f"{path.name}: {error}")
