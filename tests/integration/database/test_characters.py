"""What the database itself sees to for characters, their pictures and their deletion, whoever writes."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from resources.database import characters, deletions
from resources.database.connection import Connection, UserDatabase
from tests.integration.database.conftest import Tenant

CONSENT = '{"statement": "me", "text_version": "2026-11", "recorded_at": "2026-11-02T09:00:00Z"}'
SHA = "a" * 64


async def begin_upload(connection: Connection, tenant: Tenant, mode: str = "reference") -> UUID:
    """A character of the tenant's that is being uploaded, with one picture to come."""
    character_id = uuid4()
    await connection.execute(
        "insert into characters (id, user_id, name, mode, status, consent) values (%s, %s, 'Zed', %s, 'uploading', %s)",
        (character_id, tenant.user_id, mode, CONSENT),
    )
    await insert_picture(connection, tenant, character_id)
    return character_id


async def insert_picture(connection: Connection, tenant: Tenant, character_id: UUID, **changes: Any) -> None:
    sha256 = changes.get("sha256", SHA)
    row = {
        "character": character_id,
        "user": tenant.user_id,
        "position": 0,
        "key": f"users/{tenant.user_id}/characters/{character_id}/{sha256}.webp",
        "sha256": sha256,
        **changes,
    }
    await connection.execute(
        "insert into character_pictures (character_id, user_id, position, s3_key, sha256, width, height, size_bytes)"
        " values (%(character)s, %(user)s, %(position)s, %(key)s, %(sha256)s, 1, 1, 1)",
        row,
    )


async def status_of(worker: Connection, character_id: UUID) -> tuple[str, str | None] | None:
    cursor = await worker.execute("select status, image_url from characters where id = %s", (character_id,))
    row: tuple[str, str | None] | None = await cursor.fetchone()
    return row


@pytest.mark.parametrize(("mode", "status"), [("reference", "ready"), ("trained", "untrained")])
async def test_an_upload_ends_with_its_portrait_named(
    users: UserDatabase, worker: Connection, ann: Tenant, mode: str, status: str
) -> None:
    async with users.as_user(ann.user_id) as connection:
        character_id = await begin_upload(connection, ann, mode)
    assert await status_of(worker, character_id) == ("uploading", None)
    async with users.as_user(ann.user_id) as connection:
        assert await characters.finish_upload(connection, character_id)
    portrait = f"users/{ann.user_id}/characters/{character_id}/{SHA}.webp"
    assert await status_of(worker, character_id) == (status, portrait)
    async with users.as_user(ann.user_id) as connection:
        assert not await characters.finish_upload(connection, character_id), "once"


async def test_an_upload_without_a_picture_does_not_end(users: UserDatabase, worker: Connection, ann: Tenant) -> None:
    async with users.as_user(ann.user_id) as connection:
        character_id = await begin_upload(connection, ann)
    await worker.execute("delete from character_pictures")
    async with users.as_user(ann.user_id) as connection:
        assert not await characters.finish_upload(connection, character_id)


async def test_nobody_ends_anothers_upload(users: UserDatabase, worker: Connection, ann: Tenant, ben: Tenant) -> None:
    character_id = await begin_upload(worker, ben)
    async with users.as_user(ann.user_id) as connection:
        assert not await characters.finish_upload(connection, character_id)
    assert await status_of(worker, character_id) == ("uploading", None)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with users.as_anyone() as connection:
            await characters.finish_upload(connection, character_id)


