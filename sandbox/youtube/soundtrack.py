"""What a video sounds like, made from its text: speech in the very slots of its captions, and music where they say so.

``python -m sandbox.youtube.soundtrack`` makes one and ends: espeak-ng must have a process of its own.
"""

import hashlib
import itertools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from sandbox.youtube.videos import library

if TYPE_CHECKING:
    from sandbox.youtube.speech import Samples

MAKING = "1"
"""Counts the changes to how soundtracks are made: with another number they are made again."""
NICENESS = 10
BLOCK_SECONDS = 1
CHORD_HZ = (220.0, 277.2, 329.6)
CHORDS_PER_OCTAVE = 12
SOFTNESS = 900
FADE_SECONDS = 0.25
SAMPLE_RATE_HZ = 22050
"""espeak-ng's own."""


class Kind(StrEnum):
    SPEECH = "speech"
    SILENCE = "silence"
    MUSIC = "music"


@dataclass(frozen=True, slots=True)
class Encoding:
    """One of YouTube's audio formats. ``bit_rate`` is in bits a second."""

    itag: int
    suffix: str
    container: str
    codec: str
    mime_type: str
    bit_rate: int
    sample_rate_hz: int
    options: tuple[tuple[str, str], ...]
    """For speed: a video of two hours is made while somebody waits."""


ENCODINGS = (
    Encoding(
        140, "m4a", "mp4", "aac", 'audio/mp4; codecs="mp4a.40.2"', 48_000, SAMPLE_RATE_HZ, (("aac_coder", "fast"),)
    ),
    Encoding(
        251, "webm", "webm", "libopus", 'audio/webm; codecs="opus"', 32_000, 48_000, (("compression_level", "0"),)
    ),
)


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """``video_id`` is the library's; its text in ``language`` is spoken again and again until ``seconds`` are over."""

    video_id: str
    language: str
    seconds: int
    kind: Kind = Kind.SPEECH

    @property
    def digest(self) -> str:
        text = repr((MAKING, self, library()[self.video_id].texts[self.language], ENCODINGS))
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def make(track: Soundtrack, encoding: Encoding, path: Path) -> None:
    """Writes ``track`` to ``path``, one second at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with _Writer(encoding, part) as writer:
            for block in _blocks(_sounds(track)):
                writer.write(block)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _sounds(track: Soundtrack) -> Iterator["Samples"]:
    """Pieces of any length that together last ``track.seconds``."""
    end = track.seconds * SAMPLE_RATE_HZ
    if track.kind is Kind.MUSIC:
        yield from (_music(1.0, number) for number in range(track.seconds))
    elif track.kind is Kind.SILENCE:
        yield from (np.zeros(SAMPLE_RATE_HZ, np.int16) for _ in range(track.seconds))
    else:
        now = 0
        for start, sound in _placed(track):
            sound = sound[: max(0, end - start)]
            yield np.zeros(max(0, min(start, end) - now), np.int16)
            yield sound
            now = min(start, end) + len(sound)
            if now >= end:
                return
        yield np.zeros(end - now, np.int16)


def _placed(track: Soundtrack) -> Iterator[tuple[int, "Samples"]]:
    """Every paragraph's sound with the sample at which it begins."""
    # The server needs no espeak-ng: only the process that speaks loads it.
    from sandbox.youtube.speech import Mouth

    mouth = Mouth()
    if mouth.sample_rate_hz != SAMPLE_RATE_HZ:
        raise ValueError(f"espeak-ng speaks at {mouth.sample_rate_hz} Hz")
    video = library()[track.video_id]
    text = video.texts[track.language]
    people = {name: number for number, name in enumerate(dict.fromkeys(item.speaker for item in text))}
    for turn in itertools.count():
        offset = turn * video.length_seconds
        if offset >= track.seconds:
            return
        for item, slot in zip(text, video.slots, strict=True):
            seconds = slot.end - slot.start
            if item.is_sound:
                sound = _music(seconds)
            else:
                sound = mouth.speak(item.text, track.language, people[item.speaker], seconds)
            yield round((offset + slot.start) * SAMPLE_RATE_HZ), sound


def _music(seconds: float, step: int = 0) -> "Samples":
    """A soft chord, higher with every ``step``."""
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pitch = 2 ** (step * 5 % CHORDS_PER_OCTAVE / CHORDS_PER_OCTAVE)
    waves: NDArray[np.float64] = sum((np.sin(2 * np.pi * tone * pitch * times) for tone in CHORD_HZ), np.zeros(1))
    fade = np.minimum(1, np.minimum(times, seconds - times) / FADE_SECONDS)
    return (waves * fade * SOFTNESS).astype(np.int16)


def _blocks(sounds: Iterator["Samples"]) -> Iterator["Samples"]:
    """The same samples in blocks of even length, so that encoders never hold much."""
    length = BLOCK_SECONDS * SAMPLE_RATE_HZ
    for sound in sounds:
        for at in range(0, len(sound), length):
            yield sound[at : at + length]


class _Writer:
    """One encoded file; use it as a context."""

    def __init__(self, encoding: Encoding, path: Path) -> None:
        options = {"movflags": "+faststart"} if encoding.container == "mp4" else {}
        self._container = av.open(str(path), "w", format=encoding.container, options=options)
        stream = self._container.add_stream(
            encoding.codec, rate=encoding.sample_rate_hz, layout="mono", options=dict(encoding.options)
        )
        if not isinstance(stream, av.AudioStream):
            raise TypeError(f"{encoding.codec} is no codec for sound")
        stream.bit_rate = encoding.bit_rate
        self._stream = stream
        self._written = 0

    def __enter__(self) -> "_Writer":
        return self

    def write(self, block: "Samples") -> None:
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._written
        self._written += len(block)
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, *_: object) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def command(track: Soundtrack, encoding: Encoding, path: Path) -> list[str]:
    """What a child process is started with, in the folder that has this package."""
    return [
        sys.executable,
        "-m",
        "sandbox.youtube.soundtrack",
        json.dumps(asdict(track)),
        str(encoding.itag),
        str(path),
    ]


def _main(described: str, itag: str, path: str) -> None:
    given = json.loads(described)
    track = Soundtrack(**{**given, "kind": Kind(given["kind"])})
    make(track, next(encoding for encoding in ENCODINGS if encoding.itag == int(itag)), Path(path))


if __name__ == "__main__":
    os.nice(NICENESS)
    _main(*sys.argv[1:])
