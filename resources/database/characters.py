"""Characters: pre-made ones that all may see, and each user's own; and the cast that a job has frozen."""

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.characters import CastMember, CharacterMode, Consent, Voice
from domain.errors import ErrorCode
from resources.database.connection import Connection
from resources.database.records import Character, CharacterPicture, TrainedModel

# Each with its pictures, in order.
COLUMNS = sql.SQL(
    "characters.*, array(select to_jsonb(picture) from character_pictures picture"
    " where picture.character_id = characters.id order by picture.position) as pictures"
)


async def list_characters(connection: Connection) -> Sequence[Character]:
    """All that the connection's user may see: pre-made ones first, by name."""
    cursor = connection.cursor(row_factory=class_row(Character))
    await cursor.execute(sql.SQL("select {} from characters order by is_premade desc, name, id").format(COLUMNS))
    return await cursor.fetchall()


async def find_character(connection: Connection, character_id: UUID) -> Character | None:
    cursor = connection.cursor(row_factory=class_row(Character))
    await cursor.execute(sql.SQL("select {} from characters where id = %s").format(COLUMNS), (character_id,))
    return await cursor.fetchone()


async def find_character_by_idempotency_key(connection: Connection, user_id: UUID, key: str) -> Character | None:
    cursor = connection.cursor(row_factory=class_row(Character))
    await cursor.execute(
        sql.SQL("select {} from characters where user_id = %s and idempotency_key = %s").format(COLUMNS),
        (user_id, key),
    )
    return await cursor.fetchone()


async def insert_character(
    connection: Connection,
    *,
    character_id: UUID,
    user_id: UUID,
    name: str,
    description: str,
    style: str,
    voice: Voice | None,
    mode: CharacterMode,
    consent: Consent,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
) -> bool:
    """Write down that a user's own character is being uploaded; False when they have used ``idempotency_key``."""
    cursor = await connection.execute(
        """
        insert into characters (id, user_id, name, description, style, voice, mode, status, consent,
                                idempotency_key, request_hash)
        values (%s, %s, %s, %s, %s, %s, %s, 'uploading', %s, %s, %s)
        on conflict (user_id, idempotency_key) do nothing
        """,
        (
            character_id,
            user_id,
            name,
            description,
            style,
            Jsonb(voice.model_dump(mode="json")) if voice else None,
            mode,
            Jsonb(consent.model_dump(mode="json")),
            idempotency_key,
            request_hash,
        ),
    )
    return cursor.rowcount == 1


