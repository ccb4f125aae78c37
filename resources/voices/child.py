"""A process that answers questions, one JSON object a line: for libraries that must not share this one."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from pathlib import Path
from typing import Any

from domain.errors import ErrorCode, RecastError
from resources.ffmpeg import STDERR_TAIL_LINES, end, keep_tail, spawn
from resources.scratch import scratch_folder
from resources.voices.protocol import UnspeakableError

ROOT = Path(__file__).resolve().parents[2]
Mark = tuple[int, float]
"""The place of a letter in a text, and the second at which it is said."""
LONGEST_LINE_BYTES = 16 * 1024 * 1024
QUIET = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Nothing is ever downloaded: a model that is not on this disk is an error."""


class Child:
    """``python -m module arguments``, started with the first question and ended by ``close``; it answers one question
    at a time. An answer with ``error`` is a failure, and with ``is_refused`` too the question itself was wrong."""

    def __init__(self, module: str, *arguments: str, timeout_seconds: float) -> None:
        self._command = (sys.executable, "-m", module, *arguments)
        self._timeout_seconds = timeout_seconds
        self._process: Process | None = None
        self._last_words: deque[str] = deque(maxlen=STDERR_TAIL_LINES)
        self._hearing: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def speak(self, question: dict[str, Any], *, more_seconds: float = 0.0) -> tuple[bytes, list[Mark]]:
        """The WAV file that it writes as its answer to ``question``, and the ``marks`` that it tells. Raises what `ask`
        raises."""
        with scratch_folder("voice") as folder:
            path = folder / "answer.wav"
            answer = await self.ask({**question, "path": str(path.absolute())}, more_seconds=more_seconds)
            marks = [(int(letter), float(second)) for letter, second in answer["marks"]]
            return await asyncio.to_thread(path.read_bytes), marks

    async def ask(self, question: dict[str, Any], *, more_seconds: float = 0.0) -> dict[str, Any]:
        """``more_seconds`` are for a question that takes longer than others. Raises AI_PROVIDER_FAILURE when it fails,
        dies twice over the question or is too late, and ``UnspeakableError`` when it refuses the question."""
        timeout_seconds = self._timeout_seconds + more_seconds
        async with self._turn:
            try:
                async with asyncio.timeout(timeout_seconds):
                    # A child that somebody has killed is replaced, once.
                    answer = await self._ask(question) or await self._ask(question)
            except TimeoutError:
                await self._end()
                raise self._failure(f"no answer within {timeout_seconds:g} s") from None
            except BaseException:
                # Half an answer would be taken for the next one's.
                await self._end()
                raise
        if answer is None:
            raise self._failure(f"the process ended: {chr(10).join(self._last_words) or 'nothing on stderr'}")
        if answer.get("is_refused"):
            raise UnspeakableError(str(answer["error"]))
        if "error" in answer:
            raise self._failure(str(answer["error"]))
        return answer

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    def _failure(self, cause: str) -> RecastError:
        said = f"{' '.join(self._command[1:3])}: {cause}"
        return RecastError(ErrorCode.AI_PROVIDER_FAILURE, "The voice engine failed.", cause=said)

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """None when the process has died over it."""
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
                self._command, stdin=PIPE, cwd=ROOT, environment=QUIET, limit=LONGEST_LINE_BYTES
            )
            self._hearing = asyncio.create_task(keep_tail(self._process.stderr, self._last_words))
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            await end(process)
        if self._hearing:
            await asyncio.wait({self._hearing})
            self._hearing = None
