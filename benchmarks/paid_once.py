"""Paid once: films by a provider that loses answers, while workers and services are killed and stopped at random.

Runs a stack of its own in a temporary folder. Every charge of the sandbox's Replicate is held against the ledger: no
clip may have been paid for twice, none may be missing. The exit status is 1 when money, a scene or a job is lost.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from math import ceil
from random import Random
from typing import Any
from uuid import UUID

import httpx
from rich.console import Console

from benchmarks.books import compare, read_charges, read_entries, read_predictions
from benchmarks.chaos import Chaos
from benchmarks.customers import Customer, TooLate, new_customer
from benchmarks.report import tell
from benchmarks.surroundings import surroundings
from cli.stack.background import running_stack
from cli.stack.state import LiveStack
from domain.profile import Aspect
from resources.database.connection import Connection, Database
from resources.database.invariants import find_violations
from resources.settings import Settings
from resources.storage import Storage

VIDEO = "lecture0001"
MODEL = "bytedance/seedance-2.0-fast"
JOBS_PER_CUSTOMER = 5
"""At the model's highest price, five jobs of 40 scenes are well below the ceiling of a budget."""
STEPS_A_SCENE = 3
LOST_ANSWER, LOST_WEBHOOK = "timeout-after-accepting", "webhook-lost"
POLL_SECONDS = 3.0
NEWS_SECONDS = 15.0
QUIET_SECONDS = 120.0
HEADS_AT_ONCE = 16

AIMS: Mapping[str, float] = {"double_paid": 0, "lost": 0, "unfinished": 0, "violations": 0, "unrecorded": 0}
MEANINGS = {
    "scenes": "ordered",
    "kills": "kill -9 of run workers, code server and daemon",
    "stops": "SIGSTOP of a run worker, continued later",
    "lost_answers": "submissions that were accepted and never answered",
    "lost_webhooks": "predictions of which no webhook told",
    "charges": "what the provider took money for",
    "double_paid": "charges beyond one for each clip, or for no attempt at all",
    "unrecorded": "charges that the ledger has not down as paid",
    "lost": "scenes without an accepted clip in S3",
    "unfinished": "jobs that have not ended well",
    "parked": "attempts that an operator would have to decide on",
    "retried": "how often a job failed and was tried again through the API",
    "violations": "of the ledger's invariants",
    "minutes": "from the first order to the last film",
}


@dataclass(frozen=True)
class Plan:
    """``lost_answers`` and ``lost_webhooks`` are shares, from 0 to 1: what neither an answer nor a webhook tells of
    must be looked up. One blow falls for ``scenes_a_blow`` scenes, on average; ``in_flight`` is the provider's
    limit."""

    scenes: int = 1000
    seed: int = 1
    scenes_a_job: int = 40
    lost_answers: float = 0.05
    lost_webhooks: float = 0.5
    scenes_a_blow: float = 6.0
    in_flight: int = 40
    submit_seconds: float = 2.0
    absent_seconds: float = 8.0
    prediction_seconds: float = 1.5
    deadline_seconds: float = 3600.0

    @property
    def jobs(self) -> list[int]:
        """How many scenes each has."""
        whole, rest = divmod(self.scenes, self.scenes_a_job)
        return [self.scenes_a_job] * whole + ([rest] if rest else [])

    @property
    def settings(self) -> dict[str, str]:
        """The environment of the stack: impatient, so that much goes wrong, and never out of launches."""
        return {
            "RECAST_PROVIDER_SUBMIT_TIMEOUT_SECONDS": str(self.submit_seconds),
            "RECAST_UNKNOWN_ABSENT_SECONDS": str(self.absent_seconds),
            "RECAST_PROVIDER_LIMITS": json.dumps({"replicate": [self.in_flight, 6000]}),
            "RECAST_SCENE_TIMEOUT_SECONDS": "1200",
            "RECAST_RUN_START_SECONDS": "10",
            "RECAST_MAX_LAUNCHES": "1000",
            "RECAST_SANDBOX_PREDICTION_SECONDS": str(self.prediction_seconds),
            "RECAST_SANDBOX_CREATES_PER_MINUTE": "100000",
            "RECAST_SANDBOX_ACCESS_TOKEN_SECONDS": str(24 * 3600),
        }


@dataclass(frozen=True)
class Ordered:
    customer: Customer
    job_id: UUID


