"""What to do about a job and the run that is said to work on it: one decision, taken from facts alone."""

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import ErrorCode


class RunState(StrEnum):
    """A Dagster run, as far as a job cares. STARTING: a worker was asked for, and has said nothing yet. FAILED: a step
    raised. CRASHED: the worker died without a word."""

    WAITING = "waiting"
    STARTING = "starting"
    WORKING = "working"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CRASHED = "crashed"
    CANCELED = "canceled"
    GONE = "gone"


class Action(StrEnum):
    LEAVE = "leave"
    REQUEUE = "requeue"
    """Put the job back into the outbox; finished work is kept."""
    END_RUN = "end_run"
    """The worker is dead and Dagster does not know: tell it, and look again, at a crashed run."""
    CANCEL = "cancel"
    FAIL = "fail"
    """Fail with the code that the run's step left."""
    GIVE_UP = "give_up"
    """The worker died as often as we are willing to try: fail with RUN_LOST."""
    INCOMPLETE = "incomplete"
    """The run ended well but did not reach the job's last stage: fail with RUN_INCOMPLETE."""
    RESTORE = "restore"
    """An earlier run had finished the job: its result stands, however this one ended."""


BLAMELESS = (ErrorCode.DATABASE_UNAVAILABLE, ErrorCode.CONFLICT)
"""Codes of a step that are not the job's fault: an outage in which nothing could be written down, and a predecessor
that had not let go of the job."""

SILENT_SECONDS = 10.0
"""How long a working run may hold no lock on its job: stages take it within milliseconds of each other."""


@dataclass(frozen=True, slots=True)
class Situation:
    """``begun``: a stage of the run has taken the job. ``silent_seconds``: how long nobody has held the job's lock
    since a worker was asked for. ``start_seconds``: how long one may take until its first stage does. ``launches``: how
    often the outbox has started the job since the user asked for it. ``by_hand``: an operator started the run, so the
    outbox does not repeat it. ``succeeded_before``: the job had ended well, and what it made stands. ``is_held``: a
    worker holds the job's lock. ``error_code``: what a failed step left, if anything."""

    run: RunState
    begun: bool
    cancel_requested: bool
    succeeded_before: bool
    launches: int
    max_launches: int
    by_hand: bool = False
    is_held: bool = False
    silent_seconds: float = 0.0
    start_seconds: float = 180.0
    error_code: str | None = None


def decide(situation: Situation) -> Action:
    match situation.run:
        case RunState.WAITING:
            return Action.CANCEL if situation.cancel_requested and not situation.begun else Action.LEAVE
        case RunState.STARTING | RunState.WORKING:
            patience = SILENT_SECONDS if situation.begun else situation.start_seconds
            return Action.END_RUN if situation.silent_seconds >= patience else Action.LEAVE
        case RunState.SUCCEEDED:
            return Action.RESTORE if situation.succeeded_before else Action.INCOMPLETE
        case RunState.CANCELED:
            return Action.RESTORE if situation.succeeded_before else Action.CANCEL
        case RunState.FAILED | RunState.CRASHED | RunState.GONE:
            return _after_failure(situation)


def _after_failure(situation: Situation) -> Action:
    if situation.is_held:
        # Dagster has lost a worker that lives. It finishes its stage, and is not joined by a second one.
        return Action.LEAVE
    if situation.cancel_requested:
        return Action.RESTORE if situation.succeeded_before else Action.CANCEL
    if situation.succeeded_before and situation.by_hand:
        return Action.RESTORE
    if situation.run is RunState.FAILED and situation.error_code not in BLAMELESS:
        return Action.FAIL
    if situation.by_hand or situation.launches >= situation.max_launches:
        return Action.GIVE_UP
    return Action.REQUEUE
