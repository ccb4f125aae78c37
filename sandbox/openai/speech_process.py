"""The process in which the sandbox's OpenAI speaks, and the way to it: espeak-ng is one per process.

`python -m sandbox.openai.speech_process` reads one JSON object a line (text, voice, words per minute, pitch, format)
and answers each with one line: the file in base64 and its seconds, or what went wrong.
"""

import asyncio
import base64
import io
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from sandbox.youtube.speech import Samples

PACKAGE_PARENT = Path(__file__).resolve().parents[2]
LONGEST_LINE_BYTES = 128 * 1024 * 1024
SAMPLE_RATE_HZ, OPUS_RATE_HZ = 24_000, 48_000
PAUSE_SECONDS = 0.2
"""Of silence around the words, as the service's own answers have it."""
ENCODINGS = {"mp3": ("mp3", "mp3"), "opus": ("ogg", "libopus"), "aac": ("adts", "aac"), "flac": ("flac", "flac")}
"""Container and codec; the two that are written by hand are not here."""
UNTOLD_SIZE = (2**32 - 1).to_bytes(4, "little")
"""In the head of a WAV file whose length nobody knows yet: the service streams it."""


@dataclass(frozen=True, slots=True)
class Saying:
    text: str
    voice: str
    words_per_minute: float
    pitch: int
    form: str


class SpeechFailed(Exception):
    """Nothing was spoken; the text is for operators."""


class SpeechProcess:
    """Started with the first saying; one is spoken at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def say(self, saying: Saying) -> tuple[bytes, float]:
        """The file, and its seconds. Raises SpeechFailed."""
        async with self._turn:
            try:
                answer = await self._ask(saying)
            except BaseException:
                await self._end()  # half an answer would be taken for the next one's
                raise
        if "error" in answer:
            raise SpeechFailed(answer["error"])
        return base64.b64decode(answer["file"]), answer["seconds"]

    async def close(self) -> None:
        await self._end()

    async def _ask(self, saying: Saying) -> dict[str, Any]:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sandbox.openai.speech_process"),
                cwd=PACKAGE_PARENT,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                limit=LONGEST_LINE_BYTES,
            )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(saying)).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise SpeechFailed("the process that speaks has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def main() -> None:
    from sandbox.youtube.speech import Mouth

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries print
    mouth = Mouth()
    for line in sys.stdin:
        saying = Saying(**json.loads(line))
        try:
            spoken = mouth.say(saying.text, saying.voice, saying.words_per_minute, saying.pitch)
            samples = _resampled(_with_pauses(spoken, mouth.sample_rate_hz), mouth.sample_rate_hz, SAMPLE_RATE_HZ)
            file = base64.b64encode(_encoded(samples, saying.form)).decode()
            answer = {"file": file, "seconds": len(samples) / SAMPLE_RATE_HZ}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _with_pauses(spoken: "Samples", rate: int) -> "Samples":
    pause = np.zeros(round(PAUSE_SECONDS * rate), np.int16)
    return np.concatenate([pause, spoken, pause])


def _resampled(samples: "Samples", rate: int, wanted: int) -> "Samples":
    resampler = av.AudioResampler(format="s16", layout="mono", rate=wanted)
    frames = [*resampler.resample(_frame(samples, rate)), *resampler.resample(None)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


def _encoded(samples: "Samples", form: str) -> bytes:
    if form == "pcm":
        return samples.tobytes()
    if form == "wav":
        return _wav_head() + samples.tobytes()
    container, codec = ENCODINGS[form]
    rate = OPUS_RATE_HZ if form == "opus" else SAMPLE_RATE_HZ
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        output.mux(stream.encode(_frame(_resampled(samples, SAMPLE_RATE_HZ, rate), rate)))
        output.mux(stream.encode(None))
    return file.getvalue()


def _frame(samples: "Samples", rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    frame.pts = 0
    return frame


def _wav_head() -> bytes:
    numbers = ((16, 4), (1, 2), (1, 2), (SAMPLE_RATE_HZ, 4), (SAMPLE_RATE_HZ * 2, 4), (2, 2), (16, 2))
    described = b"".join(value.to_bytes(size, "little") for value, size in numbers)
    return b"RIFF" + UNTOLD_SIZE + b"WAVEfmt " + described + b"data" + UNTOLD_SIZE


if __name__ == "__main__":
    main()
