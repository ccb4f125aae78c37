"""Starts services in the order of their needs, keeps them alive, and leaves nothing behind."""

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from cli.stack.folder import StackFolder
from cli.stack.problems import ServiceFailed, StackError
from cli.stack.processes import end, marked_processes, send, session_members, spawn
from cli.stack.service import Progress, Report, Service, Step, Task, say_nothing

MAX_DEATHS = 5
DEATHS_WINDOW_SECONDS = 60.0
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 8.0
# What a stopped service has started itself gets this long to end before it is killed.
CHILDREN_GRACE_SECONDS = 3.0


@dataclass
class Child:
    """A service's process."""

    process: asyncio.subprocess.Process
    create_time: float

    @property
    def pid(self) -> int:
        return self.process.pid


class Supervisor:
    """``changed`` is called whenever a process has been started or has ended."""

    def __init__(
        self,
        folder: StackFolder,
        steps: Sequence[Step],
        report: Report = say_nothing,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._steps = {step.name: step for step in steps}
        self._report = report
        self._changed = changed
        self._ready = {name: asyncio.Event() for name in self._steps}
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._hurry = asyncio.Event()
        self._failed = asyncio.Event()
        self.failure: StackError | None = None
        self.children: dict[str, Child] = {}
        for step in steps:
            if missing := [need for need in step.depends_on if need not in self._steps]:
                raise StackError(f"{step.name} needs {', '.join(missing)}, which is not part of the stack.")

    async def start(self) -> None:
        """Return when every service is ready and every task done; on an error nothing is left running."""
        for step in self._steps.values():
            if isinstance(step, Service):
                self._rotate_log(step)
        climbing = [asyncio.create_task(self._bring_up(step)) for step in self._steps.values()]
        try:
            await asyncio.gather(*climbing)
        except BaseException:
            for task in climbing:
                task.cancel()
            await asyncio.gather(*climbing, return_exceptions=True)
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything, users before what they use, and see that no process of the stack is left."""
        self._stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        stopped = {name: asyncio.Event() for name in self._steps}

        async def stop_in_turn(step: Step) -> None:
            for user in self._steps.values():
                if step.name in user.depends_on or (isinstance(user, Service) and step.name in user.uses):
                    await stopped[user.name].wait()
            try:
                if isinstance(step, Service):
                    await self._stop_service(step)
            finally:
                stopped[step.name].set()

        await asyncio.gather(*(stop_in_turn(step) for step in self._steps.values()))
        await end(marked_processes(self._folder.key), CHILDREN_GRACE_SECONDS)
        self._changed()

    def hurry(self) -> None:
        """Cut every grace short."""
        self._hurry.set()

    async def failed(self) -> StackError:
        """Return when a service could not be kept alive."""
        await self._failed.wait()
        assert self.failure is not None
        return self.failure

    async def _bring_up(self, step: Step) -> None:
        for need in step.depends_on:
            await self._ready[need].wait()
        began = time.monotonic()
        self._report(Progress(step.name, "starting"))
        try:
            if isinstance(step, Service):
                await self._await_ready(step, await self._launch(step))
                self._watchers.append(asyncio.create_task(self._watch(step)))
            else:
                await self._perform(step)
        except Exception as error:
            self._report(Progress(step.name, "failed", time.monotonic() - began, str(error)))
            raise
        self._report(Progress(step.name, "ready", time.monotonic() - began))
        self._ready[step.name].set()

    async def _perform(self, task: Task) -> None:
        try:
            await asyncio.wait_for(task.action(), task.deadline_seconds)
        except TimeoutError:
            log = self._folder.log(task.name)
            raise ServiceFailed(task.name, f"was not done after {task.deadline_seconds:.0f} s", log) from None

    async def _launch(self, service: Service) -> Child:
        if service.prepare is not None:
            await service.prepare()
        process = await spawn(
            service.command,
            env=service.env,
            cwd=service.cwd,
            log=self._folder.log(service.name),
            key=self._folder.key,
            stop_signal=service.stop_signal,
            account=service.account,
        )
        try:
            create_time = psutil.Process(process.pid).create_time()
        except psutil.NoSuchProcess:
            create_time = time.time()
        child = self.children[service.name] = Child(process, create_time)
        self._changed()
        return child

    async def _await_ready(self, service: Service, child: Child) -> None:
        until = time.monotonic() + service.deadline_seconds
        pause = 0.05
        while True:
            with contextlib.suppress(TimeoutError):
                answered = await asyncio.wait_for(service.ready(), max(0.0, until - time.monotonic()))
                # Somebody else's server may answer on the port that ours failed to bind.
                if answered and child.process.returncode is None:
                    return
            if child.process.returncode is not None:
                raise self._failure_of(service, f"{_end_of(child)} before it was ready")
            if time.monotonic() >= until:
                raise self._failure_of(service, f"was not ready after {service.deadline_seconds:.0f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, 0.25)

    async def _watch(self, service: Service) -> None:
        """Start the service again whenever it dies, later each time, and give up if it dies too often."""
        deaths: deque[float] = deque()
        while True:
            child = self.children[service.name]
            await child.process.wait()
            if self._stopping:
                return
            now = time.monotonic()
            deaths.append(now)
            while now - deaths[0] > DEATHS_WINDOW_SECONDS:
                deaths.popleft()
            if len(deaths) > MAX_DEATHS:
                self._give_up(service, f"{_end_of(child)}, for the {len(deaths)}th time within a minute")
                return
            delay = min(FIRST_DELAY_SECONDS * 2 ** (len(deaths) - 1), LONGEST_DELAY_SECONDS)
            self._report(Progress(service.name, "restarting", text=f"{_end_of(child)}; starting it again in {delay} s"))
            if not service.has_workers:
                await end(session_members(child.pid), CHILDREN_GRACE_SECONDS)
            await asyncio.sleep(delay)
            began = time.monotonic()
            try:
                child = await self._launch(service)
                await self._await_ready(service, child)
            except Exception as error:  # a watcher that ends silently would leave its service dead for good
                self._report(Progress(service.name, "failed", time.monotonic() - began, str(error)))
                if child.process.returncode is None:
                    await self._end_child(service, child)
                continue
            self._report(Progress(service.name, "ready", time.monotonic() - began))

    def _give_up(self, service: Service, reason: str) -> None:
        self.failure = self._failure_of(service, reason)
        self._report(Progress(service.name, "failed", text=str(self.failure)))
        self._failed.set()

    async def _stop_service(self, service: Service) -> None:
        child = self.children.get(service.name)
        if child is None:
            return
        began = time.monotonic()
        self._report(Progress(service.name, "stopping"))
        await self._end_child(service, child)
        self._report(Progress(service.name, "stopped", time.monotonic() - began))
        self._changed()

    async def _end_child(self, service: Service, child: Child) -> None:
        if child.process.returncode is None:
            members = session_members(child.pid)
            send([one for one in members if service.has_workers or one.pid == child.pid], service.stop_signal)
            ended = asyncio.create_task(child.process.wait())
            hurried = asyncio.create_task(self._hurry.wait())
            await asyncio.wait(
                (ended, hurried), timeout=service.stop_grace_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            hurried.cancel()
            if not ended.done():
                await end(session_members(child.pid), 0, signal.SIGKILL)
            await ended
        grace = 0.0 if self._hurry.is_set() else CHILDREN_GRACE_SECONDS
        await end(session_members(child.pid), grace)

    def _failure_of(self, service: Service, reason: str) -> ServiceFailed:
        return ServiceFailed(service.name, reason, self._folder.log(service.name))

    def _rotate_log(self, service: Service) -> None:
        log = self._folder.log(service.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))


def _end_of(child: Child) -> str:
    """How a process ended, in words: ``ended with exit code 1``, ``was killed by SIGKILL``."""
    code = child.process.returncode
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
