"""How far a job is goes from 0 to 99, and never back."""

import pytest

from domain.progress import SHARES, job_progress
from domain.stages import STAGES_OF, JobType, Stage, stages_from


@pytest.mark.parametrize(
    ("job_type", "begun_with"),
    [(JobType.IMPORT, None), (JobType.GENERATION, None), (JobType.GENERATION, Stage.FINAL_MP4)],
)
def test_a_job_goes_from_nothing_to_all_whatever_it_begins_with(job_type: JobType, begun_with: Stage | None) -> None:
    stages = stages_from(job_type, begun_with) if begun_with else STAGES_OF[job_type]
    told = [job_progress(job_type, stage, done, begun_with) for stage in stages for done in (0.0, 0.3, 1.0)]
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 99)


@pytest.mark.parametrize("job_type", SHARES)
def test_every_stage_has_a_share(job_type: JobType) -> None:
    assert tuple(SHARES[job_type]) == STAGES_OF[job_type]
