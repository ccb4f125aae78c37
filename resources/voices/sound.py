"""What engines answer becomes the one form in which speech is kept: FLAC, 48 kHz, mono, cut to the words."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import av
from av.audio.stream import AudioStream
from av.filter import Graph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

SAMPLE_RATE_HZ = 48_000
CONTAINERS = "wav,mp3,flac,ogg,aac,mov,mp4,matroska,webm"
"""Containers of sound alone: FFmpeg also knows playlists, which would have it fetch whatever they name."""
MAX_SECONDS = 900.0
"""Of one line; a file that says it is longer is none."""
AUDIBLE = 40
"""Of 32767, -58 dB: fainter samples belong to the pauses that engines add."""
LEAD_SECONDS, TAIL_SECONDS = 0.02, 0.08
"""Kept around the words, so that neither their beginning nor their end is clipped."""
SHORTEST_SECONDS = 0.05
FRAME_SAMPLES = 4096


class NoSpeech(Exception):
    """What was answered is no sound, or nothing is to be heard in it; the text is for operators."""


class Lengths(NamedTuple):
    """In seconds: of what is kept, and of all that was answered."""

    kept: float
    answered: float


async def keep(source: Path, destination: Path, *, keeps_beginning: bool = False) -> Lengths:
    """Write what is to be heard in ``source`` to ``destination``. ``keeps_beginning`` leaves the silence before it,
    where times were told that count from there. Raises NoSpeech."""
    return await asyncio.to_thread(_keep, source, destination, keeps_beginning)


async def stretch(source: Path, destination: Path, pace: float) -> float:
    """Write kept speech again, ``pace`` times as fast at the same pitch, and return its seconds. Raises NoSpeech."""
    return await asyncio.to_thread(_stretch, source, destination, pace)


def _keep(source: Path, destination: Path, keeps_beginning: bool) -> Lengths:
    import numpy as np  # a quarter of a second, which every run would pay before its first stage

    samples = _read(source)
    audible = np.flatnonzero((samples > AUDIBLE) | (samples < -AUDIBLE))
    if not len(audible):
        raise NoSpeech("nothing is to be heard in it")
    first = 0 if keeps_beginning else max(0, int(audible[0]) - round(LEAD_SECONDS * SAMPLE_RATE_HZ))
    last = int(audible[-1]) + 1 + round(TAIL_SECONDS * SAMPLE_RATE_HZ)
    return Lengths(_write(samples[first:last], destination), len(samples) / SAMPLE_RATE_HZ)


def _stretch(source: Path, destination: Path, pace: float) -> float:
    import numpy as np

    graph = Graph()
    buffer = graph.add_abuffer(sample_rate=SAMPLE_RATE_HZ, format="s16", layout="mono", time_base=None)
    tempo, sink = graph.add("atempo", str(pace)), graph.add("abuffersink")
    buffer.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    pieces = []

    def drain() -> None:
        while True:
            try:
                pieces.append(graph.pull().to_ndarray().reshape(-1))
            except (av.BlockingIOError, av.EOFError):
                return

    samples = _read(source)
    for at in range(0, len(samples), FRAME_SAMPLES):
        graph.push(_frame(samples[at : at + FRAME_SAMPLES], at))
        drain()
    graph.push(None)
    drain()
    stretched = np.concatenate([*pieces, np.zeros(0, np.int16)]).astype(np.int16)
    return _write(stretched, destination)


def _read(source: Path) -> "Samples":
    import numpy as np

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    pieces, count = [], 0
    try:
        with (
            source.open("rb") as file,
            av.open(file, mode="r", options=options, metadata_errors="replace") as container,
        ):
            if not container.streams.audio:
                raise NoSpeech("there is no sound track in it")
            for frame in container.decode(audio=0):
                for plain in resampler.resample(frame):
                    pieces.append(plain.to_ndarray().reshape(-1))
                    count += len(pieces[-1])
                    if count > MAX_SECONDS * SAMPLE_RATE_HZ:
                        raise NoSpeech(f"it is longer than {MAX_SECONDS:.0f} s")
            for plain in resampler.resample(None):
                pieces.append(plain.to_ndarray().reshape(-1))
    except (av.FFmpegError, ValueError, IndexError, EOFError) as error:
        raise NoSpeech(f"it cannot be decoded: {error}"[:300]) from error
    return np.concatenate([*pieces, np.zeros(0, np.int16)])


def _write(samples: "Samples", destination: Path) -> float:
    seconds = len(samples) / SAMPLE_RATE_HZ
    if seconds < SHORTEST_SECONDS:
        raise NoSpeech(f"it lasts {seconds:.3f} s")
    with av.open(str(destination), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE_HZ, layout="mono", format="s16")
        assert isinstance(stream, AudioStream)
        for at in range(0, len(samples), FRAME_SAMPLES):
            container.mux(stream.encode(_frame(samples[at : at + FRAME_SAMPLES], at)))
        container.mux(stream.encode(None))
    return seconds


def _frame(samples: "Samples", at: int) -> Any:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE_HZ
    frame.pts = at
    return frame
