"""Speech by espeak-ng's library, one paragraph at a time, as fast or slow as its place allows."""

import ctypes
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

SYNCHRONOUS_OUTPUT = 2
RATE_PARAMETER = 1
PITCH_PARAMETER = 3
PUNCTUATION_AT_CHARACTER = 1
UTF8 = 1
USUAL_WORDS_PER_MINUTE = 160
SLOWEST_WORDS_PER_MINUTE = 110
FASTEST_WORDS_PER_MINUTE = 420
"""espeak-ng takes 80 to 450."""
TRIES = 5
AUDIBLE = 40
"""Samples that are no louder belong to the pause that espeak-ng adds at the end."""
VARIANTS = ("m3", "f2", "m7", "f4", "m1", "f5", "m6", "f3")
"""Voices of men and women in turn, in the order in which speakers appear."""
ACCENTS = {"en": "en-us"}

Samples = NDArray[np.int16]
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class SpeechFailure(Exception):
    """espeak-ng did not do what it was told; the text is for operators."""


class Mouth:
    """espeak-ng, which is one per process and safe in one thread only."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate_hz: int = self._library.espeak_Initialize(SYNCHRONOUS_OUTPUT, 0, data, 0)
        if self.sample_rate_hz <= 0:
            raise SpeechFailure(f"espeak-ng did not start: {self.sample_rate_hz}")
        self._heard: list[Samples] = []
        self._callback = Callback(self._hear)  # kept, for the library has only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, language: str, person: int, seconds: float) -> Samples:
        """``text`` in at most ``seconds``; ``person`` is the number of the speaker."""
        voice = f"{ACCENTS.get(language, language)}+{VARIANTS[person % len(VARIANTS)]}"
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise SpeechFailure(f"espeak-ng has no voice {voice}")
        allowed = round(seconds * self.sample_rate_hz)
        rate = float(USUAL_WORDS_PER_MINUTE)
        spoken = self._synthesise(text, rate)
        for _ in range(TRIES):
            wanted = min(max(rate * len(spoken) / allowed, SLOWEST_WORDS_PER_MINUTE), FASTEST_WORDS_PER_MINUTE)
            if len(spoken) <= allowed and wanted > rate * 0.9:
                break
            rate = wanted * 1.02
            spoken = self._synthesise(text, rate)
        return spoken[:allowed]

    def say(self, text: str, voice: str, words_per_minute: float, pitch: int) -> Samples:
        """``text`` in a voice of espeak-ng's, as long as it takes; ``pitch`` is 0 to 99."""
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise SpeechFailure(f"espeak-ng has no voice {voice}")
        self._library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
        return self._synthesise(text, words_per_minute)

    def _synthesise(self, text: str, words_per_minute: float) -> Samples:
        self._library.espeak_SetParameter(RATE_PARAMETER, round(words_per_minute), 0)
        self._heard.clear()
        spelt = text.encode()
        status = self._library.espeak_Synth(
            spelt, ctypes.c_size_t(len(spelt) + 1), 0, PUNCTUATION_AT_CHARACTER, 0, UTF8, None, None
        )
        if status:
            raise SpeechFailure(f"espeak-ng refused a text: {status}")
        whole = np.concatenate([*self._heard, np.zeros(0, np.int16)])
        audible = np.flatnonzero((whole > AUDIBLE) | (whole < -AUDIBLE))
        return whole[: audible[-1] + 1] if len(audible) else whole[:0]

    def _hear(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count:
            self._heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0
