"""The join between a Dagster step and the work on a stage: ids in, failures out in Dagster's words."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import dagster as dg

from domain.errors import RecastError
from domain.stages import LAUNCH_TAG, Stage
from resources.database.connection import Database
from studio.work import Work, as_recast_error, stage_work


@asynccontextmanager
async def stage_run(
    context: dg.AssetExecutionContext, database: Database, stage: Stage, evidence: Mapping[str, Any] | None = None
) -> AsyncIterator[Work]:
    """The work on ``stage`` of the run's partition. An error leaves as a dg.Failure that shows its code, its cause and
    the ``evidence`` gathered by then, as metadata."""
    launch = context.run.tags.get(LAUNCH_TAG)
    try:
        async with stage_work(
            database,
            UUID(context.partition_key),
            stage,
            run_id=context.run.run_id,
            launch_number=int(launch) if launch else None,
        ) as work:
            yield work
    except Exception as raised:
        raise _failure(as_recast_error(raised), evidence or {}) from raised


def _failure(error: RecastError, evidence: Mapping[str, Any]) -> dg.Failure:
    facts: dict[str, Any] = {"error_code": error.code.value, "remedy": error.meaning.remedy}
    if error.cause:
        facts["cause"] = error.cause
    if error.request_id:
        facts["request_id"] = error.request_id
    return dg.Failure(
        description=f"{error.code}: {error.detail}",
        metadata={**facts, **evidence},
    )
