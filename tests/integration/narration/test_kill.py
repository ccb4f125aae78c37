"""A worker is killed with kill -9 while it waits for a line: whoever comes next goes on, and buys nothing twice."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.context import SpawnProcess
from uuid import UUID, uuid4

import pytest

from resources.database.connection import Database
from resources.settings import Settings
from resources.storage import Storage
from tests.integration.narration.conftest import Desk, Running, charges, line, voices

PATIENCE_SECONDS = 60


def narrate_elsewhere(settings: Settings, user_id: UUID, job_id: UUID, sandbox: str) -> None:
    """In a process of its own, with everything of its own."""

    async def narrate() -> None:
        desk = Desk(Database(settings.database_url.get_secret_value()), Storage(settings), user_id, job_id)
        await desk.narrate(voices(sandbox, at_once=1, timeout_seconds=PATIENCE_SECONDS))

    asyncio.run(narrate())


@pytest.fixture
def workers() -> Iterator[list[SpawnProcess]]:
    started: list[SpawnProcess] = []
    yield started
    for process in started:
        process.kill()
        process.join()


async def test_kill_9_costs_one_answer_at_most(
    desk: Desk, settings: Settings, speaking: Running, workers: list[SpawnProcess]
) -> None:
    word = uuid4().hex[:10]
    made = await desk.plan(
        [line(f"One {word}.", 0, 4, "Ada")],
        [line(f"Two {word}. [[timeout-after-accepting-once]]", 4, 8, "Bruno")],
        [line(f"Three {word}.", 8, 12, "Ada")],
    )
    worker = multiprocessing.get_context("spawn").Process(
        target=narrate_elsewhere, args=(settings, made.user_id, made.job_id, speaking.url)
    )
    workers.append(worker)
    worker.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not any("Two" in str(charge["prompt"]) for charge in charges(speaking, word)):
            await asyncio.sleep(0.1)
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    before = [str(charge["prompt"]) for charge in charges(speaking, word)]
    engine = voices(speaking.url)
    spoken = await made.narrate(engine)
    await engine.close()
    prompts = [str(charge["prompt"]) for charge in charges(speaking, word)]
    assert spoken.lines == 3
    # The one whose answer nobody heard is asked for again, and booked; what was stored is not.
    assert sorted(prompts[len(before) :]) == sorted(
        [f"Two {word}. [[timeout-after-accepting-once]]"]
        + [f"{number} {word}." for number in ("One", "Three") if f"{number} {word}." not in before]
    )
    assert await made.states() == ["lost", *["succeeded"] * 3]
    assert await made.spent() == sum((attempt.cost_usd or 0 for attempt in await made.attempts()), start=0)
