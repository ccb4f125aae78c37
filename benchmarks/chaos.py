"""Blows against a running stack: processes are killed, or stopped and continued, in an order that a seed decides.

Blows fall by the work that is done and not by the clock, so that a slow machine is not struck more often for one scene
than a quick one, and so that they fall while something is being bought.
"""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import psutil

from cli.stack.processes import marked_processes, run_workers
from cli.stack.state import LiveStack

SERVICE_REST_SECONDS = 25.0
"""The supervisor gives a service up that dies more than five times a minute."""
STOPPED_SECONDS = (3.0, 15.0)
LATEST_SECONDS = 2.0
"""A blow falls up to so long after its step of the work: what is done between two steps is met as well."""
LOOK_SECONDS = 0.2


class Blow(StrEnum):
    """What is done to whom."""

    KILL_WORKER = "run workers killed"
    STOP_WORKER = "run workers stopped"
    KILL_CODE_SERVER = "code servers killed"
    KILL_DAEMON = "daemons killed"


MARKS = {Blow.KILL_CODE_SERVER: "api grpc", Blow.KILL_DAEMON: "dagster._daemon"}
ROUND = (*(Blow.KILL_WORKER,) * 4, *(Blow.STOP_WORKER,) * 3, Blow.KILL_CODE_SERVER, Blow.KILL_DAEMON)
"""What happens before anything happens more often, in any order."""


def service(stack: LiveStack, mark: str) -> psutil.Process | None:
    """The service whose command has ``mark`` in it, if it is there at this moment."""
    return next((one for one in marked_processes(stack.key) if mark in _command(one)), None)


@dataclass
class Chaos:
    """``steps_done`` tells how far the work has come; ``steps_a_blow`` lie between two blows, on average. ``blows``
    counts those that met somebody."""

    stack: LiveStack
    random: Random
    steps_done: Callable[[], Awaitable[int]]
    steps_a_blow: float
    blows: Counter[Blow] = field(default_factory=Counter)
    _stopped: dict[psutil.Process, float] = field(default_factory=dict)
    _service_at: float = 0.0

    @property
    def kills(self) -> int:
        return sum(count for blow, count in self.blows.items() if blow is not Blow.STOP_WORKER)

    async def reign(self) -> None:
        """Deal blows until canceled; then whoever is stopped goes on."""
        step = 0.0
        try:
            for blow in self._order():
                step = max(step, await self.steps_done()) + self.random.expovariate(1 / self.steps_a_blow)
                while await self.steps_done() < step:
                    await self._look_on()
                until = time.monotonic() + self.random.uniform(0, LATEST_SECONDS)
                while time.monotonic() < until or not await self._deal(blow):
                    await self._look_on()
        finally:
            self._continue(everybody=True)

    async def _look_on(self) -> None:
        await asyncio.sleep(LOOK_SECONDS)
        self._continue()

    def _order(self) -> Iterator[Blow]:
        while True:
            yield from self.random.sample(ROUND, len(ROUND))

    async def _deal(self, blow: Blow) -> bool:
        """False while there is nobody to meet, or a service is not to be met again yet."""
        target = await asyncio.to_thread(self._target, blow)
        if target is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            if blow is Blow.STOP_WORKER:
                target.send_signal(signal.SIGSTOP)
                self._stopped[target] = time.monotonic() + self.random.uniform(*STOPPED_SECONDS)
            else:
                target.kill()
            self.blows[blow] += 1
        return True

    def _target(self, blow: Blow) -> psutil.Process | None:
        if mark := MARKS.get(blow):
            if time.monotonic() - self._service_at < SERVICE_REST_SECONDS:
                return None
            self._service_at = time.monotonic()
            return service(self.stack, mark)
        spared = self._stopped.keys() if blow is Blow.STOP_WORKER else ()
        workers = [process for process in run_workers(self.stack.key) if process not in spared]
        return self.random.choice(sorted(workers, key=lambda process: process.pid)) if workers else None

    def _continue(self, *, everybody: bool = False) -> None:
        for process, until in [*self._stopped.items()]:
            if everybody or time.monotonic() >= until:
                del self._stopped[process]
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)


def _command(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
