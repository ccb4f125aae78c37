"""The outbox of deletions: likenesses whose character is gone and whose pictures and trained model have to go too.

Rows come from the database itself, whoever deletes a character; no statement here makes one.
"""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from domain.errors import ErrorCode
from resources.database.connection import Connection
from resources.database.records import Deletion


async def find_deletion(connection: Connection, character_id: UUID) -> Deletion | None:
    cursor = connection.cursor(row_factory=class_row(Deletion))
    await cursor.execute("select * from deletions where character_id = %s", (character_id,))
    return await cursor.fetchone()


async def list_due_deletions(connection: Connection, limit: int) -> Sequence[Deletion]:
    """Those that somebody has to go on with now, the longest due first."""
    cursor = connection.cursor(row_factory=class_row(Deletion))
    await cursor.execute(
        "select * from deletions where finished_at is null and due_at <= clock_timestamp() order by due_at limit %s",
        (limit,),
    )
    return await cursor.fetchall()


async def note_objects_deleted(connection: Connection, deletion_id: UUID) -> None:
    """The pictures are gone; without a trained model that is all."""
    await connection.execute(
        """
        update deletions set objects_deleted_at = coalesce(objects_deleted_at, clock_timestamp()),
          finished_at = case when model_version is null or model_deleted_at is not null then clock_timestamp() end
        where id = %s and finished_at is null
        """,
        (deletion_id,),
    )


async def note_model_deleted(connection: Connection, deletion_id: UUID) -> None:
    """The provider has no model of the likeness any more."""
    await connection.execute(
        """
        update deletions set model_deleted_at = coalesce(model_deleted_at, clock_timestamp()),
          finished_at = case when objects_deleted_at is not null then clock_timestamp() end
        where id = %s and finished_at is null
        """,
        (deletion_id,),
    )


async def postpone_deletion(connection: Connection, deletion_id: UUID, code: ErrorCode, seconds: float) -> None:
    """It went wrong; somebody tries again after so many seconds."""
    await connection.execute(
        """
        update deletions set attempts = attempts + 1, error_code = %s,
          due_at = clock_timestamp() + make_interval(secs => %s)
        where id = %s and finished_at is null
        """,
        (code, seconds, deletion_id),
    )
