"""How far a job is, 0 to 100: each stage has its share of the whole, by how long it usually takes."""

from domain.stages import JobType, Stage

SHARES: dict[JobType, dict[Stage, tuple[int, int]]] = {
    JobType.IMPORT: {Stage.TRANSCRIPT: (0, 70), Stage.SCRIPT: (70, 100)},
    JobType.GENERATION: {
        Stage.SCRIPT: (0, 1),
        Stage.SCENES: (1, 3),
        Stage.CAST: (3, 5),
        Stage.NARRATION: (5, 10),
        Stage.CLIPS: (10, 85),
        Stage.FINAL_MP4: (85, 100),
    },
    JobType.UPLOAD: {Stage.YOUTUBE_VIDEO: (0, 100)},
}


def job_progress(job_type: JobType, stage: Stage, done: float, begun_with: Stage | None = None) -> int:
    """``done`` is the finished part of the stage, 0 to 1; ``begun_with`` is the stage from which the job is run, where
    that is not its first. 100 is kept for a job that has succeeded."""
    shares = SHARES[job_type]
    first, last = shares.get(stage, (0, 100))
    begin = shares[begun_with][0] if begun_with else 0
    return max(0, min(99, round(100 * (first + (last - first) * done - begin) / (100 - begin))))
