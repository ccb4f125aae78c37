"""Attempts: the states of one paid call, and what a failure of it means for the scene."""

from enum import StrEnum

from domain.errors import ErrorCode


class Kind(StrEnum):
    """What an attempt buys."""

    CLIP = "clip"
    TRAINING = "training"
    KEYFRAME = "keyframe"
    DIRECTION = "direction"
    TRANSCRIPTION = "transcription"
    SPEECH = "speech"


class AttemptState(StrEnum):
    INTENT = "intent"
    """Written down; the call may or may not have been made."""
    UNKNOWN = "unknown"
    """The call was made, or may have been, and its answer was lost."""
    SUBMITTED = "submitted"
    """The provider has it, and we have the provider's id."""
    SUCCEEDED = "succeeded"
    """Bought, checked and kept."""
    REJECTED = "rejected"
    """Bought, and did not pass our checks."""
    LOST = "lost"
    """Bought, and gone before it could be kept."""
    FAILED = "failed"
    CANCELED = "canceled"
    ABSENT = "absent"
    """The provider never had it: nothing was bought."""
    PARKED = "parked"
    """It cannot be known; an operator decides."""


LIVE = (AttemptState.INTENT, AttemptState.UNKNOWN, AttemptState.SUBMITTED)


class Rule(StrEnum):
    """What to do with a scene after an attempt has ended badly."""

    RETRY = "retry"
    """Ask again, a bounded number of times."""
    NEW_TAKE = "new_take"
    """Something was paid and nothing is there to show: ask again under the next seed, which is another purchase."""
    ASK = "ask"
    """Only the user or an operator can change what is wrong."""


def rule_after(code: ErrorCode, *, paid: bool) -> Rule:
    """What follows from the error ``code`` of an attempt that was ``paid`` for or not."""
    if code in ASK_CODES:
        return Rule.ASK
    return Rule.NEW_TAKE if paid else Rule.RETRY


ASK_CODES = frozenset(
    {
        ErrorCode.CONTENT_REJECTED,
        ErrorCode.PROVIDER_QUOTA,
        ErrorCode.PROVIDER_INPUT_INVALID,
        ErrorCode.PROVIDER_NOT_CONFIGURED,
        ErrorCode.UNKNOWN_MODEL,
        ErrorCode.PROVIDER_BUSY,
        ErrorCode.BUDGET_EXCEEDED,
        ErrorCode.OUTCOME_UNKNOWN,
        ErrorCode.SCENE_TIMEOUT,
        ErrorCode.JOB_CANCELED,
        ErrorCode.CHARACTER_NOT_READY,
        ErrorCode.DISK_FULL,
        ErrorCode.STORAGE_UNAVAILABLE,
    }
)


FIRST_POLL_SECONDS = 0.5
LAST_POLL_SECONDS = 10.0
POLL_SHARE = 0.04


def poll_delay(waited_seconds: float) -> float:
    """How long to wait before asking again, after having waited so long already: a fixed share of the wait, so that
    the end is noticed soon relative to the whole, and a long wait costs few questions."""
    return min(LAST_POLL_SECONDS, max(FIRST_POLL_SECONDS, waited_seconds * POLL_SHARE))
