"""Reports of edits that follow a request."""

from uuid import UUID

import structlog

from api.errands import PATIENCE_SECONDS, Errands
from domain.errors import RecastError
from resources.dagster import DagsterClient
from resources.database.connection import Connect
from resources.database.records import UnreportedEdit
from studio.reporting import report_edits

log = structlog.get_logger(__name__)


class Reporter:
    """An edit that Dagster could not hear of is reported by the sweep."""

    def __init__(self, dagster: DagsterClient, patience: float = PATIENCE_SECONDS) -> None:
        self._dagster = dagster
        self._errands = Errands(patience)

    async def report(self, connect: Connect, script_id: UUID) -> None:
        await self._errands.run(self._report(connect, script_id))

    async def close(self) -> None:
        await self._errands.close()

    async def _report(self, connect: Connect, script_id: UUID) -> None:
        async def tell(edit: UnreportedEdit, data_version: str) -> None:
            await self._dagster.report_edit(edit.job_id, edit.script_id, edit.version, data_version)

        try:
            await report_edits(connect, tell, script_id)
        except RecastError as error:
            log.warning("the report is left to the sweep", error_code=error.code.value, cause=error.cause)
        except Exception:
            # The edit is in the database, so the request has succeeded whatever happens here.
            log.exception("report failed", script_id=str(script_id))
