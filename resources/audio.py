"""Sound, through ffmpeg: brought to the one form that engines hear, its silences found, and cut into chunks. Everything
streams from file to file, so that memory does not grow with the length of the audio."""

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from domain.listening import Chunk, Silence
from resources import ffmpeg

SAMPLE_RATE = 16_000
"""What Whisper and its like are trained on; more is thrown away by them."""
PCM_BYTES_PER_SECOND = SAMPLE_RATE * 2
MP3_BITS_PER_SECOND = 48_000
MP3_BYTES_PER_SECOND = MP3_BITS_PER_SECOND / 8

SILENCE_DB = -35
MIN_SILENCE_SECONDS = 0.25
"""Shorter ones lie within words."""
FAINTEST_PEAK_DB = -50.0
"""Audio whose loudest moment is fainter has nothing in it that anybody could understand."""
PREPARE_SECONDS_PER_SECOND = 0.5
MIN_TIMEOUT_SECONDS = 120.0
CUT_TIMEOUT_SECONDS = 300.0
READ_BYTES = 1024 * 1024

_SILENCE = re.compile(r"silence_(start|end): (-?[\d.]+)")
_PEAK = re.compile(r"max_volume: (-?[\d.]+|-inf) dB")
_TIME = re.compile(r"out_time_us=(\d+)")
_NO_SOUND = ("does not contain any stream", "matches no streams")


@dataclass(frozen=True, slots=True)
class Sound:
    """A WAV file, 16 kHz, mono, 16 bits. ``peak_db`` is its loudest moment, relative to full scale."""

    path: Path
    duration: float
    silences: tuple[Silence, ...]
    peak_db: float

    @property
    def is_silent(self) -> bool:
        return self.peak_db < FAINTEST_PEAK_DB


async def prepare(source: Path, destination: Path, *, max_seconds: float) -> Sound:
    """Write the sound of ``source`` (any audio or video file) to ``destination`` as WAV, and measure it on the way.

    Raises EMPTY_SCRIPT when there is no sound in it, VIDEO_TOO_LONG when it is longer than ``max_seconds``, and
    MEDIA_REJECTED when it cannot be read.
    """
    command = [
        *(ffmpeg.executable(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", "-y"),
        *("-progress", "pipe:1", *ffmpeg.input_file(source), "-map", "0:a:0", "-vn", "-ac", "1"),
        *("-af", f"aresample={SAMPLE_RATE},silencedetect=noise={SILENCE_DB}dB:d={MIN_SILENCE_SECONDS},volumedetect"),
        # A second more than is accepted shows that it was longer.
        *("-t", f"{max_seconds + 1:.3f}", "-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-map_metadata", "-1"),
        *("-f", "wav", ffmpeg.output_file(destination)),
    ]
    heard = _Measured()
    process = await ffmpeg.spawn(command, stdin=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(max(MIN_TIMEOUT_SECONDS, max_seconds * PREPARE_SECONDS_PER_SECOND)):
            await asyncio.gather(heard.read_progress(process.stdout), heard.read_log(process.stderr))
            returncode = await process.wait()
    except TimeoutError:
        raise RecastError(ErrorCode.INTERNAL, cause="ffmpeg was still reading the audio when its time was up") from None
    finally:
        await ffmpeg.end(process)
    if returncode != 0 and any(sign in line for line in heard.tail for sign in _NO_SOUND):
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "There is no sound in this video.")
    if returncode != 0:
        failure = ffmpeg.failure(ErrorCode.MEDIA_REJECTED, list(heard.tail), returncode)
        raise RecastError(failure.code, "The sound cannot be read.", cause=failure.cause)
    if heard.duration > max_seconds + 0.5:
        raise RecastError(
            ErrorCode.VIDEO_TOO_LONG, f"The audio is longer than the {max_seconds / 60:.0f} minutes that are accepted."
        )
    return Sound(destination, heard.duration, heard.silences(), heard.peak_db)


async def cut_wav(sound: Sound, chunk: Chunk, destination: Path) -> None:
    """A chunk as WAV, to the sample."""
    await _cut(sound, chunk, destination, ["-c:a", "pcm_s16le", "-f", "wav"])


async def cut_mp3(sound: Sound, chunk: Chunk, destination: Path) -> None:
    """A chunk as MP3 of a fixed rate, which every transcription service takes."""
    await _cut(sound, chunk, destination, ["-c:a", "libmp3lame", "-b:a", str(MP3_BITS_PER_SECOND), "-f", "mp3"])


async def _cut(sound: Sound, chunk: Chunk, destination: Path, encoding: Sequence[str]) -> None:
    await ffmpeg.run(
        [
            *("-ss", f"{chunk.start:.3f}", "-t", f"{chunk.seconds:.3f}", *ffmpeg.input_file(sound.path)),
            *("-map_metadata", "-1", *encoding, ffmpeg.output_file(destination)),
        ],
        timeout_seconds=CUT_TIMEOUT_SECONDS,
        failure_code=ErrorCode.INTERNAL,
    )


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


class _Measured:
    """What ffmpeg tells while it works: progress on stdout, silences and the peak on stderr."""

    def __init__(self) -> None:
        self.duration = 0.0
        self.peak_db = float("-inf")
        self.tail: deque[str] = deque(maxlen=ffmpeg.STDERR_TAIL_LINES)
        self._edges: list[tuple[str, float]] = []

    async def read_progress(self, stdout: asyncio.StreamReader | None) -> None:
        assert stdout is not None
        async for line in stdout:
            if time := _TIME.match(line.decode(errors="replace")):
                self.duration = int(time[1]) / 1_000_000

    async def read_log(self, stderr: asyncio.StreamReader | None) -> None:
        assert stderr is not None
        async for raw in stderr:
            line = raw.decode(errors="replace").rstrip()
            self.tail.append(line)
            if edge := _SILENCE.search(line):
                self._edges.append((edge[1], max(0.0, float(edge[2]))))
            elif peak := _PEAK.search(line):
                self.peak_db = float(peak[1])

    def silences(self) -> tuple[Silence, ...]:
        found: list[Silence] = []
        start: float | None = None
        for edge, seconds in self._edges:
            if edge == "start":
                start = seconds
            elif start is not None:
                found.append(Silence(start, seconds))
                start = None
        if start is not None and self.duration > start:
            found.append(Silence(start, self.duration))
        return tuple(found)
