"""Budgets: what a user may spend in a month, and what is set aside for jobs under way."""

from decimal import Decimal
from uuid import UUID

from psycopg.errors import CheckViolation
from psycopg.rows import class_row

from domain.errors import ErrorCode, RecastError
from resources.database.connection import Connection
from resources.database.records import Budget


async def my_budget(connection: Connection) -> Budget:
    """The budget of the connection's user; it begins with the default limit."""
    cursor = connection.cursor(row_factory=class_row(Budget))
    await cursor.execute("select * from my_budget()")
    budget = await cursor.fetchone()
    assert budget
    return budget


async def set_my_budget(connection: Connection, limit: Decimal) -> Budget:
    """Raises INVALID_REQUEST for a limit below zero or above the operator's ceiling."""
    cursor = connection.cursor(row_factory=class_row(Budget))
    try:
        async with connection.transaction():
            await cursor.execute("select * from set_my_budget(%s)", (limit,))
    except CheckViolation as error:
        ceiling = (await my_budget(connection)).ceiling_usd
        raise RecastError(
            ErrorCode.INVALID_REQUEST, f"A budget is between $0 and ${ceiling:.2f}, which the operator has set."
        ) from error
    budget = await cursor.fetchone()
    assert budget
    return budget


async def reserve_for_job(connection: Connection, job_id: UUID, amount: Decimal) -> bool:
    """Set ``amount`` aside for a job of the connection's user. False when the budget does not cover it."""
    cursor = await connection.execute("select reserve_for_job(%s, %s)", (job_id, amount))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def set_ceiling(connection: Connection, user_id: UUID, ceiling: Decimal) -> None:
    """The operator's word on the highest limit that a user may choose; a limit above it comes down."""
    await connection.execute("select lock_budget(%s)", (user_id,))
    await connection.execute(
        "update budgets set ceiling_usd = %s, limit_usd = least(limit_usd, %s) where user_id = %s",
        (ceiling, ceiling, user_id),
    )
