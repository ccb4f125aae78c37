"""Dagster's runs in the words of domain.reconcile."""

from uuid import UUID

import dagster as dg
from dagster._core.execution.plan.objects import ErrorSource

from domain.reconcile import RunState, Situation
from domain.stages import LAUNCH_TAG
from resources.database.records import Job
from resources.settings import Settings
from studio.reconciling import StepFailure

WAITING = {dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED}
WORKING = {dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING}


def step_failure(instance: dg.DagsterInstance, run_id: str) -> StepFailure | None:
    """What the failed step of a run left, or None when no step failed: then the worker itself died or was stopped."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        failed = event.step_failure_data if event else None
        if failed is None or failed.error_source is ErrorSource.INTERRUPT:
            continue
        user = failed.user_failure_data
        metadata = user.metadata if user else {}
        code = metadata["error_code"].value if "error_code" in metadata else None
        cause = metadata["cause"].value if "cause" in metadata else failed.error_display_string
        message = user.description.removeprefix(f"{code}: ") if user and user.description and code else None
        return StepFailure(error_code=str(code) if code else None, message=message, cause=str(cause))
    return None


def run_state(run: dg.DagsterRun | None, step: StepFailure | None) -> RunState:
    if run is None:
        return RunState.GONE
    if run.status in WAITING:
        return RunState.WAITING
    if run.status is dg.DagsterRunStatus.STARTING:
        return RunState.STARTING
    if run.status in WORKING:
        return RunState.WORKING
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return RunState.SUCCEEDED
    if run.status is dg.DagsterRunStatus.CANCELED:
        return RunState.CANCELED
    return RunState.FAILED if step else RunState.CRASHED


def situation(
    job: Job,
    run: dg.DagsterRun | None,
    step: StepFailure | None,
    *,
    settings: Settings,
    is_held: bool,
    silent_seconds: float = 0.0,
) -> Situation:
    return Situation(
        run=run_state(run, step),
        begun=job.status == "running",
        cancel_requested=job.cancel_requested_at is not None,
        succeeded_before=job.succeeded_at is not None,
        launches=job.launch_number - job.launches_before_retry,
        max_launches=settings.max_launches,
        start_seconds=settings.run_start_seconds,
        by_hand=run is not None and LAUNCH_TAG not in run.tags,
        is_held=is_held,
        silent_seconds=silent_seconds,
        error_code=step.error_code if step else None,
    )


def job_of_run(run: dg.DagsterRun) -> UUID | None:
    """The job whose partition a run works on; runs from the UI have no other mark of it."""
    try:
        return UUID(run.tags.get("dagster/partition", ""))
    except ValueError:
        return None
