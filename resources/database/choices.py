"""The chosen_lines table: which lines of a script a language model has kept for films of a length."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from resources.database.connection import Connection
from resources.database.records import ChosenLines


async def find_choice(connection: Connection, script_id: UUID, version: int, target_seconds: int) -> ChosenLines | None:
    """The newest choice for films of so many seconds that was made of a version of a script or of one before it."""
    cursor = connection.cursor(row_factory=class_row(ChosenLines))
    await cursor.execute(
        """
        select line_ids, model from chosen_lines
        where script_id = %s and target_seconds = %s and version <= %s order by version desc limit 1
        """,
        (script_id, target_seconds, version),
    )
    return await cursor.fetchone()


async def keep_choice(
    connection: Connection,
    script_id: UUID,
    user_id: UUID,
    version: int,
    target_seconds: int,
    line_ids: Sequence[int],
    model: str,
) -> None:
    """Keep what ``model`` chose, unless somebody has chosen for the same version and length."""
    await connection.execute(
        """
        insert into chosen_lines (script_id, user_id, version, target_seconds, line_ids, model)
        values (%s, %s, %s, %s, %s, %s) on conflict do nothing
        """,
        (script_id, user_id, version, target_seconds, list(line_ids), model),
    )


async def is_filmed(connection: Connection, script_id: UUID, target_seconds: int) -> bool:
    """Whether a scene of any film of that length was filmed of a script."""
    cursor = await connection.execute(
        """
        select exists (
          select from jobs join job_scenes on job_scenes.job_id = jobs.id
          where jobs.script_id = %s and (jobs.options ->> 'target_seconds')::integer = %s
            and job_scenes.clip_key is not null
        )
        """,
        (script_id, target_seconds),
    )
    row = await cursor.fetchone()
    assert row
    found: bool = row[0]
    return found
