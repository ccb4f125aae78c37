"""What is decided about a job whose run ended, in every case."""

from dataclasses import replace

import pytest

from domain.errors import ErrorCode
from domain.reconcile import SILENT_SECONDS, Action, RunState, Situation, decide

RUNNING = Situation(
    run=RunState.WORKING, begun=True, cancel_requested=False, succeeded_before=False, launches=1, max_launches=3
)


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({}, Action.LEAVE),
        ({"silent_seconds": SILENT_SECONDS - 1}, Action.LEAVE),
        ({"silent_seconds": SILENT_SECONDS}, Action.END_RUN),
        ({"silent_seconds": SILENT_SECONDS, "begun": False}, Action.LEAVE),
        ({"silent_seconds": 30, "start_seconds": 30, "begun": False}, Action.END_RUN),
        ({"run": RunState.STARTING, "silent_seconds": 29, "start_seconds": 30, "begun": False}, Action.LEAVE),
        ({"run": RunState.STARTING, "silent_seconds": 30, "start_seconds": 30, "begun": False}, Action.END_RUN),
        ({"run": RunState.WAITING}, Action.LEAVE),
        ({"run": RunState.WAITING, "silent_seconds": 1000, "begun": False}, Action.LEAVE),
        ({"run": RunState.WAITING, "begun": False, "cancel_requested": True}, Action.CANCEL),
        ({"run": RunState.CRASHED}, Action.REQUEUE),
        ({"run": RunState.GONE}, Action.REQUEUE),
        ({"run": RunState.CRASHED, "launches": 3}, Action.GIVE_UP),
        ({"run": RunState.CRASHED, "by_hand": True}, Action.GIVE_UP),
        ({"run": RunState.CRASHED, "cancel_requested": True}, Action.CANCEL),
        ({"run": RunState.FAILED}, Action.FAIL),
        ({"run": RunState.FAILED, "error_code": ErrorCode.STITCH_FAILED}, Action.FAIL),
        ({"run": RunState.FAILED, "error_code": ErrorCode.DATABASE_UNAVAILABLE}, Action.REQUEUE),
        ({"run": RunState.FAILED, "error_code": ErrorCode.DATABASE_UNAVAILABLE, "launches": 3}, Action.GIVE_UP),
        ({"run": RunState.CANCELED}, Action.CANCEL),
        ({"run": RunState.SUCCEEDED}, Action.INCOMPLETE),
        ({"run": RunState.SUCCEEDED, "succeeded_before": True}, Action.RESTORE),
        ({"run": RunState.CRASHED, "succeeded_before": True, "by_hand": True}, Action.RESTORE),
        ({"run": RunState.CANCELED, "succeeded_before": True}, Action.RESTORE),
        ({"run": RunState.CRASHED, "succeeded_before": True}, Action.REQUEUE),
        ({"run": RunState.CRASHED, "succeeded_before": True, "launches": 3}, Action.GIVE_UP),
        ({"run": RunState.CRASHED, "succeeded_before": True, "cancel_requested": True}, Action.RESTORE),
        ({"run": RunState.FAILED, "succeeded_before": True, "error_code": ErrorCode.STITCH_FAILED}, Action.FAIL),
        ({"run": RunState.CRASHED, "is_held": True}, Action.LEAVE),
        ({"run": RunState.FAILED, "error_code": ErrorCode.CONFLICT}, Action.REQUEUE),
    ],
)
def test_a_job_follows_the_fate_of_its_run(change: dict[str, object], action: Action) -> None:
    assert decide(replace(RUNNING, **change)) is action


def test_every_state_of_a_run_is_decided_and_leads_to_an_end() -> None:
    """Only a run that waits, starts or works may be left as it is."""
    for state in RunState:
        action = decide(replace(RUNNING, run=state))
        assert (action is Action.LEAVE) == (state in (RunState.WAITING, RunState.STARTING, RunState.WORKING))
