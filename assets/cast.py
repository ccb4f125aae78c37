"""Stage `cast`: the characters of the film, frozen."""

import dagster as dg

from assets.partitions import OWNERS, jobs
from assets.script import script
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain.stages import Stage
from resources.database.connection import Database
from resources.storage import Storage
from studio import casting


@dg.asset(
    partitions_def=jobs,
    deps=[script],
    group_name="direction",
    kinds={"postgres", "s3"},
    owners=OWNERS,
    code_version=code_version(casting),
    check_specs=[
        dg.AssetCheckSpec(
            "portraits_exist",
            asset=Stage.CAST.value,
            blocking=True,
            description="Every character's portrait is in storage.",
        )
    ],
)
async def cast(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    storage: dg.ResourceParam[Storage],
) -> dg.MaterializeResult:
    """Who plays in the job's film, as chosen for its script at the moment it was made."""
    async with stage_run(context, database, Stage.CAST) as work:
        members = await casting.cast_job(work)
        await casting.require_portraits(storage, members)
    return dg.MaterializeResult(
        data_version=data_version(*members),
        check_results=[dg.AssetCheckResult(passed=True, metadata={"characters": len(members)})],
        metadata={
            "characters": len(members),
            "names": [member.name for member in members],
            "portraits": dg.MetadataValue.md(
                "\n".join(f"- **{member.name}**: {storage.uri(member.portrait_key or '')}" for member in members)
            ),
        },
    )
