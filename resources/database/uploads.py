"""Files that users have sent or are about to send: a row before the first byte, until the last is gone."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from resources.database.connection import Connection
from resources.database.records import RecordingFacts, Upload, UploadKind

LOCK_SPACE = 0x7267
"""First half of the lock's key, so that no other use of advisory locks meets it."""


async def lock_uploads_of(connection: Connection, user_id: UUID) -> None:
    """Until the transaction ends nobody else counts this user's uploads."""
    await connection.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK_SPACE, str(user_id)))


async def insert_upload(
    connection: Connection,
    *,
    upload_id: UUID,
    user_id: UUID,
    kind: UploadKind,
    filename: str,
    content_type: str,
    size_bytes: int,
    sha256: str | None,
    s3_key: str,
    max_pending: int,
) -> bool:
    """Write down what is going to be stored; False when the user has so many uploads under way already. Two at once
    count each other only in the order of `lock_uploads_of`."""
    cursor = await connection.execute(
        """
        insert into uploads (id, user_id, kind, filename, content_type, size_bytes, sha256, s3_key)
        select %(id)s, %(user)s, %(kind)s, %(filename)s, %(type)s, %(size)s, %(sha256)s, %(key)s
        where (select count(*) from uploads where user_id = %(user)s and state = 'pending') < %(max)s
        """,
        {
            "id": upload_id,
            "user": user_id,
            "kind": kind,
            "filename": filename,
            "type": content_type,
            "size": size_bytes,
            "sha256": sha256,
            "key": s3_key,
            "max": max_pending,
        },
    )
    return cursor.rowcount == 1


async def find_upload(connection: Connection, upload_id: UUID) -> Upload | None:
    cursor = connection.cursor(row_factory=class_row(Upload))
    await cursor.execute("select * from uploads where id = %s", (upload_id,))
    return await cursor.fetchone()


async def find_music(connection: Connection, user_id: UUID, s3_key: str) -> Upload | None:
    """The music at ``s3_key``, if this user has sent it and it was looked at."""
    cursor = connection.cursor(row_factory=class_row(Upload))
    await cursor.execute(
        "select * from uploads where user_id = %s and s3_key = %s and kind = 'music' and state = 'complete'",
        (user_id, s3_key),
    )
    return await cursor.fetchone()


async def list_music(connection: Connection, limit: int) -> Sequence[Upload]:
    """The connection's user's own, newest first."""
    cursor = connection.cursor(row_factory=class_row(Upload))
    await cursor.execute(
        "select * from uploads where kind = 'music' and state = 'complete' order by created_at desc, id desc limit %s",
        (limit,),
    )
    return await cursor.fetchall()


async def complete_upload(
    connection: Connection, upload_id: UUID, s3_version: str | None, facts: RecordingFacts | None
) -> bool:
    """The file is there and was looked at. False when the upload is not under way any more."""
    cursor = await connection.execute(
        """
        update uploads set state = 'complete', s3_version = %s, facts = %s, completed_at = clock_timestamp()
        where id = %s and state = 'pending'
        """,
        (s3_version, Jsonb(facts.model_dump(mode="json")) if facts else None, upload_id),
    )
    return cursor.rowcount == 1


async def discard_upload(connection: Connection, upload_id: UUID) -> bool:
    """From now on nobody completes it; its objects have to go, then its row. False when it is complete, or gone."""
    cursor = await connection.execute(
        "update uploads set state = 'discarded' where id = %s and state in ('pending', 'discarded')", (upload_id,)
    )
    return cursor.rowcount == 1


async def discard_unused_upload(connection: Connection, upload_id: UUID) -> bool:
    """Discard an upload, complete or not; False when a job that is not over reads it, or when there is none."""
    cursor = await connection.execute(
        """
        update uploads set state = 'discarded', completed_at = null
        where id = %s and state <> 'discarded' and not exists (
          select from scripts join jobs on jobs.script_id = scripts.id
          where scripts.upload_id = uploads.id and jobs.type = 'import' and jobs.status in ('queued', 'running')
        ) and not exists (
          select from jobs
          where jobs.user_id = uploads.user_id and jobs.status in ('queued', 'running')
            and jobs.options #>> '{finish,music,upload_key}' = uploads.s3_key
        )
        """,
        (upload_id,),
    )
    return cursor.rowcount == 1


async def discard_abandoned_uploads(
    connection: Connection, *, older_than_seconds: float, limit: int
) -> Sequence[Upload]:
    """Uploads that nobody has completed in so long, and those that are discarded and as old: all discarded now."""
    cursor = connection.cursor(row_factory=class_row(Upload))
    await cursor.execute(
        """
        update uploads set state = 'discarded' where id in (
          select id from uploads
          where state <> 'complete' and created_at < clock_timestamp() - make_interval(secs => %s)
          order by created_at limit %s for update skip locked
        ) and state <> 'complete'
        returning *
        """,
        (older_than_seconds, limit),
    )
    return await cursor.fetchall()


async def delete_discarded_upload(connection: Connection, upload_id: UUID, settled_seconds: float) -> None:
    """Its objects are gone. A recording's row stays for so long, since its user has an address to send more to."""
    await connection.execute(
        """
        delete from uploads where id = %s and state = 'discarded'
          and (kind = 'transcript' or created_at < clock_timestamp() - make_interval(secs => %s))
        """,
        (upload_id, settled_seconds),
    )


async def list_unswept_uploads(connection: Connection, *, older_than_seconds: float, limit: int) -> Sequence[Upload]:
    """Complete uploads, beside whose objects nobody has looked since the last could arrive."""
    cursor = connection.cursor(row_factory=class_row(Upload))
    await cursor.execute(
        """
        select * from uploads
        where state = 'complete' and swept_at is null and created_at < clock_timestamp() - make_interval(secs => %s)
        order by created_at limit %s
        """,
        (older_than_seconds, limit),
    )
    return await cursor.fetchall()


async def record_swept(connection: Connection, upload_id: UUID) -> None:
    await connection.execute("update uploads set swept_at = clock_timestamp() where id = %s", (upload_id,))
