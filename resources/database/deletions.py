"""The outbox of deletions: likenesses whose character is gone and whose pictures and trained models have to go too.

Rows come from the database itself, whoever deletes a character; no statement here makes one.
"""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from domain.errors import ErrorCode
from resources.database.connection import Connection
from resources.database.records import Deletion, TrainedModel


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
          finished_at = case when model_deleted_at is not null or (model_version is null and former_models = '{}')
            then clock_timestamp() end
        where id = %s and finished_at is null
        """,
        (deletion_id,),
    )


async def add_model(
    connection: Connection, character_id: UUID, model: TrainedModel, *, trainer: str, training_key: str
) -> bool:
    """A model of a likeness that is being deleted, or has been: its training ended too late. It has to go too. False
    when no deletion of the character is noted."""
    cursor = await connection.execute(
        """
        update deletions set trainer = %(trainer)s, training_key = %(key)s, model_ref = %(ref)s,
          model_version = %(version)s, attempts = 0, error_code = null, due_at = clock_timestamp(),
          model_deleted_at = null, finished_at = null,
          former_models = case when model_version is null or model_version = %(version)s then former_models
            else array_append(former_models, model_ref || ':' || model_version) end
        where character_id = %(id)s
        """,
        {
            "id": character_id,
            "trainer": trainer,
            "key": training_key,
            "ref": model.model_ref,
            "version": model.model_version,
        },
    )
    return cursor.rowcount == 1


async def note_model_deleted(connection: Connection, deletion_id: UUID) -> None:
    """The provider has no model of the likeness any more, but for what another character of its user's is filmed
    with."""
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
