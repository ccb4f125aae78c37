"""The process in which Kokoro speaks: `python -m resources.voices.kokoro_worker MODEL VOICES`. What makes phonemes of
its words is espeak-ng, of which a process bears one.

Reads one JSON object a line, ``{"text": …, "voice": name, "language": espeak-ng's, "speed": 0.5 to 2, "path": …}``,
writes a WAV file and answers with one line: ``{"marks": [[letter, second], …]}``, the beginnings of the words where the
weights tell them, or ``{"error": …, "is_refused": …}``. It ends when its input ends.
"""

import json
import os
import sys
import wave
from typing import Any

import numpy as np
import onnxruntime
from kokoro_onnx import Kokoro

from domain.speech import marks_of

THREADS = 2
"""More would take cores from the films beside it."""
LOUDEST = 32767


def main(model: str, voices: str) -> None:
    # Libraries print; only answers belong on this pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    kokoro = _opened(model, voices)
    for line in sys.stdin:
        try:
            answer = _answer(kokoro, json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _opened(model: str, voices: str) -> Kokoro:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return Kokoro.from_session(session, voices)


def _answer(kokoro: Kokoro, asked: dict[str, Any]) -> dict[str, Any]:
    phonemes = kokoro.tokenizer.phonemize(asked["text"], asked["language"])
    if not phonemes.strip():
        return {"error": "Kokoro has no sound for this text.", "is_refused": True}
    samples, rate, timings = kokoro.create_timed(
        phonemes, asked["voice"], speed=asked["speed"], is_phonemes=True, trim=False
    )
    with wave.open(asked["path"], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * LOUDEST).astype("<i2").tobytes())
    return {"marks": marks_of(asked["text"], [(one.phoneme, one.start) for one in timings])}


if __name__ == "__main__":
    main(*sys.argv[1:])
