"""Editing: what the owner of a script changes in it before it is filmed, and how older versions come back."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import psycopg

from domain.edits import Edit, RenameSpeaker, apply
from domain.errors import ErrorCode, RecastError, StaleVersionError
from domain.proposal import speaking_parts
from domain.scenes import Scene
from domain.script import Script
from resources.database import scripts
from resources.database.connection import Connection
from resources.database.records import CastCharacter, JobOptions, ScriptRow
from resources.video.cameras import Cameras
from studio.casting import require_castable
from studio.choosing import find_choice
from studio.directing import split
from studio.idempotency import RequestIdentity


async def edit_script(
    connection: Connection,
    script_id: UUID,
    version: int,
    edits: Sequence[Edit],
    identity: RequestIdentity | None = None,
) -> ScriptRow:
    """Make the edits to ``version`` of a script, all of them or none, and return the script as it is then. Edits that
    change nothing make no version. The same request sent again is made once; films that are ordered keep their version.

    Raises NOT_FOUND, NOT_READY (not imported yet), STALE_VERSION, INVALID_REQUEST, EMPTY_SCRIPT, IDEMPOTENCY_MISMATCH.

    ``connection`` is in a transaction.
    """
    row, script = await _imported(connection, script_id)
    if await _was_made(connection, script_id, identity):
        return row
    if row.version != version:
        raise StaleVersionError(row.version)
    edited = await asyncio.to_thread(apply, script, edits)
    if edited == script:
        return row
    sent = [edit.model_dump(mode="json", by_alias=True) for edit in edits]
    made = await scripts.add_version(
        connection,
        script_id,
        version,
        edited,
        edits=sent,
        request_key=identity.key if identity else None,
        request_hash=identity.request_hash if identity else None,
    )
    if _is_made(made):
        for edit in edits:
            if isinstance(edit, RenameSpeaker):
                await scripts.rename_speaker(connection, script_id, edit.from_, edit.to)
    elif not await _was_made(connection, script_id, identity):
        raise _lost(made)
    return (await _imported(connection, script_id))[0]


async def restore_version(
    connection: Connection, script_id: UUID, version: int, restored: int, identity: RequestIdentity | None = None
) -> ScriptRow:
    """Make the script of an older version the next one after ``version``; nothing in between is lost. Restoring what is
    there already makes no version. Raises as `edit_script`, and NOT_FOUND for a version that never was.

    ``connection`` is in a transaction.
    """
    row, present = await _imported(connection, script_id)
    if await _was_made(connection, script_id, identity):
        return row
    if row.version != version:
        raise StaleVersionError(row.version)
    older = await read_version(connection, script_id, restored)
    if older == present:
        return row
    made = await scripts.add_version(
        connection,
        script_id,
        version,
        older,
        restored_version=restored,
        request_key=identity.key if identity else None,
        request_hash=identity.request_hash if identity else None,
    )
    if not _is_made(made) and not await _was_made(connection, script_id, identity):
        raise _lost(made)
    return (await _imported(connection, script_id))[0]


async def read_version(connection: Connection, script_id: UUID, version: int) -> Script:
    """Raises NOT_FOUND."""
    if found := await scripts.find_version(connection, script_id, version):
        return found
    raise RecastError(ErrorCode.NOT_FOUND, f"The script has no version {version}.")


class Preview(NamedTuple):
    """The present version of a script, and the scenes in which it would be filmed; ``is_estimate`` while a language
    model has still to choose its lines."""

    version: int
    scenes: Sequence[Scene]
    is_estimate: bool


async def preview_scenes(
    connection: Connection, cameras: Cameras, script_id: UUID, options: JobOptions, *, has_model: bool = False
) -> Preview:
    """Asks nobody, as `quote_film`. Raises NOT_FOUND, NOT_READY and UNKNOWN_MODEL."""
    row, script = await _imported(connection, script_id)
    profile = cameras.profile(options.provider, options.model)
    choice = await find_choice(connection, script_id, row.version, script, options, has_model=has_model)
    plan = await asyncio.to_thread(split, script, options, profile, choice.line_ids)
    return Preview(row.version, plan, choice.is_open)


async def _imported(connection: Connection, script_id: UUID) -> tuple[ScriptRow, Script]:
    row = await scripts.find_script(connection, script_id)
    if row is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    if row.normalized_script is None:
        raise RecastError(ErrorCode.NOT_READY, "The source of this script is not imported yet.")
    return row, row.normalized_script


async def _was_made(connection: Connection, script_id: UUID, identity: RequestIdentity | None) -> bool:
    """Whether the same request has made a version before. Raises IDEMPOTENCY_MISMATCH when another one used its key."""
    if identity is None:
        return False
    earlier = await scripts.find_request_of_version(connection, script_id, identity.key)
    if earlier and earlier[1] != identity.request_hash:
        raise RecastError(ErrorCode.IDEMPOTENCY_MISMATCH)
    return earlier is not None


def _is_made(made: tuple[int, bool] | None) -> bool:
    return made is not None and made[1]


def _lost(made: tuple[int, bool] | None) -> RecastError:
    """Somebody was there between the reading and the writing."""
    return StaleVersionError(made[0]) if made else RecastError(ErrorCode.NOT_FOUND)


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
