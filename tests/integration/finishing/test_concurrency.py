"""Work that is stopped: by the failure of a sibling, and by the user."""

import asyncio

import pytest

from domain.errors import ErrorCode, RecastError
from resources.database import jobs
from studio.concurrency import all_of, until_canceled
from tests.integration.finishing.test_delivering import MakeFilm


async def test_the_first_failure_stops_the_others_before_it_is_told() -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def broken() -> None:
        await begun.wait()
        raise RecastError(ErrorCode.STITCH_FAILED)

    with pytest.raises(RecastError) as raised:
        await all_of(long(), broken())
    assert raised.value.code is ErrorCode.STITCH_FAILED
    assert stopped.is_set()


async def test_results_come_in_order() -> None:
    async def after(turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns

    assert await all_of(after(3), after(1), after(2)) == [3, 1, 2]


async def test_a_film_that_is_being_finished_can_be_canceled(a_film: MakeFilm) -> None:
    film = await a_film(1)
    stopped = asyncio.Event()

    async def long() -> None:
        assert await jobs.request_cancel(film.connection, film.job_id)
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    with pytest.raises(RecastError) as raised:
        async with film.work() as work:
            await until_canceled(work, long())
    assert raised.value.code is ErrorCode.JOB_CANCELED
    assert stopped.is_set()
    assert (await film.job()).status == "canceled"
