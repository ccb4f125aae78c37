"""Editing: what the owner of a script changes in it before it is filmed."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

import psycopg

from domain.errors import ErrorCode, RecastError
from domain.proposal import speaking_parts
from resources.database import scripts
from resources.database.connection import Connection
from resources.database.records import CastCharacter
from studio.casting import require_castable


async def choose_cast(
    connection: Connection,
    user_id: UUID,
    script_id: UUID,
    character_ids: Sequence[UUID],
    speakers: Mapping[str, UUID] = MappingProxyType({}),
) -> Sequence[CastCharacter]:
    """Replace the cast of a script; the order is kept. ``speakers`` says who of it plays a speaker of the script.

    Raises NOT_FOUND, UNKNOWN_CHARACTER, CHARACTER_NOT_READY, and INVALID_REQUEST for a speaker whom the script does not
    name.

    ``connection`` is in a transaction, and the script is held until it ends: two choices at once are made in turn.
    """
    if not await scripts.lock_script(connection, script_id):
        raise RecastError(ErrorCode.NOT_FOUND)
    if speakers:
        await _require_speakers(connection, script_id, speakers)
    try:
        await scripts.set_cast(connection, script_id, user_id, character_ids, speakers)
    except psycopg.errors.ForeignKeyViolation as error:
        raise RecastError(ErrorCode.UNKNOWN_CHARACTER) from error
    cast = await scripts.list_cast(connection, script_id)
    require_castable(cast)
    return cast


async def _require_speakers(connection: Connection, script_id: UUID, speakers: Iterable[str]) -> None:
    row = await scripts.find_script(connection, script_id)
    script = row and row.normalized_script
    named = [part.speaker for part in speaking_parts(script.lines)] if script else []
    if strangers := [speaker for speaker in speakers if speaker not in named]:
        raise RecastError(
            ErrorCode.INVALID_REQUEST,
            f"The script names no speaker {strangers[0]!r}. Its speakers are: {', '.join(named) or 'none'}.",
        )
