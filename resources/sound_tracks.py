"""Laying many short sounds at their places in one long track, sample by sample.

Files are opened one after the other and written through, so that 200 scenes need no more memory, and no more open
files, than one.
"""

import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from domain.errors import ErrorCode, RecastError

if TYPE_CHECKING:
    from numpy.typing import NDArray

VOICE_LEVEL_DB = -20.0
"""Of the loud parts of every line, so that voices of different engines are equally loud."""
MOST_GAIN_DB = 24.0
HIGHEST_PEAK = 0.9
LOUD_PART_DB = -25.0
"""Below the loudest moment; what is fainter is a pause and says nothing about the voice."""
MOMENT_SECONDS = 0.02
EDGE_SECONDS = 0.005
"""Over which a clip's sound begins and ends: a step would be heard as a click."""
OVERRUN_SECONDS = 0.1
"""How much of a line may be beyond the film's end: the breath after its last word."""


@dataclass(frozen=True, slots=True)
class PlacedSound:
    """A spoken line as a file, of scene ``scene`` (from 1). ``start`` is in seconds from the start of the film."""

    path: Path
    start: float
    scene: int


@dataclass(frozen=True, slots=True)
class ClipSound:
    """The sound of the clip of scene ``scene``: ``samples`` of it, or silence where it has none."""

    path: Path
    samples: int
    scene: int


def lay_speech(lines: Iterable[PlacedSound], destination: Path, *, samples: int, sample_rate: int) -> None:
    """Write a mono WAV of exactly ``samples`` with every line at its place and at the same level; lines that overlap
    are heard together. Raises STITCH_FAILED, naming the scene, for a line that cannot be read or that the end of the
    film would cut off."""
    with _wav(destination, 1, sample_rate) as track:
        written, waiting = 0, np.zeros(0, np.float32)
        for line in sorted(lines, key=lambda one: one.start):
            start = round(line.start * sample_rate)
            voice = _levelled(_decoded(line.path, line.scene, "mono", sample_rate), sample_rate)
            if start + len(voice) > samples + OVERRUN_SECONDS * sample_rate:
                raise RecastError(
                    ErrorCode.STITCH_FAILED, f"The speech of scene {line.scene} goes on beyond the end of the film."
                )
            done = min(start - written, len(waiting))
            _write(track, waiting[:done])
            _write_silence(track, start - written - done, 1)
            waiting, written = waiting[done:], start
            if len(waiting) < len(voice):
                waiting = np.pad(waiting, (0, len(voice) - len(waiting)))
            waiting[: len(voice)] += voice
        _write(track, waiting[: samples - written])
        _write_silence(track, samples - written - len(waiting), 1)


def lay_clips(clips: Iterable[ClipSound], destination: Path, *, sample_rate: int) -> None:
    """Write a stereo WAV of the sounds of ``clips`` one after the other. Raises STITCH_FAILED, naming the scene."""
    edge = round(EDGE_SECONDS * sample_rate)
    with _wav(destination, 2, sample_rate) as track:
        for clip in clips:
            written = 0
            for position, block in _blocks(clip.path, clip.scene, "stereo", sample_rate):
                # What comes before zero only primes the decoder.
                begin = max(0, written - position)
                end = min(len(block), clip.samples - position)
                if end <= begin:
                    continue
                _write_silence(track, position + begin - written, 2)
                place = np.arange(position + begin, position + end)
                slope = np.minimum(1.0, np.minimum(place, clip.samples - 1 - place) / edge)
                _write(track, block[begin:end] * slope[:, None].astype(np.float32))
                written = position + end
            _write_silence(track, clip.samples - written, 2)


def _levelled(voice: "NDArray[np.float32]", sample_rate: int) -> "NDArray[np.float32]":
    moment = round(MOMENT_SECONDS * sample_rate)
    if len(voice) < moment:
        return voice
    moments = voice[: len(voice) // moment * moment].reshape(-1, moment)
    power = np.mean(np.square(moments, dtype=np.float64), axis=1)
    loud = power[power > power.max() * 10 ** (LOUD_PART_DB / 10)]
    if not len(loud):
        return voice
    gain = min(10 ** (VOICE_LEVEL_DB / 20) / float(np.sqrt(loud.mean())), 10 ** (MOST_GAIN_DB / 20))
    return voice * np.float32(min(gain, HIGHEST_PEAK / float(np.abs(voice).max())))


def _decoded(path: Path, scene: int, layout: str, sample_rate: int) -> "NDArray[np.float32]":
    blocks = [block for _, block in _blocks(path, scene, layout, sample_rate)]
    return np.concatenate(blocks)[:, 0] if blocks else np.zeros(0, np.float32)


def _blocks(path: Path, scene: int, layout: str, sample_rate: int) -> "Iterator[tuple[int, NDArray[np.float32]]]":
    """What is heard, float32 (n, channels), with its place from the start of the file in samples."""
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.audio:
                return
            resampler = av.AudioResampler(format="flt", layout=layout, rate=sample_rate)
            channels = 1 if layout == "mono" else 2
            position: int | None = None
            for frame in _with_end(container.decode(audio=0)):
                for plain in resampler.resample(frame):
                    block = np.asarray(plain.to_ndarray(), np.float32).reshape(-1, channels)
                    if position is None:
                        position = round((plain.time or 0.0) * sample_rate)
                    yield position, block
                    position += len(block)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise RecastError(
            ErrorCode.STITCH_FAILED, f"The sound of scene {scene} cannot be read.", cause=f"{path.name}: {error}"
        ) from error


def _with_end(frames: Iterator[av.AudioFrame]) -> Iterator[av.AudioFrame | None]:
    """The resampler keeps some samples back until it is told that nothing more comes."""
    yield from frames
    yield None


def _wav(path: Path, channels: int, sample_rate: int) -> wave.Wave_write:
    track = wave.open(str(path), "wb")  # noqa: SIM115 - the caller's with statement closes it
    track.setnchannels(channels)
    track.setsampwidth(2)
    track.setframerate(sample_rate)
    return track


def _write(track: wave.Wave_write, samples: "NDArray[np.float32]") -> None:
    track.writeframes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _write_silence(track: wave.Wave_write, count: int, channels: int) -> None:
    block = bytes(2 * channels * 65536)
    for begin in range(0, count, 65536):
        track.writeframes(block[: 2 * channels * min(65536, count - begin)])
