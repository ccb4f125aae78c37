"""Quotes, measured: what random films were said to cost, against what the provider took and what the ledger tells.

Runs a stack of its own in a temporary folder and films through the sandbox's Replicate and fal, with every model on
offer. Some films repeat scenes that their user owns, some cast a character who has to be trained first.
"""

import argparse
import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from PIL import Image
from psycopg.rows import class_row
from rich.console import Console
from rich.table import Table

from benchmarks.books import read_charges
from benchmarks.customers import CAST, Customer, new_customer
from benchmarks.report import tell
from benchmarks.surroundings import surroundings
from cli.api_client import QuoteView
from cli.stack.background import running_stack
from cli.stack.stack import Stack
from resources.database.connection import Connection, Database
from resources.database.records import Record

VIDEO = "talk0000001"
CUSTOMERS = 4
MOST_SCENES = 3
SEEDS = (1, 2)
"""Few, so that films have scenes in common."""
ASPECTS = ("16:9", "9:16", "1:1")
SERVICES = ("replicate", "fal")
JOB_SECONDS = 600.0
PHOTO_SIZE = 512
SETTINGS = {
    "RECAST_SANDBOX_PREDICTION_SECONDS": "0.2",
    "RECAST_SANDBOX_CREATES_PER_MINUTE": "100000",
    "RECAST_SANDBOX_ACCESS_TOKEN_SECONDS": str(24 * 3600),
}

MEANINGS = {
    "jobs": "films, each of a random model, aspect, length, seed and cast",
    "billed_usd": "what the sandbox's services took for all of them",
    "free_lines": "of the quotes: what the user had already",
    "max_difference_percent": "of a film's bill, by which it lies outside its quote, at most",
    "max_ledger_difference_usd": "between a film's bill and the product's own ledger, at most",
    "widest_range_percent": "between a quote's low and high end, for models whose price is uncertain",
}
AIMS = {"max_difference_percent": 5.0, "max_ledger_difference_usd": 0.0}


@dataclass(frozen=True)
class Film:
    """One film: its quote, and what it came to, in US dollars."""

    model: str
    quote: QuoteView
    billed: Decimal
    ledger: Decimal

    @property
    def difference_percent(self) -> float:
        """How far the bill lies outside the quote; for a bill of nothing, 100 % of a quote that asked for something."""
        low, high = self.quote.low_usd, self.quote.high_usd
        billed = float(self.billed)
        outside = max(low - billed, billed - high, 0.0)
        return 100 * outside / billed if billed else 100.0 * (outside > 0)

    @property
    def range_percent(self) -> float:
        low, high = self.quote.low_usd, self.quote.high_usd
        return 100 * (high - low) / low if low else 0.0


class Paid(Record):
    provider_request_id: str | None
    cost_usd: Decimal | None


async def measure(stack: Stack, jobs: int, seed: int, console: Console) -> list[Film]:
    async with AsyncExitStack() as exits:
        customers = [await exits.enter_async_context(new_customer(stack)) for _ in range(CUSTOMERS)]
        ordered = await asyncio.gather(
            *(
                _serve(customer, Random(f"{seed}/{number}"), len(range(number, jobs, CUSTOMERS)), console)
                for number, customer in enumerate(customers)
            )
        )
        connection = await exits.enter_async_context(Database(stack.environment()["RECAST_DATABASE_URL"]).connect())
        charged = {
            charge.id: charge.amount for service in SERVICES for charge in await read_charges(stack, service=service)
        }
        return [await _held_together(connection, charged, *one) for of_customer in ordered for one in of_customer]


async def _serve(customer: Customer, random: Random, jobs: int, console: Console) -> list[tuple[str, QuoteView, UUID]]:
    """One film after the other, so that what a quote calls owned is owned for good."""
    await customer.raise_budget()
    script_id = await customer.import_video(VIDEO)
    models = [one for one in await customer.api.models() if one.provider != "local" and one.is_available]
    trained = await _add_trained(customer)
    films = []
    for _ in range(jobs):
        model = random.choice(models)
        await customer.api.cast(script_id, random.choice([CAST, CAST[:1], [trained], [trained, CAST[0]]]))
        options: dict[str, Any] = {
            "provider": model.provider,
            "model": model.model,
            "max_scenes": random.randint(1, MOST_SCENES),
            "seed": random.choice(SEEDS),
            "aspect": random.choice(model.aspects or ASPECTS),
        }
        quote = await customer.api.quote(script_id, options)
        job = await customer.api.generate(script_id, options)
        await customer.see_through(job.id, until=time.monotonic() + JOB_SECONDS)
        films.append((model.model, quote, job.id))
        console.print(f"  {model.model}: ${quote.low_usd:.2f} to ${quote.high_usd:.2f}")
    return films


async def _add_trained(customer: Customer) -> UUID:
    photo = io.BytesIO()
    Image.effect_noise((PHOTO_SIZE, PHOTO_SIZE), 80).convert("RGB").save(photo, "JPEG")
    fields = {"name": "Rosa", "mode": "trained", "consent": "These are pictures of nobody."}
    return (await customer.api.add_character(fields, [("pictures", ("noise.jpg", photo.getvalue()))])).id


async def _held_together(
    connection: Connection, charged: Mapping[str, Decimal], model: str, quote: QuoteView, job_id: UUID
) -> Film:
    cursor = connection.cursor(row_factory=class_row(Paid))
    await cursor.execute("select provider_request_id, cost_usd from provider_attempts where job_id = %s", (job_id,))
    attempts = await cursor.fetchall()
    billed = sum((charged.get(one.provider_request_id or "", Decimal(0)) for one in attempts), Decimal(0))
    return Film(model, quote, billed, sum((one.cost_usd or Decimal(0) for one in attempts), Decimal(0)))


def figures_of(films: Sequence[Film]) -> dict[str, float]:
    return {
        "jobs": len(films),
        "billed_usd": round(float(sum(film.billed for film in films)), 2),
        "free_lines": sum(line.is_owned for film in films for line in film.quote.lines),
        "max_difference_percent": round(max(film.difference_percent for film in films), 2),
        "max_ledger_difference_usd": float(max(abs(film.billed - film.ledger) for film in films)),
        "widest_range_percent": round(max(film.range_percent for film in films), 1),
    }


def tell_films(films: Sequence[Film], console: Console) -> None:
    table = Table(
        "model", "films", "quoted $", "billed $", "ledger $", title="Quote against bill", title_justify="left"
    )
    for model in sorted({film.model for film in films}):
        those = [film for film in films if film.model == model]
        low, high = (sum(getattr(film.quote, end) for film in those) for end in ("low_usd", "high_usd"))
        quoted = f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
        billed, ledger = (sum(getattr(film, books) for film in those) for books in ("billed", "ledger"))
        table.add_row(model, str(len(those)), quoted, f"{billed:.2f}", f"{ledger:.2f}")
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.quote")
    parser.add_argument("--jobs", type=int, default=50, help="films")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random")
    given = parser.parse_args(arguments)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="recast-quote-") as folder, surroundings(**SETTINGS):
        with running_stack(folder, ephemeral=True) as stack:
            films = asyncio.run(measure(stack, given.jobs, given.seed, console))
        stack.folder.remove()
    tell_films(films, console)
    figures = figures_of(films)
    tell("Quotes", figures, MEANINGS, AIMS)
    if any(figures[name] > aim for name, aim in AIMS.items()):
        sys.exit("A quote was wrong.")


if __name__ == "__main__":
    main()
