"""The stages of a job: as its events tell them, and as Dagster keeps them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.views.examples import FILM_JOB, LATER, RUN, example
from api.views.view import View
from domain.stages import STAGES_OF, Stage
from domain.states import JobStatus
from resources.dagster import StageMaterialization
from resources.database.records import Job, JobEvent


class StageStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class StageView(View):
    model_config = ConfigDict(
        json_schema_extra=example(
            {"stage": "clips", "status": "running", "since": LATER, "message": "clips has started"}
        )
    )

    stage: Stage
    status: StageStatus
    since: datetime | None = Field(description="Since when the stage is in this state; null while it waits.")
    message: str | None


def stages_of(job: Job, events: Sequence[JobEvent]) -> list[StageView]:
    """The stages of a job in order, from the newest event of each.

    Stages run one after another, so only the one with the newest event of all can be under way. What an earlier launch
    left unfinished, or failed, waits again once the job does.
    """
    by_stage = {event.stage: event for event in events}
    newest = max((event.id for event in events), default=0)
    return [_stage_view(job, stage, by_stage.get(stage), newest) for stage in STAGES_OF[job.type]]


def _stage_view(job: Job, stage: Stage, event: JobEvent | None, newest: int) -> StageView:
    status = _stage_status(job, event, newest)
    if event is None or status is StageStatus.WAITING:
        return StageView(stage=stage, status=status, since=None, message=None)
    if status is StageStatus.FAILED and event.kind != "stage_failed":
        # The worker was lost in this stage; nobody was left to write an event of the stage.
        return StageView(stage=stage, status=status, since=job.finished_at, message=job.error_message)
    return StageView(stage=stage, status=status, since=event.created_at, message=event.message)


def _stage_status(job: Job, event: JobEvent | None, newest: int) -> StageStatus:
    if event is None:
        return StageStatus.WAITING
    if event.kind == "stage_succeeded":
        return StageStatus.SUCCEEDED
    if event.kind == "stage_failed":
        return StageStatus.FAILED if job.error_code else StageStatus.WAITING
    if event.id == newest and job.status is JobStatus.RUNNING:
        return StageStatus.RUNNING
    if event.id == newest and job.error_code:
        return StageStatus.FAILED
    return StageStatus.WAITING


class MaterializationView(View):
    """One stage of one job in Dagster, with addresses in its UI."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "stage": "clips",
                "is_materialized": True,
                "materialized_at": LATER,
                "run_id": RUN,
                "run_status": "SUCCESS",
                "asset_url": f"http://127.0.0.1:3000/assets/clips?partition={FILM_JOB}",
                "run_url": f"http://127.0.0.1:3000/runs/{RUN}",
            }
        )
    )

    stage: Stage
    is_materialized: bool
    materialized_at: datetime | None
    run_id: str | None
    run_status: str | None = Field(description="Dagster's own word for the last run that worked on the stage.")
    asset_url: str = Field(description="The stage in Dagster's UI, at this job's partition.")
    run_url: str | None = Field(description="The run in Dagster's UI.")

    @classmethod
    def of(cls, job_id: UUID, found: StageMaterialization, dagster_url: str) -> Self:
        address = dagster_url.rstrip("/")
        return cls(
            stage=found.stage,
            is_materialized=found.materialized_at is not None,
            materialized_at=found.materialized_at,
            run_id=found.run_id,
            run_status=found.run_status,
            asset_url=f"{address}/assets/{found.stage}?partition={job_id}",
            run_url=f"{address}/runs/{found.run_id}" if found.run_id else None,
        )


class MaterializationList(View):
    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "job_id": FILM_JOB,
                "stages": [
                    {
                        "stage": "transcript",
                        "is_materialized": True,
                        "materialized_at": LATER,
                        "run_id": RUN,
                        "run_status": "SUCCESS",
                        "asset_url": f"http://127.0.0.1:3000/assets/transcript?partition={FILM_JOB}",
                        "run_url": f"http://127.0.0.1:3000/runs/{RUN}",
                    }
                ],
            }
        )
    )

    job_id: UUID
    stages: list[MaterializationView]
