"""The Dagster jobs that a launch runs: one per type of job, each a selection of stages."""

import dagster as dg

from domain.stages import STAGES_OF, JobType, dagster_job_name

# Upload joins when its stage exists.
LAUNCHED = (JobType.IMPORT, JobType.GENERATION)

RUN_SECONDS = 7200

launched_jobs = [
    dg.define_asset_job(
        dagster_job_name(job_type),
        selection=dg.AssetSelection.assets(*(stage.value for stage in STAGES_OF[job_type])),
        tags={"dagster/max_runtime": str(RUN_SECONDS)},
    )
    for job_type in LAUNCHED
]
