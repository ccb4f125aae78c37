"""`recast ledger`: the operator's view of paid calls. It speaks to the database itself, as the pipeline does."""

from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from cli.display import table_of
from cli.exits import Exit
from domain.attempts import AttemptState
from domain.errors import ErrorCode, RecastError
from resources.database import attempts
from resources.database.connection import Database
from resources.database.invariants import find_violations
from resources.settings import Settings

console = Console(soft_wrap=True)


def database() -> Database:
    return Database(Settings().database_url.get_secret_value())


async def check() -> None:
    async with database().connect() as connection:
        violations = await find_violations(connection)
    if not violations:
        console.print("The ledger adds up.")
        return
    table = Table("rule", "row", "found", box=None, pad_edge=False)
    for one in violations:
        table.add_row(one.rule, one.subject, one.detail)
    console.print(table)
    raise typer.Exit(Exit.FAILED)


async def parked() -> None:
    async with database().connect() as connection:
        waiting = await attempts.list_parked(connection)
    table = table_of("attempt", "since", "provider", "model", "may have cost", "why")
    for one in waiting:
        cost = f"${one.estimated_cost_usd:.2f}"
        table.add_row(str(one.id), f"{one.created_at:%Y-%m-%d %H:%M}", one.provider, one.model, cost, one.reason or "")
    console.print(table if waiting else "No attempt waits for a decision.")


async def resolve(attempt_id: UUID, request_id: str | None) -> None:
    """Raises NOT_FOUND for what is not parked, and CONFLICT for an id that another attempt has."""
    async with database().connect() as connection:
        attempt = await attempts.find_attempt(connection, attempt_id)
        if attempt is None or attempt.state is not AttemptState.PARKED:
            raise RecastError(ErrorCode.NOT_FOUND, "There is no such parked attempt.")
        if request_id is None:
            await attempts.close_attempt(
                connection, attempt_id, AttemptState.ABSENT, reason="an operator found that the provider never had it"
            )
            console.print("Closed: nothing was bought. The scene can be tried again.")
        elif await attempts.record_handle(connection, attempt_id, request_id, None):
            console.print("The attempt goes on with that id: try the job again, or wait for it to be settled.")
        else:
            raise RecastError(ErrorCode.CONFLICT, f"{request_id} belongs to another attempt.")
