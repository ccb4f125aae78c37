"""Playing Recast's own pieces: a small synthesiser in numpy.

**A piece has no seam.** It is played onto a circle: a note that is still heard at the end goes on at the beginning, and
the room that it is played in is a circular convolution. Whoever repeats the file hears music without an edge.
"""

import hashlib
import json
import time
import wave
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from domain.music import Instrument, Piece, Score, score
from resources.own_folder import PRIVATE, own_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 48_000
SYNTHESISER = "1"
"""Raised whenever the same score would sound differently."""
PEAK = 0.5
ROOM_SECONDS, ROOM_SHARE = 1.8, 0.25
DETUNE = 0.003
"""The two voices of a pad, left and right, are this much apart, which makes it wide."""

OLD_PART_SECONDS = 3600.0
"""A piece is played in seconds."""


def pieces_folder() -> Path:
    """Where this machine keeps the pieces that it has played."""
    folder = own_folder("music")
    _sweep(folder)
    return folder


def _sweep(folder: Path) -> None:
    """What a player who was killed has left. Others may be playing at this moment."""
    for part in folder.glob(".*.part"):
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > OLD_PART_SECONDS:
                part.unlink()


def piece_key(piece: Piece) -> str:
    """SHA-256 over all that decides how ``piece`` sounds."""
    written = json.dumps([SYNTHESISER, SAMPLE_RATE, score(piece)], default=str)
    return hashlib.sha256(written.encode()).hexdigest()


def piece_file(piece: Piece, folder: Path) -> Path:
    """``piece`` as a stereo WAV in ``folder``, played now unless it is there; safe for several processes at once."""
    path = folder / f"{piece}-{piece_key(piece)[:16]}.wav"
    if path.exists():
        return path
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    unfinished = folder / f".{uuid4().hex}.part"
    try:
        with wave.open(str(unfinished), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(np.round(play(score(piece)) * 32767).astype("<i2").tobytes())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def play(written: Score) -> "NDArray[np.float64]":
    """Stereo samples, float64 (n, 2), their peak at ``PEAK``; the first follows on the last."""
    length = round(written.seconds * SAMPLE_RATE)
    samples_per_beat = 60 / written.beats_per_minute * SAMPLE_RATE
    circle = np.zeros((length, 2))
    sounds: dict[tuple[Instrument, int, float], NDArray[np.float64]] = {}
    for note in written.notes:
        kind = (note.instrument, note.pitch, note.beats)
        if kind not in sounds:
            sounds[kind] = _sound(note.instrument, note.pitch, round(note.beats * samples_per_beat))
        sound = sounds[kind]
        begin = round(note.beat * samples_per_beat) % length
        for offset in range(0, len(sound), length):
            part = sound[offset : offset + length] * note.force
            until_end = min(len(part), length - begin)
            circle[begin : begin + until_end] += part[:until_end]
            circle[: len(part) - until_end] += part[until_end:]
    circle = _in_a_room(circle)
    circle *= PEAK / float(np.abs(circle).max())
    return circle


def _in_a_room(circle: "NDArray[np.float64]") -> "NDArray[np.float64]":
    decay = np.exp(-6 * np.arange(round(ROOM_SECONDS * SAMPLE_RATE)) / (ROOM_SECONDS * SAMPLE_RATE))
    echoes = np.random.default_rng(1).standard_normal((len(decay), 2)) * decay[:, None]
    echoes /= np.sqrt((echoes**2).sum(axis=0))
    # Folded back by hand: a transform of just the circle's length is many times slower where that is nearly prime.
    size = 1 << (len(circle) + len(echoes)).bit_length()
    spread = np.fft.irfft(np.fft.rfft(circle, size, axis=0) * np.fft.rfft(echoes, size, axis=0), axis=0)
    reverberated = spread[: len(circle)]
    reverberated[: len(echoes)] += spread[len(circle) : len(circle) + len(echoes)]
    return circle + ROOM_SHARE * reverberated


def _sound(instrument: Instrument, pitch: int, length: int) -> "NDArray[np.float64]":
    """One note held for ``length`` samples and its fading away, float64 (n, 2)."""
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    match instrument:
        case Instrument.PAD:
            tail = round(1.2 * SAMPLE_RATE)
            time = np.arange(length + tail) / SAMPLE_RATE
            rise = np.minimum(1, time / 0.8) ** 2
            fall = np.clip((length + tail) / SAMPLE_RATE - time, 0, 1.2) / 1.2
            sides = [
                sum(np.sin(2 * np.pi * frequency * h * (1 + side) * time) / h**2 for h in (1, 2, 3))
                for side in (-DETUNE, DETUNE)
            ]
            return 0.10 * np.stack(sides, axis=1) * (rise * fall**2)[:, None]
        case Instrument.PLUCK:
            time = _time(1.4)
            partials = [(float(h), 1 / h, 3 + 2.5 * h) for h in range(1, 7)]
            return _placed(0.16 * _struck(frequency, partials, time), pitch)
        case Instrument.BELL:
            time = _time(3.0)
            partials = [(1.0, 1.0, 1.6), (2.0, 0.5, 2.4), (3.01, 0.25, 4.0), (4.17, 0.12, 6.0)]
            return _placed(0.14 * _struck(frequency, partials, time), pitch)
        case Instrument.BASS:
            time = np.arange(length + SAMPLE_RATE // 5) / SAMPLE_RATE
            fall = np.clip((len(time) / SAMPLE_RATE - time) / 0.2, 0, 1)
            tone = sum(np.sin(2 * np.pi * frequency * h * time) / h**1.5 for h in (1, 2, 3, 4))
            return np.repeat((0.22 * tone * np.exp(-1.2 * time) * fall * _onset(time))[:, None], 2, axis=1)
        case Instrument.KICK:
            time = _time(0.35)
            sweep = 2 * np.pi * (48 * time + 90 / 28 * (1 - np.exp(-28 * time)))
            return np.repeat((0.30 * np.sin(sweep) * np.exp(-11 * time) * _onset(time))[:, None], 2, axis=1)
        case Instrument.HAT:
            time = _time(0.12)
            hiss = np.diff(np.random.default_rng(2).standard_normal(len(time)), prepend=0.0)
            return _placed(0.06 * hiss * np.exp(-45 * time), pitch)


def _struck(
    frequency: float, partials: list[tuple[float, float, float]], time: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    """Partials by their ratio to the ``frequency``, how loud they begin and how fast they die away."""
    tone = np.zeros_like(time)
    for ratio, loudness, decay in partials:
        tone += loudness * np.sin(2 * np.pi * frequency * ratio * time) * np.exp(-decay * time)
    return tone


def _time(seconds: float) -> "NDArray[np.float64]":
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _onset(time: "NDArray[np.float64]") -> "NDArray[np.float64]":
    return np.minimum(1.0, time / 0.004)


def _placed(tone: "NDArray[np.float64]", pitch: int) -> "NDArray[np.float64]":
    """Between left and right by its pitch, so that a chord is not a point."""
    time = np.arange(len(tone)) / SAMPLE_RATE
    side = 0.5 + 0.18 * ((pitch % 7) - 3) / 3
    fading = np.clip((time[-1] - time) / 0.05, 0, 1)
    faded = tone * _onset(time) * fading
    left, right = float(np.cos(side * np.pi / 2)), float(np.sin(side * np.pi / 2))
    return 2**0.5 * np.stack([faded * left, faded * right], axis=1)
