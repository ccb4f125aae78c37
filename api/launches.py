"""Launches that follow a request: after its transaction is committed, and before its answer, if that takes not long."""

import asyncio
from uuid import UUID

import structlog

from resources.dagster import DagsterClient
from resources.database.connection import Connect
from studio.launching import launch

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 3.0
CLOSING_SECONDS = 4.0


class Launcher:
    """A launch that takes longer than ``patience`` seconds goes on while its request is answered.

    Cutting it off would leave a run that nobody has heard of. What is under way when the process ends is waited for a
    little; what is lost even then is found by the sweep of the outbox.
    """

    def __init__(self, dagster: DagsterClient, patience: float = PATIENCE_SECONDS) -> None:
        self._dagster = dagster
        self._patience = patience
        self._under_way: set[asyncio.Task[None]] = set()

    async def launch(self, connect: Connect, job_id: UUID) -> None:
        task = asyncio.create_task(self._launch(connect, job_id))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task}, timeout=self._patience)

    async def close(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSING_SECONDS)

    async def _launch(self, connect: Connect, job_id: UUID) -> None:
        try:
            await launch(connect, self._dagster, job_id)
        except Exception:
            # The job is in the database, so the request has succeeded whatever happens here.
            log.exception("launch failed", job_id=str(job_id))
