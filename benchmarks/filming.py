"""Filming, measured: how much longer than its provider's latency a film takes, and what a run that waits holds.

Runs a stack of its own in a temporary folder and films through the sandbox's Replicate, at one latency after the other.
The sandbox has drawn every clip before, in a rehearsal, so that its own work is not measured; what the product does
with twenty clips that arrive at the same moment is bound by the cores of this machine.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from statistics import mean, median
from uuid import UUID

import httpx
from psycopg.rows import class_row
from rich.console import Console
from rich.table import Table

from benchmarks.books import Prediction, read_predictions
from benchmarks.customers import Customer, new_customer
from benchmarks.surroundings import surroundings
from cli.stack.background import running_stack
from cli.stack.processes import run_workers
from cli.stack.stack import Stack
from domain.profile import Aspect
from resources.database.connection import Connection, Database
from resources.database.records import Record

VIDEO = "talk0000001"
MODEL = "bytedance/seedance-2.0"
SEED = 7
POLL_SECONDS = 0.1
AIM_SHARE = 1.05
AIM_SECONDS = 6.0

COLUMNS = {
    "latency_s": "of each prediction, as the sandbox was told",
    "post_to_mp4_s": "from POST /jobs until the film is there",
    "aim_s": f"{AIM_SHARE:g} x latency + {AIM_SECONDS:g} s",
    "ratio": "post_to_mp4_s / latency_s",
    "in_flight": "predictions at once, at most",
    "to_clips_s": "from POST to the stage clips",
    "submitting_s": "from there to the last prediction's creation",
    "provider_s": "a prediction's own time, mean",
    "hearing_s": "from the last prediction's end to its clip: heard of, fetched, checked, encoded, stored",
    "joining_s": "from the last clip to the job's end",
}


class Marks(Record):
    """Moments of one job, by the database's clock."""

    posted: datetime
    clips_began: datetime
    last_clip: datetime
    ended: datetime


@dataclass(frozen=True)
class Filming:
    """One film: the figures of ``COLUMNS`` by name, and resident megabytes of its run while it waited."""

    figures: Mapping[str, float]
    waiting_rss_mb: float


@dataclass(frozen=True)
class Plan:
    scenes: int
    latencies: Sequence[float]
    aspect: Aspect


def measure(plan: Plan, console: Console) -> list[Filming]:
    settings = {"RECAST_SANDBOX_ACCESS_TOKEN_SECONDS": str(24 * 3600)}
    with tempfile.TemporaryDirectory(prefix="recast-filming-") as folder, surroundings(**settings):
        with running_stack(folder, ephemeral=True) as stack:
            films = asyncio.run(_measure(stack, plan, console))
        stack.folder.remove()
    return films


async def _measure(stack: Stack, plan: Plan, console: Console) -> list[Filming]:
    async with AsyncExitStack() as exits:
        database = Database(stack.environment()["RECAST_DATABASE_URL"])
        connection = await exits.enter_async_context(database.connect())
        sandbox = await exits.enter_async_context(httpx.AsyncClient(base_url=stack.urls["sandbox"]))
        films = []
        for number, latency in enumerate((0.0, *plan.latencies)):
            # A customer of its own owns none of these clips; the same seed asks for the same pictures.
            customer = await exits.enter_async_context(new_customer(stack))
            await customer.raise_budget()
            script_id = await customer.import_video(VIDEO)
            (await sandbox.post("/faults", json={"prediction_seconds": latency})).raise_for_status()
            film = await _film(stack, connection, customer, script_id, plan, latency)
            if number:
                films.append(film)
                seconds = film.figures["post_to_mp4_s"]
                console.print(f"  latency {latency:g} s: {seconds:.1f} s, {film.waiting_rss_mb:.0f} MB while it waited")
    return films


