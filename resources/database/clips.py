"""Accepted clips and keyframes in the assets table, by the key of their purchase: what a user owns is never made for
them again."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from resources.database.connection import Connection
from resources.database.records import Clip


async def find_clip(connection: Connection, user_id: UUID, clip_key: str) -> Clip | None:
    cursor = connection.cursor(row_factory=class_row(Clip))
    await cursor.execute(
        "select clip_key, s3_key, metadata from assets where user_id = %s and clip_key = %s", (user_id, clip_key)
    )
    return await cursor.fetchone()


async def list_owned(connection: Connection, user_id: UUID, clip_keys: Sequence[str]) -> set[str]:
    """Which of these clips and keyframes the user owns."""
    cursor = await connection.execute(
        "select clip_key from assets where user_id = %s and clip_key = any(%s)", (user_id, list(clip_keys))
    )
    return {row[0] for row in await cursor.fetchall()}


async def save_clip(
    connection: Connection,
    user_id: UUID,
    clip_key: str,
    s3_key: str,
    metadata: dict[str, Any],
    *,
    kind: Literal["video", "image"] = "video",
) -> None:
    """A keyframe is an image."""
    await connection.execute(
        """
        insert into assets (user_id, type, s3_key, clip_key, metadata) values (%s, %s, %s, %s, %s)
        on conflict (user_id, clip_key) do update set s3_key = excluded.s3_key, metadata = excluded.metadata
        """,
        (user_id, kind, s3_key, clip_key, Jsonb(metadata)),
    )
