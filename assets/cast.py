"""Stage `cast`: the characters of the film, trained where need be, and frozen."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.partitions import OWNERS, jobs
from assets.script import script
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain import training as training_rules
from domain.stages import Stage
from resources.database.connection import Database
from resources.storage import Storage
from resources.video.cameras import Cameras
from studio import casting, training
from studio.purchasing import Patience
from studio.training import Training


@dg.asset(
    partitions_def=jobs,
    deps=[script],
    group_name="direction",
    kinds={"postgres", "s3"},
    owners=OWNERS,
    code_version=code_version(casting, training, training_rules),
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
    cameras: dg.ResourceParam[Cameras],
    training_patience: dg.ResourceParam[Patience],
) -> dg.MaterializeResult:
    """Who plays in the job's film, as chosen for its script at the moment it was made. Characters that are to be filmed
    with a model of their own are trained first, all at once, each at most once for all films of its user; materialising
    again after a failure trains only who is missing."""
    evidence: dict[str, Any] = {}
    async with stage_run(context, database, Stage.CAST, evidence) as work:
        members = await casting.cast_job(
            work,
            database,
            storage,
            cameras,
            training_patience,
            report=lambda trainings: evidence.update(_trainings(trainings)),
        )
        await casting.require_portraits(storage, members)
    return dg.MaterializeResult(
        data_version=data_version(*members),
        check_results=[dg.AssetCheckResult(passed=True, metadata={"characters": len(members)})],
        metadata={
            **evidence,
            "characters": len(members),
            "names": [member.name for member in members],
            "portraits": dg.MetadataValue.md(
                "\n".join(f"- **{member.name}**: {storage.uri(member.portrait_key or '')}" for member in members)
            ),
        },
    )


def _trainings(trainings: Sequence[Training]) -> dict[str, Any]:
    """Who was trained with what, and what it has cost."""
    rows = [
        {
            "character": one.name,
            "status": "failed" if one.error else "trained" if one.is_bought else "reused",
            "trainer": one.trainer,
            "model": one.model.model_ref if one.model else "",
            "version": one.model.model_version if one.model else "",
            "seconds": round(one.seconds, 2),
            "cost_usd": float(one.cost_usd),
            "error": f"{one.error.code}: {one.error.cause or one.error.detail}" if one.error else "",
        }
        for one in trainings
    ]
    return {
        "trained": sum(one.is_bought for one in trainings),
        "training_cost_usd": float(sum(one.cost_usd for one in trainings)),
        "trainings": dg.MetadataValue.table(
            records=[dg.TableRecord(row) for row in rows],
            schema=dg.TableSchema(
                columns=[
                    dg.TableColumn("character", "string"),
                    dg.TableColumn("status", "string"),
                    dg.TableColumn("trainer", "string"),
                    dg.TableColumn("model", "string"),
                    dg.TableColumn("version", "string"),
                    dg.TableColumn("seconds", "float"),
                    dg.TableColumn("cost_usd", "float"),
                    dg.TableColumn("error", "string"),
                ]
            ),
        ),
    }
