"""The process in which espeak-ng runs: `python -m resources.voices.espeak_worker`. The library keeps one voice for all
of its process, and does not bear being started twice in one.

Reads one JSON object a line, ``{"text": …, "voice": name, "pitch": 0 to 99, "words_per_minute": …, "path": …}``, writes
a WAV file and answers with one line: ``{"marks": [[letter, second], …]}``, the beginnings of the words, or
``{"error": …, "is_refused": …}``. It ends when its input ends, so that it never outlives its parent.
"""

import ctypes
import json
import os
import sys
import wave
from typing import Any

import espeakng_loader

SYNCHRONOUS_OUTPUT = 2
RATE_PARAMETER, PITCH_PARAMETER = 1, 3
BY_CHARACTER = 1
UTF8 = 1
ENDS_LIST, WORD = 0, 1
LATIN_NAMES = {"zh": "cmn", "no": "nb", "iw": "he", "in": "id"}
"""What espeak-ng calls languages whose tag it does not know."""


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h; of its last member, a union, only the size counts here."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # in milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


class Refused(Exception):
    """The question asks for what espeak-ng has not; the text is for users."""


class Mouth:
    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate_hz: int = self._library.espeak_Initialize(SYNCHRONOUS_OUTPUT, 0, data, 0)
        if self.sample_rate_hz <= 0:
            raise RuntimeError(f"espeak-ng did not start: {self.sample_rate_hz}")
        self._spoken = bytearray()
        self._marks: list[tuple[int, float]] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))
        self._callback = kind(self._hear)  # kept, for the library has only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, pitch: int, words_per_minute: int) -> tuple[bytes, list[tuple[int, float]]]:
        """Samples (16 bits, mono), and the letter and second at which each word begins."""
        self._choose(voice)
        self._library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
        self._library.espeak_SetParameter(RATE_PARAMETER, words_per_minute, 0)
        self._spoken.clear()
        self._marks.clear()
        spelt = text.encode()
        status = self._library.espeak_Synth(
            spelt, ctypes.c_size_t(len(spelt) + 1), 0, BY_CHARACTER, 0, UTF8, None, None
        )
        if status:
            raise RuntimeError(f"espeak-ng refused a text: {status}")
        return bytes(self._spoken), list(self._marks)

    def _choose(self, voice: str) -> None:
        """The voice, or that of its language without the region; Refused where espeak-ng does not speak it."""
        language, plus, variant = voice.partition("+")
        base = language.partition("-")[0]
        for name in dict.fromkeys((language, LATIN_NAMES.get(base, base))):
            if self._library.espeak_SetVoiceByName(f"{name}{plus}{variant}".encode()) == 0:
                return
        raise Refused(f"espeak-ng does not speak the language “{language}”.")

    def _hear(self, samples: int | None, count: int, events: Any) -> int:
        if samples and count > 0:
            self._spoken += ctypes.string_at(samples, count * 2)
        place = 0
        while events and events[place].type != ENDS_LIST:
            if events[place].type == WORD:
                self._marks.append((events[place].text_position - 1, events[place].audio_position / 1000))
            place += 1
        return 0


def main() -> None:
    # Libraries print; only answers belong on this pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    mouth = Mouth()
    for line in sys.stdin:
        try:
            answer = _answer(mouth, json.loads(line))
        except Refused as error:
            answer = {"error": str(error), "is_refused": True}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(mouth: Mouth, asked: dict[str, Any]) -> dict[str, Any]:
    samples, marks = mouth.speak(asked["text"], asked["voice"], asked["pitch"], asked["words_per_minute"])
    with wave.open(asked["path"], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(mouth.sample_rate_hz)
        file.writeframes(samples)
    return {"marks": marks}


if __name__ == "__main__":
    main()
