"""Reporting: Dagster hears of edits, so that it shows as stale what was made of older versions."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from domain.fingerprint import fingerprint
from resources.database import jobs
from resources.database.connection import Connect
from resources.database.records import UnreportedEdit

EDITS_AT_ONCE = 50

Report = Callable[[UnreportedEdit, str], Awaitable[None]]
"""Tells Dagster of one edit, with the data version of the script. Raises RecastError when it does not answer."""


async def report_edits(connect: Connect, report: Report, script_id: UUID | None = None) -> int:
    """Report the present version of one script, or of all, wherever Dagster shows an older one; how many there were.

    The rows are the outbox: what was not reported is reported the next time, and to report twice changes nothing.
    Raises what ``report`` raises.
    """
    async with connect() as connection:
        waiting = await jobs.list_unreported(connection, EDITS_AT_ONCE, script_id)
    for edit in waiting:
        await report(edit, fingerprint(edit.normalized_script))
        async with connect() as connection:
            await jobs.record_reported_version(connection, edit.job_id, edit.version)
    return len(waiting)
