"""Sounds that tests make and look into."""

import wave
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 48_000
Samples = NDArray[np.float64]


def tone(frequency: float, seconds: float, amplitude: float = 0.3) -> Samples:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def write(path: Path, samples: Samples, *, rate: int = RATE) -> Path:
    """As WAV; (n,) is mono, (n, 2) stereo."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return path


def read(path: Path) -> Samples:
    """The first channel, from time zero on."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        frames = [*container.decode(audio=0), None]
        blocks = [(plain.time, plain.to_ndarray()[0]) for frame in frames for plain in resampler.resample(frame)]
    begin = round((blocks[0][0] or 0.0) * RATE)
    samples = np.concatenate([block for _, block in blocks]).astype(np.float64)
    return samples[-begin:] if begin < 0 else np.pad(samples, (begin, 0))


def level_db(samples: Samples, frequency: float, *, width: float = 60.0) -> float:
    """RMS of what lies within ``width`` Hz of ``frequency``, in dB of full scale."""
    window = np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(samples * window)) ** 2 / (window**2).sum() / len(samples) * 2
    bins = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(10 * np.log10(spectrum[np.abs(bins - frequency) < width].sum() + 1e-12))
