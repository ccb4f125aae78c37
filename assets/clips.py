"""Stage `clips`: one accepted clip per scene."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from assets.bills import bill_metadata
from assets.cast import cast
from assets.partitions import OWNERS, jobs
from assets.scenes import scenes
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain import direction, director, prompts
from domain.errors import ErrorCode, RecastError
from domain.stages import Stage
from resources import media
from resources import mezzanine as encoding
from resources.database.connection import Database
from resources.language.client import LanguageModel
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from studio import accepting, directing, filming, mezzanines
from studio.changes import Changes
from studio.directing import DirectingReport
from studio.filming import FilmedScene


class ClipsConfig(dg.Config):
    """What a run films. All but ``scenes`` counts for the scenes named there; what is left out stays as it is."""

    scenes: list[int] = Field(default=[], description="Numbers of scenes to film again; empty: all that are not done.")
    prompt: str | None = Field(default=None, description="What the model reads instead.")
    seed: int | None = Field(default=None, description="The seed to film with; the next one unless given.")
    provider: str | None = Field(default=None, description="Another provider: local, replicate, pika, rundiffusion.")
    model: str | None = Field(default=None, description="Another model of the provider.")

    @property
    def changes(self) -> Changes:
        return Changes(text=self.prompt, seed=self.seed, provider=self.provider, model=self.model)


@dg.asset(
    partitions_def=jobs,
    deps=[scenes, cast],
    group_name="filming",
    kinds={"ffmpeg", "s3"},
    owners=OWNERS,
    code_version=code_version(director, direction, prompts, filming, accepting, mezzanines, encoding, media),
)
async def clips(
    context: dg.AssetExecutionContext,
    config: ClipsConfig,
    database: dg.ResourceParam[Database],
    storage: dg.ResourceParam[Storage],
    cameras: dg.ResourceParam[Cameras],
    limits: dg.ResourceParam[filming.Limits],
    settings: dg.ResourceParam[Settings],
    language_model: dg.ResourceParam[LanguageModel | None],
) -> dg.MaterializeResult:
    """One accepted clip per scene of the job, filmed at most once per clip key. A scene that fails costs its siblings
    nothing: they are kept, and materialising again films only what is missing."""

    def report(filmed: FilmedScene) -> None:
        if filmed.error:
            context.log_event(
                dg.AssetObservation(
                    asset_key=Stage.CLIPS.value,
                    partition=context.partition_key,
                    description=f"Scene {filmed.scene.scene_index} failed: {filmed.error.detail}",
                    metadata=_row(filmed),
                )
            )
        else:
            context.log.info(f"scene {filmed.scene.scene_index} is done in {filmed.seconds:.1f} s")

    evidence: dict[str, Any] = {}
    async with stage_run(context, database, Stage.CLIPS, evidence) as work:
        await directing.direct_scenes(
            work, director=language_model, report=lambda directed: evidence.update(_directing(directed))
        )
        filmed = await filming.film(
            work,
            database,
            storage,
            cameras,
            limits,
            again=config.scenes,
            changes=config.changes,
            fonts=settings.fonts_dir,
            report=report,
        )
        evidence |= {"scenes": _table(filmed), "likenesses": _likenesses(filmed)}
        if failed := [one for one in filmed if one.error]:
            raise _summary(failed, len(filmed))
    return dg.MaterializeResult(
        data_version=data_version(*(one.clip_key or "" for one in filmed)),
        metadata={
            **evidence,
            "filmed": sum(not one.reused for one in filmed),
            "reused": sum(one.reused for one in filmed),
            "filming_seconds": round(max((one.seconds for one in filmed), default=0.0), 2),
            "cost_usd": float(sum(one.cost_usd for one in filmed)),
            "provider": work.job.options.provider,
        },
    )


def _directing(report: DirectingReport) -> dict[str, Any]:
    """Who has directed, and what it cost; nothing where no language model is configured."""
    if report.model is None:
        return {}
    return {
        "director": report.model,
        "director_template": report.template,
        "directed": report.directed,
        "directing_reused": report.reused,
        "fell_back": len(report.fell_back),
        "fell_back_scenes": "; ".join(f"{index}: {reason}" for index, reason in report.fell_back),
        **bill_metadata("directing", report.bill),
    }


def _summary(failed: Sequence[FilmedScene], total: int) -> RecastError:
    numbers = ", ".join(str(one.scene.scene_index) for one in failed)
    reasons = "; ".join(sorted({one.error.detail for one in failed if one.error}))
    return RecastError(ErrorCode.SCENES_FAILED, f"{len(failed)} of {total} scenes failed ({numbers}): {reasons}")


def _row(filmed: FilmedScene) -> dict[str, Any]:
    error = filmed.error
    return {
        "scene": filmed.scene.scene_index,
        "status": _outcome(filmed),
        "camera": filmed.camera,
        "likeness": filmed.likeness.how.value if filmed.likeness else "",
        "done_after_s": round(filmed.seconds, 2),
        "cost_usd": float(filmed.cost_usd),
        "clip_key": (filmed.clip_key or "")[:12],
        "error": f"{error.code}: {error.cause or error.detail}" if error else "",
    }


def _likenesses(filmed: Sequence[FilmedScene]) -> dg.MarkdownMetadataValue:
    """Why the characters look as they do, once for all scenes of which the same is true."""
    scenes: defaultdict[str, list[str]] = defaultdict(list)
    for one in filmed:
        if one.likeness:
            scenes[f"**{one.likeness.how.value}**: {one.likeness.why}"].append(str(one.scene.scene_index))
    return dg.MetadataValue.md("\n".join(f"- {why} Scenes {', '.join(those)}." for why, those in scenes.items()))


def _outcome(filmed: FilmedScene) -> str:
    if filmed.error:
        return "failed"
    if filmed.is_placeholder:
        return "placeholder"
    return "reused" if filmed.reused else "filmed"


def _table(filmed: Sequence[FilmedScene]) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        records=[dg.TableRecord(_row(one)) for one in filmed],
        schema=dg.TableSchema(
            columns=[
                dg.TableColumn("scene", "int"),
                dg.TableColumn("status", "string"),
                dg.TableColumn("camera", "string"),
                dg.TableColumn("likeness", "string"),
                dg.TableColumn("done_after_s", "float", "from the start of filming, with the wait for a place"),
                dg.TableColumn("cost_usd", "float"),
                dg.TableColumn("clip_key", "string"),
                dg.TableColumn("error", "string"),
            ]
        ),
    )
