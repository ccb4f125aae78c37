"""Stage `final_mp4`: the clips, finished and joined into the film."""

import dagster as dg

from assets.clips import clips
from assets.narration import narration
from assets.partitions import OWNERS, jobs
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain import (
    caption_styles,
    columns,
    cues,
    finish,
    fitting,
    joining,
    mezzanine,
    music,
    words,
    writing_direction,
)
from domain.stages import Stage
from resources import beds, inspection, loudness, mixing, sound_tracks, stills, transitions
from resources import mezzanine as encoding
from resources import music as playing
from resources.captions import burning, script, sidecars, typefaces
from resources.database.connection import Database
from resources.inspection import BLACK_SECONDS, FROZEN_SECONDS
from resources.music import pieces_folder
from resources.settings import Settings
from resources.storage import Storage, final_object_key
from studio import captioning, delivering, finishing, inspecting, mezzanines
from studio import mixing as mixing_down
from studio.delivering import Delivery
from studio.inspecting import Check, Inspection, UnfitFilmError


def _check(name: str, description: str, *, blocking: bool = True) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=Stage.FINAL_MP4.value, blocking=blocking, description=description)


@dg.asset(
    partitions_def=jobs,
    deps=[clips, narration],
    group_name="finishing",
    kinds={"ffmpeg", "s3"},
    owners=OWNERS,
    code_version=code_version(
        *(caption_styles, columns, cues, finish, fitting, joining, music, mezzanine, words, writing_direction),
        *(burning, script, sidecars, typefaces, encoding, stills),
        *(transitions, sound_tracks, playing, beds, loudness, mixing, inspection),
        *(captioning, mezzanines, finishing, mixing_down, inspecting, delivering),
    ),
    check_specs=[
        _check(
            Check.AS_LONG_AS_ITS_SCENES.value,
            "The film starts at zero and lasts as long as its scenes together, within one frame.",
        ),
        _check(
            Check.IN_SYNC.value, "Picture and sound are at most one frame apart where a scene begins, and at the end."
        ),
        _check(Check.DECODES_TO_THE_END.value, "Every picture of the film can be decoded."),
        _check(
            "as_loud_as_wanted",
            f"The film has {mixing.TARGET_LUFS:g} LUFS, within {mixing.LOUDNESS_TOLERANCE_LU:g}, and no true peak above"
            f" {mixing.HIGHEST_PEAK_DBTP:g} dBTP, or is silent.",
            blocking=False,
        ),
        _check(
            "neither_black_nor_frozen",
            f"Nothing is black for {BLACK_SECONDS:g} s or stands still for {FROZEN_SECONDS:g} s.",
            blocking=False,
        ),
    ],
)
# Dagster would take what an async generator is annotated to return for the type of each of its outputs.
async def final_mp4(  # type: ignore[no-untyped-def]
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    storage: dg.ResourceParam[Storage],
    settings: dg.ResourceParam[Settings],
):
    """The job's one MP4 in the versioned bucket, with a poster, thumbnails and a preview: clips joined by stream copy,
    transitions encoded, one sound track. A finish that was changed makes only what it changed."""
    try:
        async with stage_run(context, database, Stage.FINAL_MP4) as work:
            delivery = await delivering.deliver(
                work, storage, cdn_url=settings.cdn_url, pieces=pieces_folder(), fonts=settings.fonts_dir
            )
    except dg.Failure as failure:
        if isinstance(failure.__cause__, UnfitFilmError):
            yield _refusal(failure.__cause__)
        raise
    result = delivery.result
    key = final_object_key(work.job.user_id, work.job.id)
    yield dg.MaterializeResult(
        data_version=data_version(result.sha256),
        check_results=_verdicts(delivery.inspection),
        metadata={
            "film": dg.MetadataValue.path(storage.uri(key)),
            # Signed links expire; this one asks the API for a fresh one.
            "preview": dg.MetadataValue.url(f"{settings.public_url}/api/v1/jobs/{work.job.id}/result"),
            "delivery": result.delivery,
            "film_seconds": round(result.duration_seconds, 2),
            "scenes": result.scenes,
            "placeholders": list(result.placeholders),
            "size": f"{result.width}x{result.height}",
            "size_bytes": result.size_bytes,
            "s3_version": result.s3_version or "",
            "sha256": result.sha256,
            **_made(delivery),
        },
    )


def _made(delivery: Delivery) -> dict[str, str | int]:
    """What was made for this delivery, and by what finish."""
    return {
        "encoded_clips": delivery.encoded_clips,
        "encoded_transitions": delivery.encoded_transitions,
        "sound": "mixed" if delivery.mixed else "reused",
        "finish": delivery.result.finish.model_dump_json(),
    }


def _refusal(error: UnfitFilmError) -> dg.AssetCheckResult:
    """Of a film that is not delivered. What comes after the check that it fails is not looked at."""
    metadata = {"why": error.detail, **({"cause": error.cause} if error.cause else {})}
    return dg.AssetCheckResult(check_name=error.check.value, passed=False, description=error.detail, metadata=metadata)


def _verdicts(inspection: Inspection) -> list[dg.AssetCheckResult]:
    """Of a film that is delivered, and so has passed the blocking ones."""
    facts, loudness = inspection.facts, inspection.loudness
    intervals = "; ".join(
        f"{what} {interval.start:.1f}-{interval.end:.1f} s" for what, interval in inspection.intervals_to_look_at
    )
    measured: dict[Check, dict[str, float]] = {
        Check.AS_LONG_AS_ITS_SCENES: {"film_seconds": round(facts.duration, 2), "frames": facts.frames},
        Check.IN_SYNC: {"worst_offset_s": round(max(inspection.offsets), 4)},
        Check.DECODES_TO_THE_END: {"decoded_frames": inspection.looks.frames},
    }
    return [
        *(
            dg.AssetCheckResult(check_name=check.value, passed=True, metadata=found)
            for check, found in measured.items()
        ),
        dg.AssetCheckResult(
            check_name="as_loud_as_wanted",
            passed=inspection.is_as_loud_as_wanted,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"lufs": loudness.integrated, "true_peak_dbtp": loudness.true_peak},
        ),
        dg.AssetCheckResult(
            check_name="neither_black_nor_frozen",
            passed=not inspection.intervals_to_look_at,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"seconds": intervals or "none"},
        ),
    ]
