"""A local stack as one thing: start it, wait, stop it."""

import asyncio
import contextlib
import signal
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from cli.stack.folder import StackFolder
from cli.stack.keys import keep_key_pair
from cli.stack.plan import StackPlan, keep_only
from cli.stack.ports import choose_ports
from cli.stack.postgres_home import postgres_home
from cli.stack.problems import AlreadyRunning, Interrupted
from cli.stack.recovery import end_leftovers
from cli.stack.secrets import keep_secrets
from cli.stack.service import Progress, Report, say_nothing
from cli.stack.state import RecordedProcess, read_state, write_state
from cli.stack.supervisor import Supervisor

STOP_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stack:
    """The local stack of one folder.

    ``ports`` and ``RECAST_PORT_…`` fix ports; ``ephemeral`` takes free ones for the rest. ``only`` names the steps to
    run (all, if None). ``durable=False`` trades safety of the data for speed. While the stack runs, SIGINT, SIGTERM
    and SIGHUP stop it (handled in the main thread alone), and a second one stops it at once.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        ports: Mapping[str, int] | None = None,
        ephemeral: bool = False,
        only: Collection[str] | None = None,
        durable: bool = True,
        report: Report = say_nothing,
    ) -> None:
        self.folder = StackFolder.at(folder)
        self._wanted_ports = ports
        self._ephemeral = ephemeral
        self._only = only
        self._durable = durable
        self._report = report
        # The lock goes with the process, however that ends.
        self._lock = FileLock(self.folder.lock, thread_local=False)
        self._stop_requested = asyncio.Event()
        self._plan: StackPlan | None = None
        self._supervisor: Supervisor | None = None
        self._ready = False

    @property
    def plan(self) -> StackPlan:
        """Ports, secrets and URLs; known once ``start`` has been called."""
        assert self._plan is not None, "the stack has not been started"
        return self._plan

    @property
    def key(self) -> str:
        return self.folder.key

    @property
    def urls(self) -> dict[str, str]:
        return self.plan.urls()

    def environment(self) -> dict[str, str]:
        """The settings with which the product's code, run here, uses this stack."""
        return self.plan.environment()

    async def start(self) -> None:
        """Return when everything is ready. On an error, or a request to stop, nothing is left running."""
        self._take_lock()
        try:
            self._listen_for_signals()
            supervisor = self._supervisor = await self._prepare()
            starting = asyncio.create_task(supervisor.start())
            await self._until_done_or_asked_to_stop(starting)
        except BaseException:
            self._release()
            raise
        self._ready = True
        self._write_state()

    async def wait(self) -> None:
        """Return when somebody asks the stack to stop; raise if a service could not be kept alive."""
        assert self._supervisor is not None
        asked = asyncio.create_task(self._stop_requested.wait())
        failed = asyncio.create_task(self._supervisor.failed())
        try:
            await asyncio.wait((asked, failed), return_when=asyncio.FIRST_COMPLETED)
            if failed.done():
                raise failed.result()
        finally:
            asked.cancel()
            failed.cancel()

    async def stop(self) -> None:
        """Stop everything; safe to call at any time and more than once."""
        if self._supervisor is None or not self._lock.is_locked:
            return
        self._ready = False
        stopping = asyncio.create_task(self._supervisor.stop())
        try:
            await asyncio.shield(stopping)
        finally:
            # Not even a cancelled caller leaves before the processes are gone.
            await asyncio.wait((stopping,))
            self._release()

    def request_stop(self) -> None:
        """What a signal does: once to stop in order, twice to stop at once."""
        if self._stop_requested.is_set() and self._supervisor is not None:
            self._supervisor.hurry()
        self._stop_requested.set()

    async def __aenter__(self) -> "Stack":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _prepare(self) -> Supervisor:
        home = await asyncio.to_thread(postgres_home, self.folder)
        if leftovers := await end_leftovers(self.folder, home.data):
            self._note(f"Ended what a killed stack had left running: {', '.join(leftovers)}")
        ports = choose_ports(self._wanted_ports, ephemeral=self._ephemeral)
        for moved in ports.moved:
            self._note(str(moved))
        secrets = keep_secrets(self.folder.secrets)
        keep_key_pair(self.folder)
        self._plan = StackPlan(self.folder, ports, secrets, home, durable=self._durable)
        steps = self._plan.steps()
        if self._only is not None:
            steps = keep_only(steps, self._only)
        return Supervisor(self.folder, steps, self._report, self._write_state)

    async def _until_done_or_asked_to_stop(self, starting: asyncio.Task[None]) -> None:
        asked = asyncio.create_task(self._stop_requested.wait())
        try:
            await asyncio.wait((starting, asked), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            if not starting.done():
                starting.cancel()
                await asyncio.wait((starting,))
        if starting.cancelled():
            raise Interrupted("The stack was stopped before it was ready.")
        starting.result()

    def _take_lock(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            state = read_state(self.folder)
            who = f" as pid {state.supervisor.pid}" if state else ""
            urls = "".join(f"\n    {name}: {url}" for name, url in state.urls.items()) if state else ""
            raise AlreadyRunning(f"The stack in {self.folder.root} already runs{who}.{urls}") from None

    def _release(self) -> None:
        self._forget_signals()
        self.folder.state.unlink(missing_ok=True)
        self._lock.release()

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_REQUESTS:
            # Refused outside the main thread, where somebody else decides when to stop.
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(number, self.request_stop)

    def _forget_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_REQUESTS:
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.remove_signal_handler(number)

    def _write_state(self) -> None:
        if self._supervisor is None or self._plan is None:
            return
        write_state(
            self.folder,
            ready=self._ready,
            ports=dict(self._plan.ports.ports),
            urls=self._plan.urls(),
            services={
                name: RecordedProcess(pid=child.pid, create_time=child.create_time)
                for name, child in self._supervisor.children.items()
                if child.process.returncode is None
            },
        )

    def _note(self, text: str) -> None:
        self._report(Progress("stack", "note", text=text))
