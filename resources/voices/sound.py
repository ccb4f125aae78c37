"""What engines answer becomes the one form in which speech is kept: FLAC, 48 kHz, mono, cut to the words."""

import asyncio
from io import BytesIO
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
    """What was answered is no sound; the text is for operators."""


class Silence(NoSpeech):
    """It is a sound of ``answered_seconds``, and nothing is to be heard in it."""

    def __init__(self, answered_seconds: float) -> None:
        self.answered_seconds = answered_seconds
        super().__init__("nothing is to be heard in it")


class Sound(NamedTuple):
    """A file in FLAC, how long it is, and how long that was which was answered; in seconds."""

    flac: bytes
    seconds: float
    answered_seconds: float


async def keep(answer: bytes, *, keeps_beginning: bool = False) -> Sound:
    """What is to be heard in the file ``answer``. In memory, where a full disk loses nothing that was paid for.
    ``keeps_beginning`` leaves the silence before it, where times were told that count from there. Raises NoSpeech and
    Silence."""
    return await asyncio.to_thread(_keep, answer, keeps_beginning)


async def stretch(flac: bytes, pace: float) -> Sound:
    """Kept speech again, ``pace`` times as fast at the same pitch. Raises NoSpeech."""
    return await asyncio.to_thread(_stretch, flac, pace)


def _keep(answer: bytes, keeps_beginning: bool) -> Sound:
    samples = _read(answer)
    audible = (samples > AUDIBLE) | (samples < -AUDIBLE)
    answered = len(samples) / SAMPLE_RATE_HZ
    if not audible.any():
        raise Silence(answered)
    first = 0 if keeps_beginning else max(0, int(audible.argmax()) - round(LEAD_SECONDS * SAMPLE_RATE_HZ))
    end = len(samples) - int(audible[::-1].argmax()) + round(TAIL_SECONDS * SAMPLE_RATE_HZ)
    return _written(samples[first:end], answered)


def _stretch(flac: bytes, pace: float) -> Sound:
    import numpy as np  # a quarter of a second, which every run would pay before its first stage

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

    samples = _read(flac)
    for at in range(0, len(samples), FRAME_SAMPLES):
        graph.push(_frame(samples[at : at + FRAME_SAMPLES], at))
        drain()
    graph.push(None)
    drain()
    stretched = np.concatenate([*pieces, np.zeros(0, np.int16)]).astype(np.int16)
    return _written(stretched, len(samples) / SAMPLE_RATE_HZ)


def _read(file: bytes) -> "Samples":
    import numpy as np

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    pieces, count = [], 0
    try:
        with av.open(BytesIO(file), mode="r", options=options, metadata_errors="replace") as container:
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


def _written(samples: "Samples", answered_seconds: float) -> Sound:
    seconds = len(samples) / SAMPLE_RATE_HZ
    if seconds < SHORTEST_SECONDS:
        raise Silence(answered_seconds)
    file = BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE_HZ, layout="mono", format="s16")
        assert isinstance(stream, AudioStream)
        for at in range(0, len(samples), FRAME_SAMPLES):
            container.mux(stream.encode(_frame(samples[at : at + FRAME_SAMPLES], at)))
        container.mux(stream.encode(None))
    return Sound(file.getvalue(), seconds, answered_seconds)


def _frame(samples: "Samples", at: int) -> Any:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE_HZ
    frame.pts = at
    return frame
