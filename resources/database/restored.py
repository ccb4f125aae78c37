"""The restored_passages table: what a language model made of passages of a transcript, so that none is paid twice."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.rows import class_row

from resources.database.connection import Connection
from resources.database.records import RestoredPassage


async def list_passages(connection: Connection, script_id: UUID, keys: Sequence[str]) -> Mapping[str, RestoredPassage]:
    """Those of a script with the given keys, by key."""
    cursor = connection.cursor(row_factory=class_row(RestoredPassage))
    await cursor.execute(
        "select passage_key, answer, objection from restored_passages where script_id = %s and passage_key = any(%s)",
        (script_id, list(keys)),
    )
    return {row.passage_key: row for row in await cursor.fetchall()}


async def keep_passage(
    connection: Connection, script_id: UUID, user_id: UUID, passage: RestoredPassage, model: str
) -> None:
    """Keep what ``model`` answered about a passage, unless an answer is there."""
    await connection.execute(
        """
        insert into restored_passages (script_id, user_id, passage_key, model, answer, objection)
        values (%s, %s, %s, %s, %s, %s) on conflict do nothing
        """,
        (script_id, user_id, passage.passage_key, model, passage.answer, passage.objection),
    )
