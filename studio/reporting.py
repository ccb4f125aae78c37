"""Reporting: Dagster hears of edits, so that it shows as stale what was made of older versions."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from pydantic import ValidationError

from domain.errors import RecastError
from domain.fingerprint import fingerprint
from domain.script import Script
from resources.database import jobs
from resources.database.connection import Connect
from resources.database.records import UnreportedEdit

log = structlog.get_logger(__name__)

EDITS_AT_ONCE = 50

Report = Callable[[UnreportedEdit, str], Awaitable[None]]
"""Tells Dagster of one edit, with the data version of the script. Raises RecastError when it does not answer."""


async def report_edits(connect: Connect, report: Report, script_id: UUID | None = None) -> int:
    """Report the present version of one script, or of all, wherever Dagster shows an older one; how many there were.

    The rows are the outbox: what was not reported is reported the next time, and to report twice changes nothing. One
    that cannot be read is put aside, and one that Dagster refuses keeps no other from being reported. Raises what
    ``report`` raises, of the first that was refused.
    """
    async with connect() as connection:
        waiting = await jobs.list_unreported(connection, EDITS_AT_ONCE, script_id)
    refused: RecastError | None = None
    for edit in waiting:
        try:
            await report(edit, fingerprint(Script.model_validate(edit.content)))
        except ValidationError as error:
            log.warning(
                "a script cannot be read", script_id=str(edit.script_id), version=edit.version, cause=str(error)
            )
        except RecastError as error:
            refused = refused or error
            continue
        async with connect() as connection:
            await jobs.record_reported_version(connection, edit.job_id, edit.version)
    if refused:
        raise refused
    return len(waiting)
