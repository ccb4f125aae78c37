"""The Dagster jobs that a launch runs: one per type of job, each a selection of stages."""

import dagster as dg

from domain.stages import LAUNCHED_TYPES, STAGES_OF, dagster_job_name

launched_jobs = [
    dg.define_asset_job(
        dagster_job_name(job_type),
        selection=dg.AssetSelection.assets(*(stage.value for stage in STAGES_OF[job_type])),
    )
    for job_type in LAUNCHED_TYPES
]
