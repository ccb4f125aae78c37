"""Whisper on this machine, through faster-whisper, in a process of its own: its memory goes when it goes, and the event
loop stays free."""

import asyncio
import hashlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.errors import ErrorCode, RecastError
from domain.listening import Heard
from resources.ffmpeg import STDERR_TAIL_LINES, end, keep_tail, spawn
from resources.speech.protocol import AudioForm, EngineProfile, Transcription

PROVIDER = "faster-whisper"
WORKER = (sys.executable, "-m", "resources.speech.worker")
ROOT = Path(__file__).resolve().parents[2]
MODEL_FILE = "model.bin"
MAX_SECONDS = 300.0
"""Of a chunk: the spectrogram of a whole chunk is in memory at once, about 3 MB for each of its seconds at worst."""
MAX_BYTES = 512 * 1024 * 1024
LONGEST_LINE_BYTES = 16 * 1024 * 1024
FINGERPRINT_BYTES = 1024 * 1024
QUIET = {"CT2_VERBOSE": "-1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Nothing is ever downloaded: a model that is not on this disk is an error."""


class LocalWhisper:
    """``folder`` is a CTranslate2 model of Whisper. One file is heard at a time, on all cores; the process starts with
    the first one and ends with ``close``."""

    at_once = 1

    def __init__(self, folder: Path, *, timeout_seconds: float) -> None:
        self.profile = profile_of(folder)
        self._folder = folder
        self._timeout_seconds = timeout_seconds
        self._process: Process | None = None
        self._last_words: deque[str] = deque(maxlen=STDERR_TAIL_LINES)
        self._listening: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def transcribe(self, audio: Path, *, seconds: float, language: str | None) -> Transcription:
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    question = {"audio": str(audio), "language": language}
                    # A worker that somebody has killed is replaced, once.
                    answer = await self._ask(question) or await self._ask(question)
            except TimeoutError:
                await self._end()
                raise RecastError(
                    ErrorCode.AI_PROVIDER_FAILURE,
                    "Transcribing took longer than it may.",
                    cause=f"a chunk was not heard within {self._timeout_seconds} s",
                ) from None
            except BaseException:
                # Half an answer would be taken for the next one's.
                await self._end()
                raise
        if answer is None:
            raise RecastError(
                ErrorCode.AI_PROVIDER_FAILURE,
                "The audio could not be transcribed.",
                cause=f"the transcriber ended: {chr(10).join(self._last_words) or 'nothing on stderr'}",
            )
        if answer.get("error"):
            raise RecastError(
                ErrorCode.AI_PROVIDER_FAILURE, "The audio could not be transcribed.", cause=str(answer["error"])
            )
        return Transcription(Heard.model_validate(answer["heard"]), metadata=answer.get("metadata"))

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """None when the worker has died over it."""
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        except (BrokenPipeError, ConnectionResetError):
            line = b""
        if not line:
            await self._end()
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _running(self) -> Process:
        if self._process is None:
            self._last_words.clear()
            self._process = await spawn(
                (*WORKER, str(self._folder)), stdin=PIPE, cwd=ROOT, environment=QUIET, limit=LONGEST_LINE_BYTES
            )
            self._listening = asyncio.create_task(keep_tail(self._process.stderr, self._last_words))
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            await end(process)
        if self._listening:
            await asyncio.wait({self._listening})
            self._listening = None


def profile_of(folder: Path) -> EngineProfile:
    """Raises PROVIDER_NOT_CONFIGURED unless the model is on this disk."""
    if not (folder / MODEL_FILE).is_file():
        raise RecastError(
            ErrorCode.PROVIDER_NOT_CONFIGURED,
            "Transcribing is not set up on this server.",
            cause=f"RECAST_WHISPER_MODEL is {str(folder)!r}, which has no {MODEL_FILE}: set it to the folder of a"
            " CTranslate2 model of Whisper. Nothing is downloaded by itself; fetch one with, for example,"
            " `hf download Systran/faster-whisper-small --local-dir models/small`.",
        )
    return EngineProfile(
        provider=PROVIDER,
        model=folder.name,
        version=_fingerprint(folder),
        audio=AudioForm.WAV,
        max_seconds=MAX_SECONDS,
        max_bytes=MAX_BYTES,
        usd_per_minute=Decimal(0),
    )


def _fingerprint(folder: Path) -> str:
    """Tells models apart without reading gigabytes: by size, beginning and end of the weights."""
    weights = folder / MODEL_FILE
    size = weights.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with weights.open("rb") as file:
        digest.update(file.read(FINGERPRINT_BYTES))
        file.seek(max(0, size - FINGERPRINT_BYTES))
        digest.update(file.read(FINGERPRINT_BYTES))
    return digest.hexdigest()[:16]
