"""The local provider: free, on this machine, one process a scene."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from domain.errors import ErrorCode, RecastError
from domain.shots import Shot
from resources.video.protocol import Handle, Take, TakeStatus

ROOT = Path(__file__).resolve().parents[3]
CLIP = "clip.mp4"
STDERR_TAIL_LINES = 12


@dataclass(slots=True)
class _Rendering:
    """One shot of this process: its latest take, the task that looks after it and the child that draws it."""

    folder: Path
    take: Take = field(default_factory=lambda: Take(status=TakeStatus.QUEUED))
    task: asyncio.Task[None] | None = None


class LocalCamera:
    """Films by drawing. At most ``parallel`` scenes are drawn at once, the others are queued.

    ``folder`` holds clips until they are fetched; ``font`` is a font file for captions in scripts that Roboto lacks.
    A handle that outlives its process answers ``succeeded`` when the clip was finished, else ``expired``.
    """

    name = "local"
    model = "flat"
    # Raised whenever the same shot would be drawn differently.
    model_version = "1"

    def __init__(self, folder: Path | None = None, *, parallel: int | None = None, font: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir()) / "recast-local"
        self._slots = asyncio.Semaphore(parallel or len(os.sched_getaffinity(0)))
        self._font = font
        self._renderings: dict[str, _Rendering] = {}

    async def submit(self, shot: Shot, portraits: Mapping[UUID, bytes]) -> Handle:
        take_id = uuid4().hex
        rendering = _Rendering(self._folder / take_id)
        self._renderings[take_id] = rendering
        order = {
            "shot": shot.model_dump(mode="json"),
            "portraits": {str(character): b64encode(picture).decode() for character, picture in portraits.items()},
            "destination": str(rendering.folder / f"{CLIP}.part"),
            "font": str(self._font) if self._font else None,
        }
        rendering.task = asyncio.create_task(self._film(rendering, json.dumps(order).encode() + b"\n"))
        return Handle(provider=self.name, reference={"take": take_id})

    async def poll(self, handle: Handle) -> Take:
        take_id = self._take_id(handle)
        if rendering := self._renderings.get(take_id):
            return rendering.take
        if (self._folder / take_id / CLIP).is_file():
            return Take(status=TakeStatus.SUCCEEDED, progress=100)
        return Take(
            status=TakeStatus.EXPIRED,
            error=RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause="the process that drew this scene is gone"),
        )

    async def cancel(self, handle: Handle) -> None:
        rendering = self._renderings.get(self._take_id(handle))
        if rendering is None or rendering.task is None or rendering.take.status.is_final:
            return
        rendering.task.cancel()
        with suppress(asyncio.CancelledError):
            await rendering.task
        rendering.take = Take(status=TakeStatus.CANCELED, progress=rendering.take.progress)

    async def fetch(self, handle: Handle, destination: Path) -> None:
        take = await self.poll(handle)
        if take.status is not TakeStatus.SUCCEEDED:
            raise take.error or RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"the take is {take.status}")
        folder = self._folder / self._take_id(handle)
        await asyncio.to_thread(_bring, folder / CLIP, destination)

    def _take_id(self, handle: Handle) -> str:
        take_id = handle.reference.get("take")
        if handle.provider != self.name or not isinstance(take_id, str) or not take_id.isalnum():
            raise RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"not a handle of the local provider: {handle!r}")
        return take_id

    async def _film(self, rendering: _Rendering, order: bytes) -> None:
        """Wait for a free slot, draw, and leave the outcome in ``rendering.take``; a failed take leaves no file."""
        try:
            async with self._slots:
                rendering.take = Take(status=TakeStatus.RUNNING)
                rendering.take = await _draw(rendering, order)
        except asyncio.CancelledError:
            rendering.take = Take(status=TakeStatus.CANCELED, progress=rendering.take.progress)
            raise
        except RecastError as error:
            rendering.take = Take(status=TakeStatus.FAILED, progress=rendering.take.progress, error=error)
        except OSError as error:
            failure = RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"{type(error).__name__}: {error}")
            rendering.take = Take(status=TakeStatus.FAILED, progress=rendering.take.progress, error=failure)
        finally:
            if rendering.take.status is not TakeStatus.SUCCEEDED:
                shutil.rmtree(rendering.folder, ignore_errors=True)


async def _draw(rendering: _Rendering, order: bytes) -> Take:
    """Run the renderer to its end. Raises ``RecastError`` with what it reported."""
    rendering.folder.mkdir(parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "resources.video.local.render"), cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    tail: deque[str] = deque(maxlen=STDERR_TAIL_LINES)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_order(process, order))
            tasks.create_task(_keep_tail(process, tail))
            last = tasks.create_task(_follow(process, rendering))
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.shield(process.wait())
    report = last.result()
    if report.get("error"):
        raise RecastError(ErrorCode(report["error"]), cause=report.get("cause"))
    if report.get("metadata") is None:
        raise RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause="the renderer died: " + "\n".join(tail))
    (rendering.folder / f"{CLIP}.part").replace(rendering.folder / CLIP)
    return Take(status=TakeStatus.SUCCEEDED, progress=100, metadata=report["metadata"])


async def _order(process: Process, order: bytes) -> None:
    """Send the order and leave standard input open: its end tells the renderer that nobody waits any more."""
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(order)
        await process.stdin.drain()


async def _keep_tail(process: Process, tail: deque[str]) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        tail.append(line.decode(errors="replace").rstrip())


async def _follow(process: Process, rendering: _Rendering) -> dict[str, Any]:
    """Keep the take's progress current; the last report tells the outcome."""
    assert process.stdout is not None
    report: dict[str, Any] = {}
    async for line in process.stdout:
        report = json.loads(line)
        rendering.take = Take(status=TakeStatus.RUNNING, progress=max(rendering.take.progress, report["progress"]))
    return report


def _bring(clip: Path, destination: Path) -> None:
    """Copy beside the destination, then rename: it is there whole or not at all."""
    unfinished = destination.with_name(f".{destination.name}.part")
    try:
        shutil.copyfile(clip, unfinished)
        unfinished.replace(destination)
    except OSError as error:
        code = ErrorCode.DISK_FULL if error.errno == 28 else ErrorCode.AI_PROVIDER_FAILURE
        raise RecastError(code, cause=str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
