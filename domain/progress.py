"""How far a job is, 0 to 100: each stage has its share of the whole, by how long it usually takes."""

from domain.stages import JobType, Stage

SHARES: dict[JobType, dict[Stage, tuple[int, int]]] = {
    JobType.IMPORT: {Stage.TRANSCRIPT: (0, 70), Stage.SCRIPT: (70, 100)},
    JobType.GENERATION: {
        Stage.SCRIPT: (0, 1),
        Stage.SCENES: (1, 3),
        Stage.CAST: (3, 5),
        Stage.NARRATION: (5, 10),
        Stage.CLIPS: (10, 95),
        Stage.FINAL_MP4: (95, 100),
    },
    JobType.UPLOAD: {Stage.YOUTUBE_VIDEO: (0, 100)},
}


def job_progress(job_type: JobType, stage: Stage, done: float) -> int:
    """``done`` is the finished part of the stage, 0 to 1. 100 is kept for a job that has succeeded."""
    first, last = SHARES[job_type].get(stage, (0, 100))
    return min(99, first + round((last - first) * done))
