"""Speech to listen to, for benchmarks and tests: espeak-ng, spoken into a WAV file."""

import ctypes
import json
import subprocess
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

import espeakng_loader

from cli.stack.folder import CHECKOUT

SYNCHRONOUS = 2
RATE, WORD_GAP = 1, 7
UTF8 = 1
SPEED_WORDS_PER_MINUTE = 150

PARAGRAPHS = (
    "The old keeper of the museum walked slowly down to the water. He carried a small wooden box under his arm.",
    "Nobody in the village knew what was inside the box. Some people said that it was full of money.",
    "Others believed that it held letters from a long time ago. The children asked him every single morning.",
    "One day in the summer he sat down on the bench. He opened the box and showed them a map of the island.",
    "The map was drawn by his grandfather with a pencil. There were seven trees, two rivers and a mountain.",
    "Every child wanted to find the mountain before dinner. They took bread, apples and a bottle of milk.",
    "After three hours they came to the first river. The water was cold and the bridge was broken.",
    "They built a new bridge from branches and stones. Then they walked on until the sun went down.",
)


class Voice:
    """The library keeps one voice for the whole process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate: int = self._library.espeak_Initialize(SYNCHRONOUS, 0, data, 0)
        self._library.espeak_SetVoiceByName(b"en-us")
        self._library.espeak_SetParameter(RATE, SPEED_WORDS_PER_MINUTE, 0)
        self._spoken = bytearray()

        def hear(samples: int | None, count: int, _: int | None) -> int:
            if samples and count > 0:
                self._spoken += ctypes.string_at(samples, count * 2)
            return 0

        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(hear)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str) -> bytes:
        """16-bit mono samples at ``rate``."""
        self._spoken.clear()
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, UTF8, None, None)
        self._library.espeak_Synchronize()
        return bytes(self._spoken)


def speak(path: Path, paragraphs: Sequence[str] = PARAGRAPHS, *, pause_seconds: float = 1.0) -> Path:
    """Speak ``paragraphs`` into a WAV file, with a pause after each; in a process of its own, for the sandbox may have
    the library's one voice in this one."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.speech", str(path.absolute()), str(pause_seconds)],
        input=json.dumps(list(paragraphs)).encode(),
        cwd=CHECKOUT,
        check=True,
    )
    return path


def main(path: str, pause_seconds: str) -> None:
    voice = Voice()
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(voice.rate)
        for paragraph in json.load(sys.stdin):
            file.writeframes(voice.say(paragraph))
            file.writeframes(bytes(2 * int(voice.rate * float(pause_seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
