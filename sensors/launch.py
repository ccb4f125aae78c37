"""Sweeps the outbox: launches queued jobs that nobody has launched, or whose launcher was lost on the way."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import dagster as dg
from dagster._core.storage.tags import PRIORITY_TAG

from domain.errors import RecastError
from domain.stages import JOB_TAG, LAUNCH_TAG, PARTITIONS, dagster_job_name, stages_from
from resources.database import jobs
from resources.database.connection import Connection, Database
from resources.database.records import Job
from sensors.isolation import one_job

EVERY_SECONDS = 4
"""See sensors/reconcile.py."""
JOBS_PER_TICK = 50


def launch_sensor(targets: Sequence[Any]) -> dg.SensorDefinition:
    """The sensor that launches jobs as one of ``targets``, by their type."""

    @dg.sensor(
        name="launch",
        jobs=targets,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Launches queued jobs that the API could not launch at once.",
    )
    def launch(
        context: dg.SensorEvaluationContext, database: dg.ResourceParam[Database]
    ) -> dg.SensorResult | dg.SkipReason:
        try:
            claimed = asyncio.run(_claim(context.instance, database))
        except RecastError as error:
            return dg.SkipReason(f"{error.code}: {error.cause}")
        if not claimed:
            return dg.SkipReason("Every queued job is launched.")
        return dg.SensorResult(
            dynamic_partitions_requests=[
                dg.DynamicPartitionsDefinition(name=PARTITIONS).build_add_request([str(job.id) for job in claimed])
            ],
            run_requests=[
                dg.RunRequest(
                    run_key=f"{job.id}/{job.launch_number}",
                    job_name=dagster_job_name(job.type),
                    partition_key=str(job.id),
                    asset_selection=_part(job),
                    tags={
                        JOB_TAG: str(job.id),
                        LAUNCH_TAG: str(job.launch_number),
                        # What has begun may have something under way at a provider: it does not wait behind the new.
                        PRIORITY_TAG: "1" if job.launch_number > 1 else "0",
                    },
                )
                for job in claimed
            ],
        )

    return launch


def _part(job: Job) -> list[dg.AssetKey] | None:
    """The stages that its run works on, where those are not all."""
    if job.first_stage is None:
        return None
    return [dg.AssetKey(stage.value) for stage in stages_from(job.type, job.first_stage)]


async def _claim(instance: dg.DagsterInstance, database: Database) -> list[Job]:
    claimed = []
    async with database.connect() as connection:
        for job_id in await jobs.list_launchable(connection, JOBS_PER_TICK):
            async with one_job(job_id):
                if await _adopt(instance, connection, job_id):
                    continue
                if job := await jobs.claim_launch(connection, job_id):
                    claimed.append(job)
    return claimed


async def _adopt(instance: dg.DagsterInstance, connection: Connection, job_id: UUID) -> bool:
    """Whether the launcher that claimed the job was lost only after it had launched a run."""
    job = await jobs.find_job(connection, job_id)
    if job is None or job.launch_claimed_at is None:
        return False
    tags = {JOB_TAG: str(job_id), LAUNCH_TAG: str(job.launch_number)}
    runs = instance.get_runs(filters=dg.RunsFilter(tags=tags), limit=1)
    if not runs:
        return False
    await jobs.record_run(connection, job_id, job.launch_number, runs[0].run_id)
    return True
