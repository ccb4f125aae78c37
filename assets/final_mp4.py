"""Stage `final_mp4`: the clips, joined into the film."""

import dagster as dg

from assets.clips import clips
from assets.narration import narration
from assets.partitions import OWNERS, jobs
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain.stages import Stage
from resources.database.connection import Database
from resources.settings import Settings
from resources.storage import Storage, final_object_key
from studio import delivering, finishing


@dg.asset(
    partitions_def=jobs,
    deps=[clips, narration],
    group_name="finishing",
    kinds={"ffmpeg", "s3"},
    owners=OWNERS,
    code_version=code_version(finishing, delivering),
    check_specs=[
        dg.AssetCheckSpec(
            "as_long_as_its_scenes",
            asset=Stage.FINAL_MP4.value,
            blocking=True,
            description="The film starts at zero and lasts as long as its scenes together, within one frame.",
        )
    ],
)
async def final_mp4(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    storage: dg.ResourceParam[Storage],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    """The job's one MP4: all clips joined by stream copy, in the versioned bucket, with a preview."""
    async with stage_run(context, database, Stage.FINAL_MP4) as work:
        result = await delivering.deliver(work, storage, cdn_url=settings.cdn_url)
    key = final_object_key(work.job.user_id, work.job.id)
    return dg.MaterializeResult(
        data_version=data_version(result.sha256),
        check_results=[dg.AssetCheckResult(passed=True, metadata={"film_seconds": round(result.duration_seconds, 2)})],
        metadata={
            "film": dg.MetadataValue.path(storage.uri(key)),
            # Signed links expire; this one asks the API for a fresh one.
            "preview": dg.MetadataValue.url(f"{settings.public_url}/api/v1/jobs/{work.job.id}/result"),
            "film_seconds": round(result.duration_seconds, 2),
            "scenes": result.scenes,
            "placeholders": list(result.placeholders),
            "size": f"{result.width}x{result.height}",
            "size_bytes": result.size_bytes,
            "s3_version": result.s3_version or "",
            "sha256": result.sha256,
        },
    )