async def insert_pictures(
    connection: Connection, character_id: UUID, user_id: UUID, pictures: Sequence[CharacterPicture]
) -> None:
    """The pictures of a character that is being uploaded; the first is its portrait."""
    await connection.cursor().executemany(
        """
        insert into character_pictures (character_id, user_id, position, s3_key, sha256, width, height, size_bytes)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            (character_id, user_id, position, one.s3_key, one.sha256, one.width, one.height, one.size_bytes)
            for position, one in enumerate(pictures)
        ],
    )


async def finish_upload(connection: Connection, character_id: UUID) -> bool:
    """Every picture of the connection's user's character is stored. False when it was not being uploaded any more."""
    cursor = await connection.execute("select from finish_character_upload(%s)", (character_id,))
    return cursor.rowcount == 1


async def discard_upload(connection: Connection, character_id: UUID) -> bool:
    """Delete a character whose upload has failed; the database notes the deletion. A finished one stays."""
    cursor = await connection.execute("delete from characters where id = %s and status = 'uploading'", (character_id,))
    return cursor.rowcount == 1


async def discard_abandoned_uploads(connection: Connection, *, older_than_seconds: float, limit: int) -> Sequence[UUID]:
    """Delete characters whose upload nobody has finished; the database notes each deletion."""
    cursor = await connection.execute(
        """
        delete from characters where id in (
          select id from characters
          where status = 'uploading' and created_at < clock_timestamp() - make_interval(secs => %s)
          order by created_at limit %s for update skip locked
        ) and status = 'uploading'
        returning id
        """,
        (older_than_seconds, limit),
    )
    return [row[0] for row in await cursor.fetchall()]


async def update_character(
    connection: Connection,
    character_id: UUID,
    user_id: UUID,
    *,
    name: str | None = None,
    description: str | None = None,
    style: str | None = None,
    voice: Voice | None = None,
) -> bool:
    """Change what is given of a user's own character; False when there is none."""
    cursor = await connection.execute(
        """
        update characters set name = coalesce(%(name)s, name), description = coalesce(%(description)s, description),
          style = coalesce(%(style)s, style), voice = coalesce(%(voice)s, voice)
        where id = %(id)s and user_id = %(user)s
        """,
        {
            "id": character_id,
            "user": user_id,
            "name": name,
            "description": description,
            "style": style,
            "voice": Jsonb(voice.model_dump(mode="json")) if voice else None,
        },
    )
    return cursor.rowcount == 1


async def delete_character(connection: Connection, character_id: UUID, user_id: UUID) -> bool:
    """Delete a user's own character, its pictures' rows and its place in casts; the database notes the deletion."""
    cursor = await connection.execute("delete from characters where id = %s and user_id = %s", (character_id, user_id))
    return cursor.rowcount == 1


# Trainings, as the pipeline writes them


async def start_training(connection: Connection, character_id: UUID) -> bool:
    """A training of a character is asked for, or goes on. False when there is no such character to train."""
    cursor = await connection.execute(
        """
        update characters set status = 'training', error_code = null, error_message = null,
          training_progress = case status when 'training' then training_progress else 0 end
        where id = %s and mode = 'trained' and status in ('untrained', 'training', 'ready', 'failed')
        """,
        (character_id,),
    )
    return cursor.rowcount == 1


async def raise_training_progress(connection: Connection, character_id: UUID, progress: int) -> None:
    await connection.execute(
        "update characters set training_progress = %s where id = %s and status = 'training' and training_progress < %s",
        (progress, character_id, progress),
    )


async def list_training_progress(connection: Connection, character_ids: Sequence[UUID]) -> Sequence[int]:
    """How far each of these is, 0 to 100: one that is ready is at the end, one that waits at the beginning."""
    cursor = await connection.execute(
        """
        select case status when 'ready' then 100 when 'training' then training_progress else 0 end
        from characters where id = any(%s)
        """,
        (list(character_ids),),
    )
    return [row[0] for row in await cursor.fetchall()]


async def pin_model(
    connection: Connection, character_id: UUID, model: TrainedModel, *, trainer: str, training_key: str
) -> bool:
    """Give a character that is being trained its model. The one that it had is remembered, to be deleted with it."""
    cursor = await connection.execute(
        """
        update characters set status = 'ready', training_progress = 100, trained_at = clock_timestamp(),
          trainer = %(trainer)s, training_key = %(key)s, model_ref = %(ref)s, model_version = %(version)s,
          former_models = case when model_version is null or model_version = %(version)s then former_models
            else array_append(former_models, model_ref || ':' || model_version) end
        where id = %(id)s and status = 'training'
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


async def fail_training(connection: Connection, character_id: UUID, code: ErrorCode, message: str) -> None:
    await connection.execute(
        """
        update characters set status = 'failed', error_code = %s, error_message = %s
        where id = %s and status = 'training'
        """,
        (code, message, character_id),
    )


async def release_training(connection: Connection, character_id: UUID) -> None:
    """The training was given up: the character is as it was before."""
    await connection.execute(
        """
        update characters set status = case when model_version is null then 'untrained' else 'ready' end,
          training_progress = 0
        where id = %s and status = 'training'
        """,
        (character_id,),
    )


async def release_stalled_trainings(connection: Connection) -> Sequence[UUID]:
    """Characters that are said to be in training although no attempt at it is alive: whoever knew how it ended died
    before they had written it down."""
    cursor = await connection.execute(
        """
        update characters set status = case when model_version is null then 'untrained' else 'ready' end,
          training_progress = 0
        where status = 'training' and not exists (
          select from provider_attempts where provider_attempts.user_id = characters.user_id and kind = 'training'
            and state in ('intent', 'unknown', 'submitted') and request ->> 'character_id' = characters.id::text)
        returning id
        """
    )
    return [row[0] for row in await cursor.fetchall()]


async def find_model(connection: Connection, user_id: UUID, training_key: str) -> TrainedModel | None:
    """The model that a training has made, if a character of the user's still has it."""
    cursor = connection.cursor(row_factory=class_row(TrainedModel))
    await cursor.execute(
        """
        select model_ref, model_version from characters
        where user_id = %s and training_key = %s and model_version is not null limit 1
        """,
        (user_id, training_key),
    )
    return await cursor.fetchone()


async def has_model(connection: Connection, user_id: UUID, model: TrainedModel) -> bool:
    """Whether a character of the user's has this very model, or had it before its present one."""
    cursor = await connection.execute(
        """
        select exists (
          select from characters
          where user_id = %(user)s and %(model)s = any(array_append(former_models, model_ref || ':' || model_version)))
        """,
        {"user": user_id, "model": f"{model.model_ref}:{model.model_version}"},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


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
