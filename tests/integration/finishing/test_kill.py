"""A worker is killed with kill -9 wherever it has just kept something: the next one goes on from there."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path
from uuid import UUID

import pytest

from domain.finish import Music
from domain.music import Piece
from domain.stages import Stage
from resources.database.connection import Database
from resources.settings import Settings
from resources.storage import Storage
from studio.delivering import deliver
from studio.work import stage_work
from tests.integration.finishing.conftest import plain
from tests.integration.finishing.test_delivering import CROSSFADE, MakeFilm
from tests.integration.objects import Bucket

PATIENCE_SECONDS = 60


def deliver_elsewhere(settings: Settings, job_id: UUID, pieces: Path) -> None:
    """In a process of its own, with everything of its own."""

    async def work_on() -> None:
        database = Database(settings.database_url.get_secret_value())
        async with stage_work(database, job_id, Stage.FINAL_MP4, run_id=str(os.getpid()), launch_number=None) as work:
            await deliver(work, Storage(settings), cdn_url="http://cdn", pieces=pieces)

    asyncio.run(work_on())


@pytest.fixture
def workers() -> Iterator[list[SpawnProcess]]:
    started: list[SpawnProcess] = []
    yield started
    for process in started:
        process.kill()
        process.join()


async def test_a_film_is_the_same_wherever_its_worker_was_killed(
    a_film: MakeFilm, settings: Settings, pieces: Path, workers: list[SpawnProcess]
) -> None:
    finish = plain(transition=CROSSFADE, music=Music(piece=Piece.NIGHT))
    undisturbed = await (await a_film(2)).deliver(finish)
    film = await a_film(2)
    await film.finish(finish)
    for kept in ("/parts/transition-", "/parts/sound-", "/final.mp4"):
        worker = multiprocessing.get_context("spawn").Process(
            target=deliver_elsewhere, args=(settings, film.job_id, pieces)
        )
        workers.append(worker)
        worker.start()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not any(kept in key for key in Bucket(settings).keys(f"users/{film.user_id}/")):
                assert worker.is_alive()
                await asyncio.sleep(0.02)
        assert worker.pid
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
    delivery = await film.deliver()
    assert (delivery.encoded_transitions, delivery.mixed) == (0, False), "what was kept is not made again"
    assert delivery.result.sha256 == undisturbed.result.sha256
    assert (await film.job()).status == "succeeded"
