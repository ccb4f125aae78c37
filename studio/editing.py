"""Editing: what the owner of a script changes in it before it is filmed."""

from collections.abc import Sequence
from uuid import UUID

import psycopg

from domain.errors import ErrorCode, RecastError
from resources.database import scripts
from resources.database.connection import Connection
from resources.database.records import Character
from studio.casting import require_castable


async def choose_cast(
    connection: Connection, user_id: UUID, script_id: UUID, character_ids: Sequence[UUID]
) -> Sequence[Character]:
    """Replace the cast of a script; the order is kept. Raises NOT_FOUND, UNKNOWN_CHARACTER and CHARACTER_NOT_READY.

    ``connection`` is in a transaction, and the script is held until it ends: two choices at once are made in turn.
    """
    if not await scripts.lock_script(connection, script_id):
        raise RecastError(ErrorCode.NOT_FOUND)
    try:
        await scripts.set_cast(connection, script_id, user_id, character_ids)
    except psycopg.errors.ForeignKeyViolation as error:
        raise RecastError(ErrorCode.UNKNOWN_CHARACTER) from error
    cast = await scripts.list_cast(connection, script_id)
    require_castable(cast)
    return cast
