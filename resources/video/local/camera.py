"""The local provider: free, on this machine, one process a scene."""

import asyncio
import errno
import json
import os
import shutil
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.ffmpeg import STDERR_TAIL_LINES, end, keep_tail, spawn
from resources.settings import Settings
from resources.video.protocol import Confirm, Handle, Order, Take, TakeStatus, nothing_to_confirm

RENDERER = (sys.executable, "-m", "resources.video.local.render")
ROOT = Path(__file__).resolve().parents[3]
CLIP = "clip.mp4"
KEEP_SECONDS = 24 * 3600
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "268435456", "MALLOC_TRIM_THRESHOLD_": "268435456"}
"""Have glibc keep the memory of one frame for the next: giving it back and forth cost a tenth of the time."""


@dataclass(slots=True, eq=False)
class _Rendering:
    """One shot of this process, and its latest take."""

    folder: Path
    order: bytes
    take: Take = field(default_factory=lambda: Take(status=TakeStatus.QUEUED))
    process: Process | None = None


@dataclass(frozen=True, slots=True)
class _Renderer:
    """A process that draws, and the last lines of what it complained about."""

    process: Process
    last_words: deque[str]
    listening: asyncio.Task[None]

    @classmethod
    async def start(cls) -> "_Renderer":
        process = await spawn(RENDERER, stdin=PIPE, cwd=ROOT, environment=KEEP_MEMORY)
        last_words: deque[str] = deque(maxlen=STDERR_TAIL_LINES)
        return cls(process, last_words, asyncio.create_task(keep_tail(process.stderr, last_words)))

    async def end(self) -> None:
        await end(self.process)
        await self.listening


class LocalCamera:
    """Films by drawing, in at most ``parallel`` processes at once; further scenes are queued.

    A process draws one scene after the other, because starting it costs as much as a second of film, and ends when
    no scene waits. ``folder`` holds clips for a day, so that a fetch can be repeated. A handle that outlives this
    process answers ``succeeded`` when the clip was finished, else ``expired``.
    """

    can_find = True

    def __init__(
        self,
        profile: ModelProfile,
        folder: Path | None = None,
        *,
        parallel: int | None = None,
    ) -> None:
        self.profile = profile
        self._folder = folder or Path(tempfile.gettempdir()) / f"recast-local-{os.getuid()}"
        self._parallel = parallel or os.cpu_count() or 1
        self._renderings: dict[str, _Rendering] = {}
        self._queue: deque[_Rendering] = deque()
        self._crew: set[asyncio.Task[None]] = set()

    async def submit(
        self, order: Order, pictures: Mapping[UUID, Sequence[bytes]], confirm: Confirm = nothing_to_confirm
    ) -> Handle:
        await confirm()
        take_id = uuid4().hex
        folder = self._folder / take_id
        task = {
            "shot": order.shot.model_dump(mode="json"),
            "portraits": {str(one): b64encode(shown[0]).decode() for one, shown in pictures.items() if shown},
            "destination": str(folder / f"{CLIP}.part"),
        }
        rendering = _Rendering(folder, json.dumps(task).encode() + b"\n")
        self._renderings[take_id] = rendering
        if not self._crew:
            await asyncio.to_thread(_forget_old, self._folder)
        self._queue.append(rendering)
        if len(self._crew) < self._parallel:
            worker = asyncio.create_task(_draw_all(self._queue))
            self._crew.add(worker)
            worker.add_done_callback(self._crew.discard)
        return Handle(provider=self.profile.provider, request_id=take_id)

    async def find(self, order: Order, since: datetime) -> list[Handle]:
        """None: a scene that this process does not know is drawn by nobody, and costs nothing to draw again."""
        return []

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
        if rendering is None or rendering.take.status.is_final:
            return
        rendering.take = Take(status=TakeStatus.CANCELED, progress=rendering.take.progress)
        if rendering.process:
            await end(rendering.process)

    async def fetch(self, handle: Handle, destination: Path) -> None:
        take = await self.poll(handle)
        if take.status is not TakeStatus.SUCCEEDED:
            raise take.error or RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"the take is {take.status}")
        await asyncio.to_thread(_bring, self._folder / self._take_id(handle) / CLIP, destination)

    def _take_id(self, handle: Handle) -> str:
        if handle.provider != self.profile.provider or not handle.request_id.isalnum():
            raise RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"not a handle of the local provider: {handle!r}")
        return handle.request_id


