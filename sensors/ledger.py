"""Keeps the ledger in order: settles what ended jobs have left at providers, and raises an alarm when the books do not
add up."""

import asyncio

import dagster as dg
import structlog

from domain.errors import RecastError
from resources.database.connection import Database
from resources.database.invariants import find_violations
from studio.settling import Settler

log = structlog.get_logger(__name__)

SETTLE_EVERY_SECONDS = 15
CHECK_EVERY_SECONDS = 60


@dg.sensor(
    name="settle",
    minimum_interval_seconds=SETTLE_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Fetches, cancels or looks up what ended jobs have left at providers.",
)
def settle(context: dg.SensorEvaluationContext, settler: dg.ResourceParam[Settler]) -> dg.SkipReason:
    try:
        done = asyncio.run(settler.settle_left_behind())
    except RecastError as error:
        return dg.SkipReason(f"{error.code}: {error.cause}")
    return dg.SkipReason("; ".join(done) or "No attempt is left behind.")


@dg.sensor(
    name="invariants",
    minimum_interval_seconds=CHECK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Fails, for all to see, when the ledger of paid calls does not add up.",
)
def invariants(context: dg.SensorEvaluationContext, database: dg.ResourceParam[Database]) -> dg.SkipReason:
    """A failed tick is the alarm: it is red in the UI, and one line of the log for each violation."""

    async def look() -> list[str]:
        async with database.connect() as connection:
            found = await find_violations(connection)
        for one in found:
            log.error("ledger violation", rule=one.rule, subject=one.subject, detail=one.detail)
        return [f"{one.rule}: {one.subject}: {one.detail}" for one in found]

    try:
        violations = asyncio.run(look())
    except RecastError as error:
        return dg.SkipReason(f"{error.code}: {error.cause}")
    if violations:
        raise dg.Failure(f"The ledger does not add up ({len(violations)}): " + "; ".join(violations))
    return dg.SkipReason("The ledger adds up.")
