"""Projects, scripts and their versions, and who plays in them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.script import Script
from domain.source import Source
from domain.transcript import Transcript
from resources.database import characters
from resources.database.connection import Connection
from resources.database.records import CastCharacter, ScriptRow, ScriptVersion

# All but the raw transcript, which is large and read by one stage only.
COLUMNS = sql.SQL(
    "id, user_id, project_id, youtube_url, video_id, upload_id, source, normalized_script, language, version,"
    " created_at, updated_at"
)


YOUTUBE_VIDEO = Source()


async def ensure_user(connection: Connection, user_id: UUID, email: str) -> None:
    await connection.execute(
        "insert into users (id, email) values (%s, %s) on conflict (id) do nothing", (user_id, email)
    )


async def insert_project(connection: Connection, user_id: UUID, title: str) -> UUID:
    cursor = await connection.execute(
        "insert into projects (user_id, title) values (%s, %s) returning id", (user_id, title)
    )
    row = await cursor.fetchone()
    assert row
    project_id: UUID = row[0]
    return project_id


async def insert_script(
    connection: Connection,
    user_id: UUID,
    project_id: UUID,
    youtube_url: str | None,
    video_id: str | None,
    *,
    upload_id: UUID | None = None,
    source: Source = YOUTUBE_VIDEO,
) -> ScriptRow:
    """A script without lines, of a video or of an upload."""
    cursor = connection.cursor(row_factory=class_row(ScriptRow))
    await cursor.execute(
        sql.SQL(
            "insert into scripts (user_id, project_id, youtube_url, video_id, upload_id, source)"
            " values (%s, %s, %s, %s, %s, %s) returning {}"
        ).format(COLUMNS),
        (user_id, project_id, youtube_url, video_id, upload_id, Jsonb(source.model_dump(mode="json"))),
    )
    row = await cursor.fetchone()
    assert row
    return row


async def find_script(connection: Connection, script_id: UUID) -> ScriptRow | None:
    cursor = connection.cursor(row_factory=class_row(ScriptRow))
    await cursor.execute(sql.SQL("select {} from scripts where id = %s").format(COLUMNS), (script_id,))
    return await cursor.fetchone()


async def find_script_of_upload(connection: Connection, upload_id: UUID) -> ScriptRow | None:
    cursor = connection.cursor(row_factory=class_row(ScriptRow))
    await cursor.execute(sql.SQL("select {} from scripts where upload_id = %s").format(COLUMNS), (upload_id,))
    return await cursor.fetchone()


async def lock_script(connection: Connection, script_id: UUID) -> bool:
    """Hold a script until the transaction ends, so that edits of it queue up. False when there is none to see."""
    cursor = await connection.execute("select from scripts where id = %s for no key update", (script_id,))
    return cursor.rowcount == 1


async def find_transcript(connection: Connection, script_id: UUID) -> Transcript | None:
    cursor = await connection.execute("select raw_transcript from scripts where id = %s", (script_id,))
    row = await cursor.fetchone()
    return Transcript.model_validate(row[0]) if row and row[0] else None


async def save_transcript(connection: Connection, script_id: UUID, transcript: Transcript) -> None:
    """Keep the transcript as it came, and what it tells of its source, and name the project after that."""
    facts = {
        "title": transcript.title,
        "author": transcript.channel,
        "language": transcript.language,
        "licence": transcript.licence,
        "thumbnail_url": transcript.thumbnail_url,
        "duration_seconds": transcript.duration_seconds,
        "times_are_estimated": transcript.times_are_estimated,
    }
    async with connection.transaction():
        await connection.execute(
            "update scripts set raw_transcript = %s, language = %s, source = source || %s where id = %s",
            (Jsonb(transcript.model_dump(mode="json")), transcript.language, Jsonb(facts), script_id),
        )
        await connection.execute(
            "update projects set title = %s where id = (select project_id from scripts where id = %s)",
            (transcript.title, script_id),
        )


async def save_first_version(connection: Connection, script_id: UUID, script: Script) -> int:
    """Version 1 of a script, unless it has one: an import that runs again never undoes an edit."""
    async with connection.transaction():
        await connection.execute(
            """
            with first as (
              update scripts set normalized_script = %(script)s, version = 1 where id = %(id)s and version = 0
              returning id, user_id, version, normalized_script
            )
            insert into script_versions (script_id, user_id, version, normalized_script)
            select id, user_id, version, normalized_script from first
            """,
            {"id": script_id, "script": Jsonb(script.model_dump(mode="json"))},
        )
        cursor = await connection.execute("select version from scripts where id = %s", (script_id,))
        row = await cursor.fetchone()
    assert row
    version: int = row[0]
    return version


async def find_version(connection: Connection, script_id: UUID, version: int) -> Script | None:
    cursor = await connection.execute(
        "select normalized_script from script_versions where script_id = %s and version = %s", (script_id, version)
    )
    row = await cursor.fetchone()
    return Script.model_validate(row[0]) if row else None


async def add_version(
    connection: Connection,
    script_id: UUID,
    expected: int,
    edited: Script,
    *,
    edits: Sequence[Mapping[str, Any]] | None = None,
    restored_version: int | None = None,
    request_key: str | None = None,
    request_hash: str | None = None,
) -> tuple[int, bool] | None:
    """Make ``edited`` the next version of the user's own script, if ``expected`` is its present one and no request had
    this key. The version that the script then has, and whether it was made here; None when the user has no such script.
    The oldest versions that no job films go."""
    cursor = await connection.execute(
        "select present, is_made from edit_script(%s, %s, %s, %s, %s, %s, %s)",
        (
            script_id,
            expected,
            Jsonb(edited.model_dump(mode="json")),
            None if edits is None else Jsonb(list(edits)),
            restored_version,
            request_key,
            request_hash,
        ),
    )
    return await cursor.fetchone()


async def list_versions(
    connection: Connection, script_id: UUID, *, limit: int, before: int | None = None
) -> Sequence[ScriptVersion]:
    """Newest first, those before version ``before``."""
    cursor = connection.cursor(row_factory=class_row(ScriptVersion))
    await cursor.execute(
        """
        select version, edits, restored_version, jsonb_array_length(normalized_script -> 'lines') as lines, created_at
        from script_versions where script_id = %s and (%s::integer is null or version < %s)
        order by version desc limit %s
        """,
        (script_id, before, before, limit),
    )
    return await cursor.fetchall()


async def find_request(connection: Connection, script_id: UUID, request_key: str) -> tuple[int, str] | None:
    """The version that a request with this key was answered with, and the request's fingerprint."""
    cursor = await connection.execute(
        "select version, request_hash from script_requests where script_id = %s and request_key = %s",
        (script_id, request_key),
    )
    return await cursor.fetchone()


