"""Whether the outside answers, asked of each part at once and never more than once at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from api.views.service import Health
from resources.dagster import DagsterClient
from resources.database.connection import UserDatabase
from resources.storage import Storage

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 3.0


class ReadinessChecks:
    """A check that hangs is not started again: probes come every few seconds, and would pile up behind it."""

    def __init__(
        self, database: UserDatabase, storage: Storage, dagster: DagsterClient, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._checks: dict[str, Callable[[], Awaitable[None]]] = {
            "postgresql": partial(_query, database),
            "s3": storage.check,
            "dagster": dagster.check,
        }
        self._patience = patience
        self._under_way: dict[str, asyncio.Task[Health]] = {}

    async def ask(self) -> dict[str, Health]:
        tasks = {name: self._start(name, check) for name, check in self._checks.items()}
        done, _ = await asyncio.wait(tasks.values(), timeout=self._patience)
        return {name: task.result() if task in done else "failed" for name, task in tasks.items()}

    def _start(self, name: str, check: Callable[[], Awaitable[None]]) -> asyncio.Task[Health]:
        task = self._under_way.get(name)
        if task is None or task.done():
            task = self._under_way[name] = asyncio.create_task(_health(name, check))
        return task


async def _health(name: str, check: Callable[[], Awaitable[None]]) -> Health:
    try:
        await check()
    except Exception as error:
        log.warning("not ready", part=name, cause=f"{type(error).__name__}: {error}")
        return "failed"
    return "ok"


async def _query(database: UserDatabase) -> None:
    async with database.as_anyone() as connection:
        await connection.execute("select 1")