async def test_nobody_hangs_a_picture_under_anothers_character(
    users: UserDatabase, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    character_id = await begin_upload(worker, ben)
    for owner in (ann, ben):  # as oneself under another's row, and in the other's name
        with pytest.raises((psycopg.errors.ForeignKeyViolation, psycopg.errors.InsufficientPrivilege)):
            async with users.as_user(ann.user_id) as connection:
                await insert_picture(connection, owner, character_id, position=1, sha256="b" * 64)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await insert_picture(worker, ann, character_id, position=1, sha256="b" * 64)


async def test_no_picture_comes_to_a_character_that_is_whole(users: UserDatabase, ann: Tenant) -> None:
    async with users.as_user(ann.user_id) as connection:
        character_id = await begin_upload(connection, ann)
        await characters.finish_upload(connection, character_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with users.as_user(ann.user_id) as connection:
            await insert_picture(connection, ann, character_id, position=1, sha256="b" * 64)


@pytest.mark.parametrize(
    "change",
    [
        {"position": 20, "sha256": "b" * 64},
        {"position": 1},
        {"position": 1, "sha256": "b" * 64, "key": "premade/ada/1.png"},
        {"position": 1, "sha256": "b" * 64, "key": f"users/{uuid4()}/characters/{uuid4()}/{'b' * 64}.webp"},
        {"position": 1, "sha256": "not a hash"},
    ],
    ids=["a 21st", "the same again", "another folder", "another user's", "no hash"],
)
async def test_a_picture_is_one_of_twenty_different_ones_in_its_characters_folder(
    users: UserDatabase, ann: Tenant, change: dict[str, Any]
) -> None:
    async with users.as_user(ann.user_id) as connection:
        character_id = await begin_upload(connection, ann)
    with pytest.raises(psycopg.errors.IntegrityError):
        async with users.as_user(ann.user_id) as connection:
            await insert_picture(connection, ann, character_id, **change)


@pytest.mark.parametrize(
    "statement",
    [
        "update characters set status = 'training' where id = %(id)s",
        "update characters set status = 'failed' where id = %(id)s",
        "update characters set status = 'ready', mode = 'trained' where id = %(id)s",
        "update characters set training_progress = 101 where id = %(id)s",
        'update characters set consent = \'{"statement": "me"}\' where id = %(id)s',
        "update characters set description = repeat('d', 501) where id = %(id)s",
    ],
    ids=["skipping", "without a code", "without a model", "progress", "consent without time", "a long description"],
)
async def test_a_character_that_makes_no_sense_is_refused_whoever_writes(
    worker: Connection, ann: Tenant, statement: str
) -> None:
    character_id = await begin_upload(worker, ann)
    with pytest.raises(psycopg.errors.CheckViolation):
        await worker.execute(statement, {"id": character_id})


async def test_whoever_deletes_a_character_its_deletion_is_noted(
    users: UserDatabase, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    mine, by_worker, with_its_user = [await begin_upload(worker, one) for one in (ann, ann, ben)]
    await worker.execute(
        "update characters set status = 'ready', trainer = 't', model_ref = 'a/zed', model_version = 'v1'"
        " where id = %s",
        (mine,),
    )
    async with users.as_user(ann.user_id) as connection:
        assert await characters.delete_character(connection, mine, ann.user_id)
        noted = await deletions.find_deletion(connection, mine)
        assert noted, "the user may read what is noted of them"
        assert (noted.user_id, noted.trainer, noted.model_ref, noted.model_version) == (ann.user_id, "t", "a/zed", "v1")
    await worker.execute("delete from characters where id = %s", (by_worker,))
    await worker.execute("delete from jobs where user_id = %s", (ben.user_id,))
    await worker.execute("delete from users where id = %s", (ben.user_id,))
    assert await deletions.find_deletion(worker, by_worker)
    assert await deletions.find_deletion(worker, with_its_user)
    async with users.as_user(ben.user_id) as connection:
        assert await deletions.find_deletion(connection, mine) is None


async def test_a_deletion_is_not_noted_when_it_does_not_happen(
    users: UserDatabase, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    character_id = await begin_upload(worker, ben)
    async with users.as_user(ann.user_id) as connection:
        assert not await characters.delete_character(connection, character_id, ben.user_id)
    async with worker.transaction(force_rollback=True):
        await worker.execute("delete from characters where id = %s", (character_id,))
    assert await deletions.find_deletion(worker, character_id) is None
    assert await status_of(worker, character_id) == ("uploading", None)


async def test_the_premade_leave_nothing_to_delete(worker: Connection) -> None:
    premade = uuid4()
    await worker.execute("insert into characters (id, name, is_premade) values (%s, 'Ada', true)", (premade,))
    await worker.execute("delete from characters where id = %s", (premade,))
    assert await deletions.find_deletion(worker, premade) is None