async def record_request(connection: Connection, row: ScriptRow, request_key: str, request_hash: str) -> bool:
    """A request was answered with a script as it is, and made no version. False when its key was used already."""
    cursor = await connection.execute(
        """
        insert into script_requests (script_id, user_id, request_key, request_hash, version)
        values (%s, %s, %s, %s, %s) on conflict do nothing
        """,
        (row.id, row.user_id, request_key, request_hash, row.version),
    )
    return cursor.rowcount == 1


async def rename_speaker(connection: Connection, script_id: UUID, old: str, new: str) -> None:
    """Whoever of the cast was chosen to play the one speaker plays the other, unless somebody else was chosen."""
    await connection.execute(
        """
        update script_characters set speakers = case
          when exists (select from script_characters other
            where other.script_id = %(id)s and %(new)s = any (other.speakers))
            then array_remove(speakers, %(old)s)
          else array_replace(speakers, %(old)s, %(new)s) end
        where script_id = %(id)s and %(old)s = any (speakers)
        """,
        {"id": script_id, "old": old, "new": new},
    )


async def set_cast(
    connection: Connection,
    script_id: UUID,
    user_id: UUID,
    character_ids: Sequence[UUID],
    speakers: Mapping[str, UUID] = MappingProxyType({}),
) -> None:
    """Replace the cast of a script; ``speakers`` says who of it plays a speaker. Raises psycopg's ForeignKeyViolation
    on a character the user may not cast."""
    async with connection.transaction():
        await connection.execute("delete from script_characters where script_id = %s", (script_id,))
        for position, character_id in enumerate(character_ids):
            await connection.execute(
                """
                insert into script_characters (script_id, user_id, character_id, position, speakers)
                values (%s, %s, %s, %s, %s)
                """,
                (
                    script_id,
                    user_id,
                    character_id,
                    position,
                    [speaker for speaker, player in speakers.items() if player == character_id],
                ),
            )


async def list_cast(connection: Connection, script_id: UUID) -> Sequence[CastCharacter]:
    cursor = connection.cursor(row_factory=class_row(CastCharacter))
    await cursor.execute(
        sql.SQL(
            "select {}, script_characters.speakers"
            " from script_characters join characters on characters.id = script_characters.character_id"
            " where script_id = %s order by script_characters.position"
        ).format(characters.COLUMNS),
        (script_id,),
    )
    return await cursor.fetchall()
