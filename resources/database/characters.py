"""Characters: pre-made ones that all may see, and each user's own; and the cast that a job has frozen."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.characters import CastMember, Voice
from resources.database.connection import Connection
from resources.database.records import Character


async def list_characters(connection: Connection) -> Sequence[Character]:
    """All that the connection's user may see: pre-made ones first, by name."""
    cursor = connection.cursor(row_factory=class_row(Character))
    await cursor.execute("select * from characters order by is_premade desc, name, id")
    return await cursor.fetchall()


async def save_premade(
    connection: Connection,
    *,
    character_id: UUID,
    name: str,
    description: str,
    style: str,
    image_url: str,
    model_ref: str,
    voice: Voice,
) -> None:
    await connection.execute(
        """
        insert into characters (id, name, description, style, image_url, model_ref, voice, is_premade)
        values (%(id)s, %(name)s, %(description)s, %(style)s, %(image_url)s, %(model_ref)s, %(voice)s, true)
        on conflict (id) do update set name = excluded.name, description = excluded.description,
          style = excluded.style, image_url = excluded.image_url, model_ref = excluded.model_ref, voice = excluded.voice
        """,
        {
            "id": character_id,
            "name": name,
            "description": description,
            "style": style,
            "image_url": image_url,
            "model_ref": model_ref,
            "voice": Jsonb(voice.model_dump(mode="json")),
        },
    )


async def freeze_cast(connection: Connection, job_id: UUID, user_id: UUID, members: Sequence[CastMember]) -> None:
    """Freeze the cast of a job, unless it is frozen already."""
    async with connection.transaction():
        for position, member in enumerate(members):
            await connection.execute(
                """
                insert into job_characters (job_id, user_id, position, character_id, member)
                values (%s, %s, %s, %s, %s) on conflict (job_id, position) do nothing
                """,
                (job_id, user_id, position, member.character_id, Jsonb(member.model_dump(mode="json"))),
            )


async def list_job_cast(connection: Connection, job_id: UUID) -> Sequence[CastMember]:
    cursor = await connection.execute(
        "select member from job_characters where job_id = %s order by position", (job_id,)
    )
    return [CastMember.model_validate(row[0]) for row in await cursor.fetchall()]
