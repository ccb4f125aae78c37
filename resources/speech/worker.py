"""The process in which faster-whisper runs: `python -m resources.speech.worker MODEL_FOLDER`.

Reads one JSON object a line, ``{"audio": path, "language": code or null}``, and answers each with one line,
``{"heard": …, "metadata": …}`` or ``{"error": …}``. It ends when its input ends, so that it never outlives its parent.
"""

import json
import os
import sys
from typing import Any

from ctranslate2 import set_random_seed
from faster_whisper import WhisperModel

from domain.listening import Heard, HeardWord, words_of_segment

BEAM_SIZE = 5


def main(folder: str) -> None:
    # Libraries print; only answers belong on this pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # What is hard to hear is tried again by chance: the same sound shall give the same words.
    set_random_seed(0)
    model = WhisperModel(folder, device="auto", compute_type="int8", local_files_only=True, cpu_threads=_threads())
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = hear(model, question["audio"], question["language"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def hear(model: WhisperModel, audio: str, language: str | None) -> dict[str, Any]:
    segments, about = model.transcribe(
        audio, language=language if model.model.is_multilingual else None, beam_size=BEAM_SIZE, word_timestamps=True
    )
    words: list[HeardWord] = []
    for segment in segments:
        times = [(word.start, word.end) for word in segment.words or ()]
        words += words_of_segment(segment.text, segment.start, segment.end, times=times)
    heard = Heard(words=tuple(words), language=about.language)
    return {"heard": heard.model_dump(mode="json"), "metadata": {"seconds": about.duration}}


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main(sys.argv[1])
