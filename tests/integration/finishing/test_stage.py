"""The stage `final_mp4` as Dagster runs it, with its checks."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import dagster as dg
import pytest

from assets.final_mp4 import final_mp4
from assets.partitions import jobs as partitions
from domain.finish import Finish, Music, Transition, TransitionKind
from resources import ffmpeg
from resources.mezzanine import PRESET
from resources.settings import Settings
from resources.storage import MP4, mezzanine_object_key, part_object_key, source_object_key
from studio.finishing import SceneClip, thread
from studio.mezzanines import wanted_mezzanine
from studio.mixing import sound_key
from tests.integration.finishing.clips import render
from tests.integration.finishing.conftest import SECONDS, SQUARE, Film
from tests.integration.finishing.films import damaged, damaged_sound, displaced

MakeFilm = Callable[..., Awaitable[Film]]


def materialize(film: Film, settings: Settings) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(partitions.name or "", [str(film.job_id)])
        return dg.materialize(
            [final_mp4],
            partition_key=str(film.job_id),
            instance=instance,
            resources={"database": film.database, "storage": film.storage, "settings": settings},
            raise_on_error=False,
        )


async def test_a_film_is_checked_before_it_is_delivered(a_film: MakeFilm, settings: Settings) -> None:
    film = await a_film(2)
    await film.finish(Finish(transition=Transition(kind=TransitionKind.WIPE, seconds=0.2)))
    run = await asyncio.to_thread(materialize, film, settings)
    assert run.success
    checks = {one.check_name: one for one in run.get_asset_check_evaluations()}
    assert {name: one.passed for name, one in checks.items()} == {
        "as_long_as_its_scenes": True,
        "in_sync": True,
        "decodes_to_the_end": True,
        "as_loud_as_wanted": True,
        "neither_black_nor_frozen": True,
    }
    assert checks["decodes_to_the_end"].metadata["decoded_frames"].value == 120
    metadata = run.asset_materializations_for_node("final_mp4")[0].metadata
    assert (metadata["delivery"].value, metadata["encoded_transitions"].value) == (1, 1)
    assert metadata["sound"].value == "mixed"


async def test_a_film_that_cannot_be_made_says_why(a_film: MakeFilm, settings: Settings) -> None:
    film = await a_film(1)
    await film.finish(Finish(order=(7,)))
    run = await asyncio.to_thread(materialize, film, settings)
    failure = run.failure_data_for_node("final_mp4")
    assert failure
    assert failure.user_failure_data
    assert failure.user_failure_data.metadata["error_code"].value == "STITCH_FAILED"
    assert "scene 7" in (failure.user_failure_data.description or "")


SQUARE_MOVING = f"testsrc2=s={SQUARE.width}x{SQUARE.height}:r=30:d={SECONDS}"
BLACK = SQUARE_MOVING + ",drawbox=color=black:t=fill:enable='between(n,10,50)'"


def evaluations(run: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {one.check_name: one for one in run.get_asset_check_evaluations()}


async def a_spoilt_film(a_film: MakeFilm, clip: Path, folder: Path, fault: str) -> Film:
    """A film of three scenes that was delivered; of its parts, kept in the store, one is spoilt."""
    film = await a_film(3)
    await film.deliver()
    options = (await film.job()).options
    wanted = [(row, wanted_mezzanine(row, options, row.clip_key or "")) for row in await film.rows()]
    row, mezzanine = wanted[1]
    key = mezzanine_object_key(film.user_id, row.clip_key or "", mezzanine.key)
    if fault in {"sound that is too long", "sound with a gap", "a damaged sound", "too faint"}:
        clips = [SceneClip(clip, one.key, sound_key=one.sound_key) for _, one in wanted]
        reel = await thread(clips, profile=options.profile)
        sound = sound_key(reel, (), music=Music(), upload_version=None, keeps_clip_sound=True)
        key = part_object_key(film.user_id, film.job_id, f"sound-{sound}")
    whole, spoilt = folder / "whole.mp4", folder / "spoilt.mp4"
    await film.storage.download(key, whole)
    match fault:
        case "sound that is too long":
            render(spoilt, "-i", str(whole), "-af", "apad=pad_dur=5", "-c:a", "aac")
        case "sound with a gap":
            displaced(whole, spoilt, sound=lambda at: None if 2 < at < 2.5 else at)
        case "too faint":
            render(spoilt, "-i", str(whole), "-af", "volume=-3dB", "-c:a", "aac")
        case "a damaged sound":
            damaged_sound(whole, spoilt)
        case "half a clip":
            spoilt.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        case "a damaged group":
            damaged(whole, spoilt, frame=30)
        case "black":
            silence = "anullsrc=r=48000:cl=stereo"
            inputs = ["-f", "lavfi", "-i", BLACK, "-f", "lavfi", "-i", silence, "-t", str(SECONDS)]
            render(spoilt, *inputs, *ffmpeg.mezzanine(SQUARE, preset=PRESET))
    await film.storage.upload(spoilt, key, MP4)
    return film


@pytest.mark.parametrize(
    ("fault", "check", "why"),
    [
        ("sound that is too long", "in_sync", "where scene 3, the last, ends"),
        ("sound with a gap", "in_sync", "where scene 2 begins"),
        ("a damaged group", "decodes_to_the_end", "picture of scene 2 cannot be decoded at 3.000 s"),
        ("a damaged sound", "decodes_to_the_end", "sound of the film cannot be decoded"),
    ],
)
async def test_a_film_that_fails_a_check_is_not_delivered_and_the_check_says_why(
    a_film: MakeFilm, clip: Path, settings: Settings, tmp_path: Path, fault: str, check: str, why: str
) -> None:
    film = await a_spoilt_film(a_film, clip, tmp_path, fault)
    run = await asyncio.to_thread(materialize, film, settings)
    assert not run.success
    ((name, verdict),) = evaluations(run).items()
    assert (name, verdict.passed, verdict.severity) == (check, False, dg.AssetCheckSeverity.ERROR)
    assert why in str(verdict.metadata["why"].value)
    assert why in (verdict.description or "")
    failure = run.failure_data_for_node("final_mp4")
    assert failure
    assert failure.user_failure_data
    assert failure.user_failure_data.metadata["error_code"].value == "STITCH_FAILED"
    assert why in (failure.user_failure_data.description or "")
    assert not run.asset_materializations_for_node("final_mp4")
    job = await film.job()
    assert job.result
    assert job.result.delivery == 1, "the film that was there is still there"


@pytest.mark.parametrize("fault", ["sound with a gap", "a damaged sound", "a damaged group", "half a clip"])
async def test_the_next_try_uses_no_part_of_a_film_that_was_refused(
    a_film: MakeFilm, clip: Path, settings: Settings, tmp_path: Path, fault: str
) -> None:
    film = await a_spoilt_film(a_film, clip, tmp_path, fault)
    for row in await film.rows():
        assert row.clip_key
        await film.storage.upload(clip, source_object_key(film.user_id, row.clip_key), MP4)
    assert not (await asyncio.to_thread(materialize, film, settings)).success
    assert (await asyncio.to_thread(materialize, film, settings)).success


@pytest.mark.parametrize(
    ("fault", "check", "told"),
    [
        ("too faint", "as_loud_as_wanted", ("lufs", "-17")),
        ("black", "neither_black_nor_frozen", ("seconds", "black 2.3-3.7 s")),
    ],
)
async def test_a_film_that_fails_a_check_that_only_tells_is_delivered(
    a_film: MakeFilm, clip: Path, settings: Settings, tmp_path: Path, fault: str, check: str, told: tuple[str, str]
) -> None:
    film = await a_spoilt_film(a_film, clip, tmp_path, fault)
    run = await asyncio.to_thread(materialize, film, settings)
    assert run.success
    found = evaluations(run)
    assert [name for name, one in found.items() if not one.passed] == [check]
    assert found[check].severity == dg.AssetCheckSeverity.WARN
    assert str(found[check].metadata[told[0]].value).startswith(told[1])
    job = await film.job()
    assert job.result
    assert job.result.delivery == 2
