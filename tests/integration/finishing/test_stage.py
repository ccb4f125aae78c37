"""The stage `final_mp4` as Dagster runs it, with its checks."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from assets.final_mp4 import final_mp4
from assets.partitions import jobs as partitions
from domain.finish import Finish, Transition, TransitionKind
from resources.settings import Settings
from studio import inspecting
from tests.integration.finishing.conftest import Film

MakeFilm = Callable[..., Awaitable[Film]]


def materialize(
    film: Film, settings: Settings, instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    with nullcontext(instance) if instance else dg.DagsterInstance.ephemeral() as instance:
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


async def test_the_check_that_a_film_has_failed_is_seen_to_fail(
    a_film: MakeFilm, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = await a_film(2)
    monkeypatch.setattr(inspecting, "offsets", lambda *_: [0.0, 0.5, 0.0])
    with dg.DagsterInstance.ephemeral() as instance:
        run = await asyncio.to_thread(materialize, film, settings, instance)
        key = dg.AssetCheckKey(dg.AssetKey("final_mp4"), "in_sync")
        (newest,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert not run.success
    assert newest.status is AssetCheckExecutionRecordStatus.FAILED
    assert newest.event
    assert "0.500 s apart where scene 2" in newest.event.dagster_event.asset_check_evaluation_data.description
    assert (await film.job()).result is None


async def test_a_film_that_cannot_be_made_says_why(a_film: MakeFilm, settings: Settings) -> None:
    film = await a_film(1)
    await film.finish(Finish(order=(7,)))
    run = await asyncio.to_thread(materialize, film, settings)
    failure = run.failure_data_for_node("final_mp4")
    assert failure
    assert failure.user_failure_data
    assert failure.user_failure_data.metadata["error_code"].value == "STITCH_FAILED"
    assert "scene 7" in (failure.user_failure_data.description or "")
