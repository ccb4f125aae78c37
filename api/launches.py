"""Launches that follow a request."""

from uuid import UUID

import structlog

from api.errands import PATIENCE_SECONDS, Errands
from resources.dagster import DagsterClient
from resources.database.connection import Connect
from studio.launching import launch

log = structlog.get_logger(__name__)


class Launcher:
    """A launch that was lost with its process is found by the sweep of the outbox."""

    def __init__(self, dagster: DagsterClient, patience: float = PATIENCE_SECONDS) -> None:
        self._dagster = dagster
        self._errands = Errands(patience)

    async def launch(self, connect: Connect, job_id: UUID) -> None:
        await self._errands.run(self._launch(connect, job_id))

    async def close(self) -> None:
        await self._errands.close()

    async def _launch(self, connect: Connect, job_id: UUID) -> None:
        try:
            await launch(connect, self._dagster, job_id)
        except Exception:
            # The job is in the database, so the request has succeeded whatever happens here.
            log.exception("launch failed", job_id=str(job_id))
