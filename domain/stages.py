"""The stages of a job, in order, and the Dagster jobs that run them. One job row is one partition."""

from enum import StrEnum


class JobType(StrEnum):
    IMPORT = "import"
    GENERATION = "generation"
    UPLOAD = "upload"


class Stage(StrEnum):
    TRANSCRIPT = "transcript"
    SCRIPT = "script"
    SCENES = "scenes"
    CAST = "cast"
    NARRATION = "narration"
    CLIPS = "clips"
    FINAL_MP4 = "final_mp4"
    YOUTUBE_VIDEO = "youtube_video"


STAGES_OF: dict[JobType, tuple[Stage, ...]] = {
    JobType.IMPORT: (Stage.TRANSCRIPT, Stage.SCRIPT),
    JobType.GENERATION: (
        Stage.SCRIPT,
        Stage.SCENES,
        Stage.CAST,
        Stage.NARRATION,
        Stage.CLIPS,
        Stage.FINAL_MP4,
    ),
    JobType.UPLOAD: (Stage.YOUTUBE_VIDEO,),
}

LAUNCHED_TYPES = (JobType.IMPORT, JobType.GENERATION)
"""What runs are launched for; upload joins when its stage exists."""

PARTITIONS = "jobs"
"""Name of the dynamic partitions definition whose keys are job ids."""

JOB_TAG = "job_id"
LAUNCH_TAG = "recast/launch"
"""Tags of a launched run: whose it is, and the number of its launch. A run started by hand has neither."""


def stages_from(job_type: JobType, first: Stage) -> tuple[Stage, ...]:
    """The stages of a job from ``first`` on."""
    stages = STAGES_OF[job_type]
    return stages[stages.index(first) :]


def dagster_job_name(job_type: JobType) -> str:
    return f"{job_type.value}_job"
