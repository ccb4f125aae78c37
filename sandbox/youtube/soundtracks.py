"""Soundtracks as files: each is made once, in a process of its own, and kept."""

import asyncio
import logging
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from pathlib import Path

from sandbox.youtube.soundtrack import Encoding, Soundtrack, command

PACKAGE_PARENT = Path(__file__).resolve().parents[2]
SHOWN_CHARACTERS = 2000
logger = logging.getLogger(__name__)


class MakingFailed(Exception):
    """The process that makes a soundtrack failed; the text is what it said."""


class Soundtracks:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        for part in self._folder.glob("*.part"):  # of a sandbox that was killed
            part.unlink(missing_ok=True)
        self._makings: dict[Path, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(1)

    def path(self, track: Soundtrack, encoding: Encoding) -> Path:
        return self._folder / f"{track.digest}.{encoding.suffix}"

    def size(self, track: Soundtrack, encoding: Encoding) -> int | None:
        """In bytes, once it is made."""
        path = self.path(track, encoding)
        return path.stat().st_size if path.exists() else None

    def begin(self, track: Soundtrack, encoding: Encoding) -> None:
        """Makes it behind the caller's back, unless it is there."""
        path = self.path(track, encoding)
        if not path.exists() and path not in self._makings:
            making = asyncio.create_task(self._make(track, encoding, path))
            self._makings[path] = making
            making.add_done_callback(lambda done: self._finished(path, done))

    def _finished(self, path: Path, making: asyncio.Task[None]) -> None:
        self._makings.pop(path, None)
        if not making.cancelled() and (failure := making.exception()):
            logger.warning("no sound: %s", failure)

    async def file(self, track: Soundtrack, encoding: Encoding) -> Path:
        """Raises MakingFailed. Whoever stops waiting does not stop the making."""
        self.begin(track, encoding)
        path = self.path(track, encoding)
        if making := self._makings.get(path):
            await asyncio.shield(making)
        return path

    async def close(self) -> None:
        """Ends what is being made."""
        makings = list(self._makings.values())
        for making in makings:
            making.cancel()
        await asyncio.gather(*makings, return_exceptions=True)

    async def _make(self, track: Soundtrack, encoding: Encoding, path: Path) -> None:
        async with self._turn:
            child = await asyncio.create_subprocess_exec(
                *command(track, encoding, path), cwd=PACKAGE_PARENT, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
            )
            try:
                _, said = await child.communicate()
            except asyncio.CancelledError:
                with suppress(ProcessLookupError):
                    child.terminate()
                await child.wait()
                for part in path.parent.glob(f"{path.stem}.{child.pid}.part"):
                    part.unlink(missing_ok=True)
                raise
        if child.returncode:
            raise MakingFailed(said.decode(errors="replace")[-SHOWN_CHARACTERS:])