async def _draw_all(queue: deque[_Rendering]) -> None:
    """Draw scenes of ``queue`` until it is empty. A renderer that died or was killed is replaced by a new one."""
    renderer: _Renderer | None = None
    try:
        while queue:
            rendering = queue.popleft()
            if rendering.take.status is TakeStatus.CANCELED:
                continue
            try:
                if renderer is None or renderer.process.returncode is not None:
                    renderer = await _Renderer.start()
                await _draw(rendering, renderer)
            except Exception as error:  # a take must reach an end, or its scene would wait for ever
                _fail(rendering, f"{type(error).__name__}: {error}")
            except asyncio.CancelledError:
                rendering.take = Take(status=TakeStatus.CANCELED, progress=rendering.take.progress)
                raise
            finally:
                if rendering.take.status is not TakeStatus.SUCCEEDED:
                    shutil.rmtree(rendering.folder, ignore_errors=True)
    finally:
        if renderer:
            await renderer.end()


async def _draw(rendering: _Rendering, renderer: _Renderer) -> None:
    """Have ``renderer`` draw one scene, and leave the outcome in ``rendering.take``."""
    process = renderer.process
    assert process.stdin is not None
    assert process.stdout is not None
    rendering.folder.mkdir(parents=True, exist_ok=True)
    rendering.process, rendering.take = process, Take(status=TakeStatus.RUNNING)
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(rendering.order)
        await process.stdin.drain()
    async for line in process.stdout:
        report = json.loads(line)
        if rendering.take.status is TakeStatus.CANCELED:
            break
        if report["error"]:
            return _fail(rendering, report["cause"], ErrorCode(report["error"]))
        if report["metadata"] is not None:
            (rendering.folder / f"{CLIP}.part").replace(rendering.folder / CLIP)
            rendering.take = Take(status=TakeStatus.SUCCEEDED, progress=100, metadata=report["metadata"])
            return None
        rendering.take = Take(status=TakeStatus.RUNNING, progress=report["progress"])
    await renderer.end()
    if rendering.take.status is not TakeStatus.CANCELED:
        last_words = "\n".join(renderer.last_words)
        _fail(rendering, f"the renderer ended with {process.returncode}: {last_words or 'nothing on stderr'}")


def _fail(rendering: _Rendering, cause: str | None, code: ErrorCode = ErrorCode.AI_PROVIDER_FAILURE) -> None:
    error = RecastError(code, cause=cause)
    rendering.take = Take(status=TakeStatus.FAILED, progress=rendering.take.progress, error=error)


def _forget_old(folder: Path) -> None:
    """Remove takes that nobody has come for in a day: their process died, or they were fetched long ago."""
    for take in folder.glob("*/"):
        with suppress(FileNotFoundError):  # another process clears the same folder
            if time.time() - take.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(take, ignore_errors=True)


def _bring(clip: Path, destination: Path) -> None:
    """Copy beside the destination, then rename: it is there whole or not at all."""
    unfinished = destination.with_name(f".{destination.name}.part")
    try:
        shutil.copyfile(clip, unfinished)
        unfinished.replace(destination)
    except OSError as error:
        code = ErrorCode.DISK_FULL if error.errno == errno.ENOSPC else ErrorCode.AI_PROVIDER_FAILURE
        raise RecastError(code, cause=str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def is_configured(settings: Settings) -> bool:
    return True


def camera(profile: ModelProfile, settings: Settings) -> LocalCamera:
    return LocalCamera(profile)
