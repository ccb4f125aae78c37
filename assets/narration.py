"""Stage `narration`: every line of the film, spoken."""

from typing import Any

import dagster as dg

from assets.cast import cast
from assets.partitions import OWNERS, jobs
from assets.scenes import scenes
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain import fitting, montage, speech, voices
from domain import narration as turns
from domain.stages import Stage
from resources.database.connection import Database
from resources.language.client import LanguageModel
from resources.voices import child, espeak, kokoro, openai, sound
from studio import narrating, speaking
from studio.narrating import NarratedScene, Narration, Narrator


@dg.asset(
    partitions_def=jobs,
    deps=[scenes, cast],
    group_name="filming",
    kinds={"s3"},
    owners=OWNERS,
    # Where stages run one after the other: a clip is then encoded once, to the length that its speech needs.
    op_tags={"dagster/priority": "1"},
    code_version=code_version(
        *(turns, montage, speech, fitting, voices, narrating, speaking),
        *(sound, child, espeak, espeak.MODULE, kokoro, kokoro.MODULE, openai),
    ),
)
async def narration(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    language_model: dg.ResourceParam[LanguageModel | None],
    narrator: dg.ResourceParam[Narrator],
) -> dg.MaterializeResult:
    """Each line in its character's voice, spoken at most once per voice and text, with its place in its scene. Without
    a voice engine, or where its user wants none, the film has no speech."""
    async with stage_run(context, database, Stage.NARRATION) as work:
        spoken = await narrator.narrate(work, director=language_model)
    if spoken is None:
        return dg.MaterializeResult(data_version=data_version(""), metadata={"engine": "none", "lines": 0})
    return dg.MaterializeResult(
        data_version=data_version(*(placed for scene in spoken.scenes for placed in scene.lines)),
        metadata={
            "engine": ", ".join(spoken.engines) or "none",
            "lines": spoken.lines,
            "bought": spoken.bought,
            "reused": spoken.reused,
            "unspoken": sum(len(scene.unspoken) for scene in spoken.scenes),
            "spoken_seconds": round(spoken.seconds, 1),
            "characters": spoken.characters,
            "cost_usd": float(spoken.cost_usd),
            "request_ids": list(spoken.request_ids),
            "scenes": _table(spoken),
        },
    )


def _row(scene: NarratedScene) -> dict[str, Any]:
    return {
        "scene": scene.scene_index,
        "lines": len(scene.lines),
        "planned_s": round(scene.planned_seconds, 2),
        "film_s": round(scene.fit.seconds, 2),
        "speech_ends_s": round(scene.end, 2),
        "pace": scene.fit.pace,
        "slow_down": round(scene.fit.picture.slow_down, 2),
        "hold_s": round(scene.fit.picture.hold_seconds, 2),
        "characters": scene.characters,
        "unspoken": "; ".join(f"line {line}: {reason}" for line, reason in scene.unspoken),
    }


def _table(spoken: Narration) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        records=[dg.TableRecord(_row(scene)) for scene in spoken.scenes],
        schema=dg.TableSchema(
            columns=[
                dg.TableColumn("scene", "int"),
                dg.TableColumn("lines", "int"),
                dg.TableColumn("planned_s", "float"),
                dg.TableColumn("film_s", "float", "as long as the scene has to be for its speech"),
                dg.TableColumn("speech_ends_s", "float", "from the start of the scene"),
                dg.TableColumn("pace", "float", "1 is the voice's own"),
                dg.TableColumn("slow_down", "float", "of the picture, by what the clip's model films"),
                dg.TableColumn("hold_s", "float", "how long the last picture then stands"),
                dg.TableColumn("characters", "int"),
                dg.TableColumn("unspoken", "string"),
            ]
        ),
    )
