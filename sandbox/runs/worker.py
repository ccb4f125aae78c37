"""Takes runs through their life in the background: waiting, processing, done, billed and announced."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from sandbox.billing import Charge, Ledger, identity_of, prompt_of
from sandbox.faults import Fault, Trouble
from sandbox.runs.store import Run, RunStore, Status
from sandbox.runs.webhooks import Message, WebhookSender

WAITING_SHARE = 0.25
"""How much of its time a run waits before it starts."""
MAX_RUN_SECONDS = 30 * 60
REPLAYED_AGE_SECONDS = 3600
SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Produced:
    output: Any
    logs: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """``amount`` is in US dollars; ``work`` is the input in words that are the same for the same work."""

    amount: Decimal
    work: Mapping[str, Any]


class RunFailed(Exception):
    """``error`` is the JSON that stands in the run's error."""

    def __init__(self, error: Any, logs: str = "") -> None:
        super().__init__(str(error))
        self.error = error
        self.logs = logs


class Trade(Protocol):
    """What one service brings to its runs. ``webhook_retries`` are for the last event of a run only."""

    name: str
    webhook_retries: int

    async def perform(self, run: Run) -> Produced:
        """The work itself. Raises ``RunFailed``."""
        ...

    def bill(self, run: Run) -> Bill | None:
        """What a run that has ended costs; nothing if it is not billed."""
        ...

    def concluded(self, run: Run) -> None:
        """Called once when a run has ended, before anybody is told."""
        ...

    def timed_out(self) -> Any:
        """The error of a run that took too long."""
        ...

    def message(self, run: Run, *, forged: bool = False) -> Message:
        """The webhook about ``run`` as it is now; ``forged`` as a stranger would write it."""
        ...


class Worker:
    """One per service. ``slow_seconds`` is added to the time of a slow run."""

    def __init__(
        self,
        trade: Trade,
        store: RunStore,
        ledger: Ledger,
        trouble: Trouble,
        sender: WebhookSender,
        clock: Callable[[], float],
        prediction_seconds: float,
        slow_seconds: float,
    ) -> None:
        self._trade = trade
        self._store = store
        self._ledger = ledger
        self._trouble = trouble
        self._sender = sender
        self._clock = clock
        self._prediction_seconds = prediction_seconds
        self._slow_seconds = slow_seconds
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    def accept(self, run: Run) -> None:
        """Keep a new run, with the seconds that it will take unless the sandbox is stopped, and begin its life."""
        run = replace(run, details={**run.details, SECONDS: self._seconds(run)})
        self._store.add(run)
        self._announce(run, "start")
        self._begin(run)

    def resume(self) -> None:
        """Go on with what was unfinished when the sandbox was stopped."""
        for run in self._store.unfinished(self._trade.name):
            self._begin(run)

    def settled(self, run: Run) -> Run:
        """The run as the clock has it: ended, if its deadline or the longest time has passed."""
        now = self._clock()
        if run.status.is_final:
            return run
        if run.deadline_at is not None and now >= run.deadline_at:
            return self._stop(run, Status.CANCELED if run.started_at else Status.ABORTED)
        if run.started_at is not None and now - run.started_at >= MAX_RUN_SECONDS:
            return self._stop(run, Status.FAILED, self._trade.timed_out())
        return run

    def cancel(self, run: Run) -> Run:
        """Canceled now, unless it had ended."""
        return self._stop(run, Status.CANCELED)

    async def wait(self, run: Run, seconds: float) -> Run:
        """The run when it has ended, or as it is after ``seconds``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._now(run).status.is_final)
        return self._now(run)

    async def close(self) -> None:
        tasks = [*self._lives.values(), *self._errands]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, run: Run) -> None:
        life = asyncio.create_task(self._live(run))
        self._lives[run.id] = life
        life.add_done_callback(lambda _: self._lives.pop(run.id, None))
        if run.deadline_at is not None:
            self._run_errand(self._watch(run, run.deadline_at - self._clock()))

    async def _live(self, run: Run) -> None:
        """The work begins with the wait: on the real service somebody else's machine does it, here this one."""
        seconds = self._seconds(run)
        if Fault.STUCK_STARTING in run.faults:
            return
        work = asyncio.create_task(self._trade.perform(run))
        work.add_done_callback(_look_at)
        try:
            if run.status is Status.STARTING:
                await asyncio.sleep(seconds * WAITING_SHARE)
                if self._store.start(run.id, self._clock()) is None:
                    return
                await self._tell()
            if Fault.STUCK in run.faults:
                return
            await asyncio.sleep(seconds * (1 - WAITING_SHARE))
            produced = await work
            ended = self._store.end(run.id, Status.SUCCEEDED, self._clock(), output=produced.output, logs=produced.logs)
        except RunFailed as failure:
            ended = self._store.end(run.id, Status.FAILED, self._clock(), error=failure.error, logs=failure.logs)
        finally:
            work.cancel()
            await asyncio.wait([work])
        if ended:
            self._conclude(ended)

    async def _watch(self, run: Run, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
        self.settled(self._now(run))

    def _stop(self, run: Run, status: Status, error: Any = None) -> Run:
        ended = self._store.end(run.id, status, self._clock(), error=error)
        if ended is None:
            return self._now(run)
        if life := self._lives.get(run.id):
            life.cancel()
        self._conclude(ended)
        return ended

    def _conclude(self, run: Run) -> None:
        if bill := self._trade.bill(run):
            self._ledger.charge(
                Charge(
                    service=run.service,
                    id=run.id,
                    kind=run.status,
                    model=run.model,
                    identity=identity_of(run.model, bill.work),
                    prompt=prompt_of(run.input),
                    seed=run.input.get("seed"),
                    webhook=run.webhook,
                    input=run.input,
                    amount=bill.amount,
                    at=self._clock(),
                )
            )
        self._trade.concluded(run)
        self._announce(run, "completed")
        self._run_errand(self._tell())

    def _announce(self, run: Run, event: str) -> None:
        if not run.webhook or event not in run.events or Fault.WEBHOOK_LOST in run.faults:
            return
        self._run_errand(self._send(run, retries=self._trade.webhook_retries if event == "completed" else 0))

    async def _send(self, run: Run, retries: int) -> None:
        message = self._trade.message(run)
        if Fault.WEBHOOK_FORGED in run.faults:
            await self._sender.send(self._trade.message(run, forged=True))
        await self._sender.send(message, retries=retries)
        if Fault.WEBHOOK_DOUBLED in run.faults:
            await self._sender.send(message)
        if Fault.WEBHOOK_REPLAYED in run.faults:
            await self._sender.send(message, age_seconds=REPLAYED_AGE_SECONDS)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _run_errand(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def _now(self, run: Run) -> Run:
        return self._store.get(run.service, run.kind, run.id) or run

    def _seconds(self, run: Run) -> float:
        changed = self._trouble.controls.prediction_seconds
        seconds = self._prediction_seconds if changed is None else changed
        return seconds + (self._slow_seconds if Fault.SLOW in run.faults else 0.0)


def _look_at(work: asyncio.Task[Produced]) -> None:
    """The error of work that nobody waits for any more is nobody's concern."""
    if not work.cancelled():
        work.exception()