def measure(plan: Plan, console: Console) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="recast-paid-once-") as folder, surroundings(**plan.settings):
        with running_stack(folder, ephemeral=True) as stack:
            figures = asyncio.run(measure_on(stack, plan, console))
        stack.folder.remove()
    return figures


async def measure_on(stack: LiveStack, plan: Plan, console: Console) -> dict[str, float]:
    """On a stack that was started with the plan's settings, and has filmed nothing with a paid provider before."""
    async with AsyncExitStack() as exits:
        connection = await exits.enter_async_context(Database(stack.environment()["RECAST_DATABASE_URL"]).connect())
        steps = partial(_count_steps, connection)
        chaos = Chaos(stack, Random(plan.seed), steps, plan.scenes_a_blow * STEPS_A_SCENE)
        wanted = ceil(len(plan.jobs) / JOBS_PER_CUSTOMER)
        customers = [await exits.enter_async_context(new_customer(stack)) for _ in range(wanted)]
        scripts = [await _prepared(customer) for customer in customers]
        await _make_trouble(stack, {LOST_ANSWER: plan.lost_answers, LOST_WEBHOOK: plan.lost_webhooks}, plan.seed)
        began = time.monotonic()
        orders = await _order(customers, scripts, plan)
        background = [
            asyncio.create_task(chaos.reign()),
            asyncio.create_task(_tell_news(connection, chaos, console, began)),
        ]
        try:
            unfinished = await _see_through(orders, began + plan.deadline_seconds)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await _make_trouble(stack, {}, plan.seed)
        minutes = (time.monotonic() - began) / 60
        await _quiet(stack, console)
        figures: dict[str, float] = {
            "scenes": plan.scenes,
            "kills": chaos.kills,
            "stops": chaos.blows.total() - chaos.kills,
            **await _trouble_met(stack),
            **await _audit(stack, connection, orders, plan.scenes),
            "unfinished": unfinished,
            "retried": sum(customer.setbacks.total() for customer in customers),
            "minutes": round(minutes, 1),
        }
        _tell_details(customers, chaos, await find_violations(connection), console)
    return {name: figures[name] for name in MEANINGS}


async def _prepared(customer: Customer) -> UUID:
    await customer.raise_budget()
    return await customer.import_video(VIDEO)


async def _order(customers: Sequence[Customer], scripts: Sequence[UUID], plan: Plan) -> list[Ordered]:
    """Every job has a seed of its own, so no clip is owned already."""
    orders = []
    for number, scenes in enumerate(plan.jobs):
        turn = number % len(customers)
        options = {
            "max_scenes": scenes,
            "seed": number + 1,
            "aspect": Aspect.SQUARE,
            "provider": "replicate",
            "model": MODEL,
        }
        job = await customers[turn].api.generate(scripts[turn], options)
        orders.append(Ordered(customers[turn], job.id))
    return orders


async def _see_through(orders: Sequence[Ordered], until: float) -> int:
    """How many jobs have not ended well in time."""

    async def one(order: Ordered) -> bool:
        with suppress(TooLate):
            await order.customer.see_through(order.job_id, until=until, poll_seconds=POLL_SECONDS)
            return True
        return False

    return (await asyncio.gather(*map(one, orders))).count(False)


async def _quiet(stack: LiveStack, console: Console) -> None:
    """Wait for what the provider is still at: it will be charged too."""
    until = time.monotonic() + QUIET_SECONDS
    while open_ones := [one.id async for one in read_predictions(stack) if not one.is_over]:
        if time.monotonic() > until:
            console.print(f"  {len(open_ones)} predictions have not ended")
            return
        await asyncio.sleep(1)


async def _make_trouble(stack: LiveStack, rates: Mapping[str, float], seed: int) -> None:
    async with httpx.AsyncClient(base_url=stack.urls["sandbox"]) as sandbox:
        (await sandbox.post("/faults", json={"rates": rates, "seed": seed})).raise_for_status()


async def _trouble_met(stack: LiveStack) -> dict[str, float]:
    async with httpx.AsyncClient(base_url=stack.urls["sandbox"]) as sandbox:
        met: dict[str, int] = (await sandbox.get("/faults")).raise_for_status().json()["met"]
    return {"lost_answers": met.get(LOST_ANSWER, 0), "lost_webhooks": met.get(LOST_WEBHOOK, 0)}


