"""The life of a job and of a scene: their states, and the moves that are allowed between them."""

from collections.abc import Mapping
from enum import StrEnum


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class SceneStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


JOB_TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    # Straight to succeeded: a change of a film never got to a worker, and the film stands.
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.SUCCEEDED}),
    # Back to queued: the worker was lost, and the job is launched again.
    JobStatus.RUNNING: frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.QUEUED}),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED, JobStatus.RUNNING}),
    # On from succeeded: a scene is filmed again, or the film finished another way.
    JobStatus.SUCCEEDED: frozenset({JobStatus.RUNNING, JobStatus.QUEUED}),
    JobStatus.CANCELED: frozenset({JobStatus.QUEUED}),
}

SCENE_TRANSITIONS: Mapping[SceneStatus, frozenset[SceneStatus]] = {
    # Straight to succeeded: the user already owns a clip of this key, so nothing is filmed.
    SceneStatus.QUEUED: frozenset(
        {SceneStatus.RUNNING, SceneStatus.SUCCEEDED, SceneStatus.FAILED, SceneStatus.CANCELED}
    ),
    SceneStatus.RUNNING: frozenset(
        {SceneStatus.SUCCEEDED, SceneStatus.FAILED, SceneStatus.CANCELED, SceneStatus.QUEUED}
    ),
    SceneStatus.FAILED: frozenset({SceneStatus.QUEUED, SceneStatus.RUNNING}),
    SceneStatus.SUCCEEDED: frozenset({SceneStatus.QUEUED, SceneStatus.RUNNING}),
    SceneStatus.CANCELED: frozenset({SceneStatus.QUEUED}),
}

JOB_TERMINAL = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED})
"""States in which no work is under way or due; only a person moves a job on from here."""
