"""Stage `scenes`: the script, cut into scenes that can be filmed one by one."""

from typing import Any

import dagster as dg

from assets.bills import bill_metadata
from assets.partitions import OWNERS, jobs
from assets.script import script
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain import choosing, fitting, montage, room, speech, trims
from domain import scenes as splitting
from domain import summary as shortening
from domain.scenes import MAX_SCENE_SECONDS
from domain.stages import Stage
from resources.database.connection import Database
from resources.language.client import LanguageModel
from resources.video.cameras import Cameras
from studio import directing
from studio.choosing import ChoosingReport
from studio.directing import Plan


@dg.asset(
    partitions_def=jobs,
    deps=[script],
    group_name="direction",
    kinds={"postgres"},
    owners=OWNERS,
    code_version=code_version(splitting, shortening, montage, trims, choosing, room, speech, fitting, directing.split),
    check_specs=[
        dg.AssetCheckSpec(
            "within_length",
            asset=Stage.SCENES.value,
            blocking=True,
            description="There are scenes, numbered from 1 without a gap, and none is longer than a clip may be.",
        )
    ],
)
async def scenes(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    cameras: dg.ResourceParam[Cameras],
    language_model: dg.ResourceParam[LanguageModel | None],
) -> dg.MaterializeResult:
    """The scenes of the job's script, or of the lines that its target length leaves, cut at chapters, pauses and
    sentence ends."""
    told: dict[str, Any] = {}
    async with stage_run(context, database, Stage.SCENES) as work:
        plan = await directing.plan_scenes(
            work, cameras, model=language_model, report=lambda plan: told.update(_kept(plan) | _choosing(plan.choosing))
        )
        told["target_seconds"] = work.job.options.target_seconds
    longest = max((scene.duration for scene in plan), default=0.0)
    in_order = [scene.index for scene in plan] == list(range(1, len(plan) + 1))
    return dg.MaterializeResult(
        data_version=data_version(*plan),
        check_results=[dg.AssetCheckResult(passed=bool(plan) and in_order and longest <= MAX_SCENE_SECONDS + 0.001)],
        metadata={
            **told,
            "scenes": len(plan),
            "film_seconds": round(sum(scene.duration for scene in plan), 1),
            "longest_seconds": round(longest, 2),
            "plan": dg.MetadataValue.table(
                records=[
                    dg.TableRecord(
                        {
                            "scene": scene.index,
                            "seconds": round(scene.duration, 2),
                            "chapter": scene.title or "",
                            "text": scene.text,
                        }
                    )
                    for scene in plan
                ],
                schema=dg.TableSchema(
                    columns=[
                        dg.TableColumn("scene", "int"),
                        dg.TableColumn("seconds", "float"),
                        dg.TableColumn("chapter", "string"),
                        dg.TableColumn("text", "string"),
                    ]
                ),
            ),
        },
    )


def _kept(plan: Plan) -> dict[str, Any]:
    """What is left of the script."""
    return {
        "lines": len(plan.script.lines),
        "kept_lines": len(plan.summary.lines),
        "kept_spoken_seconds": round(plan.summary.seconds, 1),
        "passages": len(plan.summary.breaks) + 1,
    }


def _choosing(report: ChoosingReport) -> dict[str, Any]:
    """Who has chosen the lines and, where a language model was asked, what it cost and why it was not taken."""
    if report.template is None:
        return {"lines_chosen_by": report.chosen_by}
    return {
        "lines_chosen_by": report.chosen_by,
        "choosing_template": report.template,
        "choosing_fell_back": report.fell_back or "",
        **bill_metadata("choosing", report.bill),
    }
