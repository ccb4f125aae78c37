"""Cores: as much heavy work on films at once as this machine has cores, whichever of its processes does it.

Ten runs on one machine that each kept to its cores would together be ten times too many, and take ten times the memory.
A place is a locked file, which the kernel lets go of when its process dies.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from resources.own_folder import own_folder

AGAIN_SECONDS = 0.1
QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""What a container is lent, in microseconds of each period: "200000 100000", or "max 100000" where it is all."""


def usable_cores(quota: Path = QUOTA) -> int:
    """How many cores this process may use: fewer than the machine's in a container, or where it is tied to some."""
    tied = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        lent, period = quota.read_text().split()
        return max(1, min(tied, int(lent) // int(period)))
    except (OSError, ValueError):
        return tied


class Cores:
    """For one event loop; any number of these share the places of their ``folder``."""

    def __init__(self, count: int | None = None, folder: Path | None = None) -> None:
        place = folder or own_folder("cores")
        self._files = [place / str(number) for number in range(count or usable_cores())]
        # So that of many who wait in this process only so many keep looking.
        self._here = asyncio.Semaphore(len(self._files))

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, and keep it. Whoever has one must not ask for another."""
        async with self._here:
            lock = await self._lock()
            try:
                yield
            finally:
                lock.release()

    async def _lock(self) -> FileLock:
        while True:
            for file in self._files:
                lock = FileLock(file, blocking=False)
                try:
                    lock.acquire()
                except Timeout:
                    continue
                return lock
            await asyncio.sleep(AGAIN_SECONDS * random.uniform(0.5, 1.5))