async def _audit(stack: LiveStack, connection: Connection, orders: Sequence[Ordered], ordered: int) -> dict[str, float]:
    entries = await read_entries(connection)
    compared = compare(await read_charges(stack), entries)
    return {
        "charges": compared.charges,
        "double_paid": compared.double_paid,
        "unrecorded": compared.unrecorded,
        "lost": ordered - await _count_kept(stack, connection, orders),
        "parked": sum(entry.state == "parked" for entry in entries),
        "violations": len(await find_violations(connection)),
    }


async def _count_kept(stack: LiveStack, connection: Connection, orders: Sequence[Ordered]) -> int:
    """Scenes whose accepted clip is their user's and lies in S3."""
    with surroundings(**stack.environment()):
        storage = Storage(Settings())
    cursor = await connection.execute(
        """
        select job_scenes.s3_key from job_scenes
        join assets on assets.user_id = job_scenes.user_id and assets.clip_key = job_scenes.clip_key
        where job_scenes.job_id = any(%s) and job_scenes.status = 'succeeded' and not job_scenes.is_placeholder
        """,
        ([order.job_id for order in orders],),
    )
    places = asyncio.Semaphore(HEADS_AT_ONCE)

    async def is_there(key: str) -> bool:
        async with places:
            stored = await storage.head(key)
        return stored is not None and stored.size_bytes > 0

    return (await asyncio.gather(*(is_there(row[0]) for row in await cursor.fetchall()))).count(True)


async def _tell_news(connection: Connection, chaos: Chaos, console: Console, began: float) -> None:
    while True:
        await asyncio.sleep(NEWS_SECONDS)
        jobs = await _counted(connection, "select status, count(*) from jobs where type = 'generation' group by 1")
        scenes = await _counted(connection, "select status, count(*) from job_scenes group by 1")
        attempts = await _counted(connection, "select state, count(*) from provider_attempts group by 1")
        console.print(
            f"  {time.monotonic() - began:5.0f} s: jobs {_listed(jobs)}; scenes {_listed(scenes)};"
            f" attempts {_listed(attempts)}; {_listed(chaos.blows)}",
            soft_wrap=True,
        )


async def _count_steps(connection: Connection) -> int:
    """Attempts that are written down, known to the provider, and ended: ``STEPS_A_SCENE`` for one that goes well."""
    cursor = await connection.execute(
        "select count(*) + count(submitted_at) + count(finished_at) from provider_attempts"
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def _counted(connection: Connection, sql: str) -> dict[str, int]:
    cursor = await connection.execute(sql.encode())
    return dict(await cursor.fetchall())


def _listed(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


def _tell_details(customers: Sequence[Customer], chaos: Chaos, violations: Sequence[object], console: Console) -> None:
    console.print(f"  {_listed(chaos.blows)}")
    setbacks = sum((customer.setbacks for customer in customers), Counter[str]())
    if setbacks:
        console.print(f"  tried again after: {_listed(setbacks)}")
    for violation in violations:
        console.print(f"  violation: {violation}")


def main(arguments: Sequence[str] | None = None) -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.paid_once")
    parser.add_argument("--scenes", type=int, default=usual.scenes, help="ordered in all")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of lost answers and blows")
    parser.add_argument("--scenes-a-job", type=int, default=usual.scenes_a_job)
    parser.add_argument("--lost-answers", type=float, default=usual.lost_answers, help="share of submissions")
    parser.add_argument("--lost-webhooks", type=float, default=usual.lost_webhooks, help="share of predictions")
    parser.add_argument("--scenes-a-blow", type=float, default=usual.scenes_a_blow, help="on average")
    parser.add_argument("--in-flight", type=int, default=usual.in_flight, help="shots that the provider has at once")
    parser.add_argument("--minutes", type=float, help="until what has not ended counts as unfinished")
    given = parser.parse_args(arguments)
    plan = Plan(
        scenes=given.scenes,
        seed=given.seed,
        scenes_a_job=given.scenes_a_job,
        lost_answers=given.lost_answers,
        lost_webhooks=given.lost_webhooks,
        scenes_a_blow=given.scenes_a_blow,
        in_flight=given.in_flight,
        # Several times what it takes on two cores.
        deadline_seconds=60 * given.minutes if given.minutes else 900 + 10 * given.scenes,
    )
    figures = measure(plan, Console())
    tell("Paid once", figures, MEANINGS, AIMS)
    sys.exit(any(figures[name] for name in ("double_paid", "lost", "unfinished")))


if __name__ == "__main__":
    main()
