"""Tells Dagster of edits of scripts that the API could not report at once."""

import asyncio

import dagster as dg

from domain.errors import RecastError
from domain.stages import Stage
from resources.dagster import edit_description, edit_metadata
from resources.database.connection import Database
from resources.database.records import UnreportedEdit
from studio.reporting import report_edits

EVERY_SECONDS = 9


@dg.sensor(
    name="edits",
    minimum_interval_seconds=EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reports edited scripts as runless events, so that what was made of older versions shows as stale.",
)
def edits(context: dg.SensorEvaluationContext, database: dg.ResourceParam[Database]) -> dg.SkipReason:
    async def report(edit: UnreportedEdit, data_version: str) -> None:
        context.instance.report_runless_asset_event(
            dg.AssetMaterialization(
                asset_key=Stage.SCRIPT.value,
                partition=str(edit.job_id),
                description=edit_description(edit.version),
                metadata=edit_metadata(edit.script_id, edit.version),
                tags={
                    "dagster/data_version": data_version,
                    "dagster/data_version_is_user_provided": "true",
                },
            )
        )

    try:
        count = asyncio.run(report_edits(database.connect, report))
    except RecastError as error:
        return dg.SkipReason(f"{error.code}: {error.cause}")
    return dg.SkipReason(f"{count} edits are reported." if count else "Dagster knows of every edit.")