async def _film(
    stack: Stack, connection: Connection, customer: Customer, script_id: UUID, plan: Plan, latency: float
) -> Filming:
    options = {
        "max_scenes": plan.scenes,
        "seed": SEED,
        "aspect": plan.aspect,
        "provider": "replicate",
        "model": MODEL,
    }
    began = time.monotonic()
    job_id = (await customer.api.generate(script_id, options)).id
    watching = asyncio.create_task(_waiting_rss_mb(stack, connection, job_id, plan.scenes))
    job = await customer.finish(job_id, poll_seconds=POLL_SECONDS)
    seconds = time.monotonic() - began
    watching.cancel()
    samples = await watching
    if job.status != "succeeded":
        raise SystemExit(f"The film at a latency of {latency:g} s ended as {job.status}: {job.error}")
    predictions = await _predictions_of(stack, connection, job_id)
    marks = await _marks(connection, job_id)
    figures = {
        "latency_s": latency,
        "post_to_mp4_s": round(seconds, 1),
        "aim_s": round(AIM_SHARE * latency + AIM_SECONDS, 1),
        "ratio": round(seconds / latency, 2) if latency else 0.0,
        "in_flight": most_at_once(predictions),
        "to_clips_s": _between(marks.posted, marks.clips_began),
        "submitting_s": _between(marks.clips_began, max(one.created_at for one in predictions)),
        "provider_s": round(mean(_between(one.created_at, one.completed_at) for one in predictions), 2),
        "hearing_s": _between(max(one.completed_at for one in predictions if one.completed_at), marks.last_clip),
        "joining_s": _between(marks.last_clip, marks.ended),
    }
    return Filming(figures, median(samples) if samples else 0.0)


async def _waiting_rss_mb(stack: Stack, connection: Connection, job_id: UUID, scenes: int) -> list[float]:
    """Samples of the run's memory from when all is submitted until the first clip is kept; ends when canceled."""
    samples: list[float] = []
    try:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            cursor = await connection.execute(
                "select count(*) filter (where state = 'submitted') from provider_attempts where job_id = %s", (job_id,)
            )
            row = await cursor.fetchone()
            if row and row[0] == scenes:
                workers = await asyncio.to_thread(run_workers, stack.key)
                samples += [process.memory_info().rss / 2**20 for process in workers]
    except asyncio.CancelledError:
        return samples


async def _predictions_of(stack: Stack, connection: Connection, job_id: UUID) -> list[Prediction]:
    cursor = await connection.execute("select provider_request_id from provider_attempts where job_id = %s", (job_id,))
    ids = {row[0] for row in await cursor.fetchall()}
    return [one async for one in read_predictions(stack) if one.id in ids]


def most_at_once(predictions: Sequence[Prediction]) -> int:
    """How many were in flight together, at the fullest moment."""
    moments = [(one.created_at, 1) for one in predictions]
    moments += [(one.completed_at, -1) for one in predictions if one.completed_at]
    present = most = 0
    for _, change in sorted(moments):
        present += change
        most = max(most, present)
    return most


async def _marks(connection: Connection, job_id: UUID) -> Marks:
    cursor = connection.cursor(row_factory=class_row(Marks))
    await cursor.execute(
        """
        select jobs.created_at as posted, jobs.finished_at as ended,
          (select min(created_at) from job_events
            where job_id = jobs.id and stage = 'clips' and kind = 'stage_started') as clips_began,
          (select max(finished_at) from provider_attempts where job_id = jobs.id) as last_clip
        from jobs where id = %s
        """,
        (job_id,),
    )
    marks = await cursor.fetchone()
    assert marks
    return marks


def _between(first: datetime, then: datetime | None) -> float:
    return round((then - first).total_seconds(), 2) if then else 0.0


def tell(films: Sequence[Filming], scenes: int) -> None:
    table = Table(title=f"Filming {scenes} scenes", title_justify="left")
    table.add_column("figure")
    for film in films:
        table.add_column(f"{film.figures['latency_s']:g} s", justify="right")
    table.add_column("what it is")
    for name, meaning in COLUMNS.items():
        table.add_row(name, *(f"{film.figures[name]:g}" for film in films), meaning)
    Console().print(table)
    rows: dict[str, object] = {name: [film.figures[name] for film in films] for name in COLUMNS}
    rows["waiting_run_rss_mb"] = round(max(film.waiting_rss_mb for film in films))
    print(json.dumps(rows))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.filming")
    parser.add_argument("--latencies", type=float, nargs="+", default=[5, 20, 60], help="seconds, one film each")
    parser.add_argument("--scenes", type=int, default=20, help="of each film")
    parser.add_argument("--aspect", type=Aspect, default=Aspect.WIDE, choices=list(Aspect), help="of the film")
    given = parser.parse_args(arguments)
    plan = Plan(given.scenes, given.latencies, given.aspect)
    films = measure(plan, Console())
    tell(films, plan.scenes)
    if any(film.figures["in_flight"] < plan.scenes for film in films):
        sys.exit("Not all scenes were with the provider at once.")


if __name__ == "__main__":
    main()
