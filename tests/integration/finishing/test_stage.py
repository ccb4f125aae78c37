"""The stage `final_mp4` as Dagster runs it, with its checks."""

import asyncio
from collections.abc import Awaitable, Callable

import dagster as dg

from assets.final_mp4 import final_mp4
from assets.partitions import jobs as partitions
from domain.finish import Finish, Transition, TransitionKind
from resources.settings import Settings
from tests.integration.finishing.conftest import Film

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
