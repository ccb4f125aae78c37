"""Who speaks when: voices told apart by their pitch."""

from collections.abc import Sequence

import numpy as np

from sandbox.openai.hearing import SAMPLE_RATE_HZ, Audio, HeardSegment

LOWEST_HZ, HIGHEST_HZ = 70, 350
WINDOW_SECONDS = 0.04
VOICED = 0.5
"""Autocorrelation, relative to the window's own energy, above which it has a pitch."""
QUIET = 0.01
SAME_VOICE_SEMITONES = 3.0
MOST_SPEAKERS = 26


def speakers(audio: Audio, segments: Sequence[HeardSegment]) -> list[str]:
    """A letter for each segment, in the order in which voices appear; one without a pitch goes with the one before."""
    voices: list[float] = []
    letters: list[str] = []
    for segment in segments:
        pitch = _semitones(audio[int(segment.start * SAMPLE_RATE_HZ) : int(segment.end * SAMPLE_RATE_HZ)])
        near = [number for number, voice in enumerate(voices) if abs(voice - (pitch or 0)) < SAME_VOICE_SEMITONES]
        if pitch is None:
            letters.append(letters[-1] if letters else "A")
            continue
        if not near and len(voices) < MOST_SPEAKERS:
            voices.append(pitch)
        number = min(range(len(voices)), key=lambda one: abs(voices[one] - pitch))
        letters.append(chr(ord("A") + number))
    return letters


def _semitones(audio: Audio) -> float | None:
    """The middle of the pitches of what is voiced, above the lowest that is looked for."""
    length = int(WINDOW_SECONDS * SAMPLE_RATE_HZ)
    shortest, longest = SAMPLE_RATE_HZ // HIGHEST_HZ, SAMPLE_RATE_HZ // LOWEST_HZ
    pitches = []
    for at in range(0, len(audio) - length, length):
        window = audio[at : at + length] - audio[at : at + length].mean()
        energy = float(np.dot(window, window))
        if energy < length * QUIET**2:
            continue
        similar = np.correlate(window, window, "full")[length - 1 :]
        lag = shortest + int(np.argmax(similar[shortest:longest]))
        if similar[lag] > VOICED * energy:
            pitches.append(12 * float(np.log2(SAMPLE_RATE_HZ / lag / LOWEST_HZ)))
    return float(np.median(pitches)) if pitches else None
