"""The job_events table: what happened to a job, append-only. Users read their own; operators read all."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from resources.database.connection import Connection
from resources.database.records import JobEvent


async def append_event(
    connection: Connection,
    job_id: UUID,
    user_id: UUID,
    kind: str,
    *,
    stage: str | None = None,
    scene_index: int | None = None,
    message: str = "",
    data: dict[str, Any] | None = None,
    audience: Literal["user", "operator"] = "user",
) -> None:
    await connection.execute(
        """
        insert into job_events (job_id, user_id, audience, kind, stage, scene_index, message, data)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (job_id, user_id, audience, kind, stage, scene_index, message, Jsonb(data or {})),
    )


async def list_events(connection: Connection, job_id: UUID, *, after: int = 0, limit: int = 500) -> Sequence[JobEvent]:
    cursor = connection.cursor(row_factory=class_row(JobEvent))
    await cursor.execute(
        """
        select id, job_id, kind, stage, scene_index, message, data, created_at from job_events
        where job_id = %s and id > %s order by id limit %s
        """,
        (job_id, after, limit),
    )
    return await cursor.fetchall()


async def list_last_stage_events(connection: Connection, job_id: UUID) -> Sequence[JobEvent]:
    """The newest event of each stage of a job."""
    cursor = connection.cursor(row_factory=class_row(JobEvent))
    await cursor.execute(
        """
        select distinct on (stage) id, job_id, kind, stage, scene_index, message, data, created_at from job_events
        where job_id = %s and stage is not null and scene_index is null order by stage, id desc
        """,
        (job_id,),
    )
    return await cursor.fetchall()


async def sum_model_cost(connection: Connection, job_id: UUID, kind: str) -> Decimal:
    """What a job's calls to the language model cost, and those whose answer was lost may cost, in US dollars."""
    cursor = await connection.execute(
        """
        select coalesce(sum((data ->> 'cost_usd')::numeric + (data ->> 'lost_usd')::numeric), 0) from job_events
        where job_id = %s and kind = %s
        """,
        (job_id, kind),
    )
    row = await cursor.fetchone()
    assert row
    cost: Decimal = row[0]
    return cost
