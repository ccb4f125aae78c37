"""A user's own characters: their pictures taken in, and everything of them deleted again.

No crash leaves a picture that no row names. A character's row, and what will be stored for it, is written before the
first object; its status says that it is being uploaded until the last is there. A deletion is written down by the
database in the transaction that deletes the row, and its row stays until the objects and the trained model are gone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Protocol
from uuid import UUID, uuid4

import structlog

from domain.characters import CharacterMode, CharacterStatus, Consent, Voice
from domain.errors import ErrorCode, RecastError
from resources.database import attempts, characters, deletions
from resources.database.connection import Connect, Connection, Database
from resources.database.records import Character, CharacterPicture, Deletion
from resources.pictures import WEBP, Picture, clean_pictures
from resources.scratch import scratch_folder
from resources.storage import Storage, character_picture_key, character_prefix
from studio.idempotency import RequestIdentity
from studio.work import as_recast_error

log = structlog.get_logger(__name__)

ABANDONED_SECONDS = 3600
"""An upload that nobody has finished for so long has lost its process. The migration names the same hour."""
AT_ONCE = 100
FIRST_RETRY_SECONDS = 60
LAST_RETRY_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class NewCharacter:
    """What a user says about a character of their own, beside its pictures."""

    name: str
    description: str
    style: str
    voice: Voice | None
    mode: CharacterMode
    consent: Consent


class TrainedModels(Protocol):
    """The provider of trained models, as far as a deletion needs it."""

    async def delete(self, model_ref: str, model_version: str) -> None:
        """Delete a trained version; one that is gone already is no error. Raises RecastError when it is still there."""
        ...


async def add_character(
    connect: Connect,
    storage: Storage,
    user_id: UUID,
    new: NewCharacter,
    files: Sequence[IO[bytes]],
    identity: RequestIdentity | None = None,
) -> Character:
    """The character made of pictures that a user has sent, or the one that the same request made before.

    Raises PICTURE_REJECTED before anything is stored, IDEMPOTENCY_MISMATCH, and STORAGE_UNAVAILABLE or (its owner
    deleted it meanwhile) CONFLICT, after which nothing is left. When the same request was cut off before, this one
    goes on with it.
    """
    earlier = await _find_earlier(connect, user_id, identity)
    if earlier and earlier.status is not CharacterStatus.UPLOADING:
        return earlier
    with scratch_folder("pictures") as folder:
        pictures = await clean_pictures(files, folder)
        upload = await _begin(connect, user_id, new, pictures, identity)
        if upload.status is not CharacterStatus.UPLOADING:
            return upload
        try:
            await _store(storage, upload, pictures)
            return await _finish(connect, upload)
        except Exception as error:
            if await _give_up(connect, storage, upload):
                raise _deleted_meanwhile() from error
            raise


async def change_character(
    connection: Connection,
    user_id: UUID,
    character_id: UUID,
    *,
    name: str | None,
    description: str | None,
    style: str | None,
    voice: Voice | None,
) -> Character:
    """Change what is given of a user's own character. Raises NOT_FOUND."""
    changed = await characters.update_character(
        connection, character_id, user_id, name=name, description=description, style=style, voice=voice
    )
    character = await characters.find_character(connection, character_id) if changed else None
    if character is None:
        raise _no_such_character()
    return character


async def remove_character(
    connect: Connect, storage: Storage, user_id: UUID, character_id: UUID
) -> tuple[Deletion, bool]:
    """Delete a user's own character; returns what is noted of it, and whether its pictures are gone already.

    They are deleted at once where the storage answers; what is left is for `carry_out_deletions`. Raises NOT_FOUND.
    """
    async with connect() as connection:
        if not await characters.delete_character(connection, character_id, user_id):
            raise _no_such_character()
        deletion = await deletions.find_deletion(connection, character_id)
    assert deletion, "the database notes every deletion"
    try:
        await storage.delete_folder(character_prefix(user_id, character_id))
    except RecastError as error:
        log.warning("pictures are left to the sweep of deletions", error_code=error.code.value, cause=error.cause)
        return deletion, False
    return deletion, True


async def delete_likeness(
    connection: Connection, storage: Storage, models: TrainedModels, deletion: Deletion
) -> RecastError | None:
    """Go on with one deletion: every version of every picture, then the trained models. Doing it twice is harmless.

    What goes wrong is returned, and the deletion is put off, a little longer each time; it is never given up.
    """
    try:
        if deletion.objects_deleted_at is None:
            await storage.delete_folder(character_prefix(deletion.user_id, deletion.character_id))
            await deletions.note_objects_deleted(connection, deletion.id)
        if deletion.models and deletion.model_deleted_at is None:
            async with _alone_with(connection, deletion):
                for model in deletion.models:
                    if not await characters.has_model(connection, deletion.user_id, model):
                        await models.delete(model.model_ref, model.model_version)
            await deletions.note_model_deleted(connection, deletion.id)
    except Exception as raised:
        error = as_recast_error(raised)
        if error.code is ErrorCode.DATABASE_UNAVAILABLE:
            raise error from raised
        log.warning("deletion put off", deletion_id=str(deletion.id), error_code=error.code.value, cause=error.cause)
        seconds = min(FIRST_RETRY_SECONDS * 2**deletion.attempts, LAST_RETRY_SECONDS)
        await deletions.postpone_deletion(connection, deletion.id, error.code, seconds)
        return error
    return None


@asynccontextmanager
async def _alone_with(connection: Connection, deletion: Deletion) -> AsyncIterator[None]:
    """While nobody gives the model to another character with the same pictures. Raises CONFLICT when somebody may be
    about to."""
    key = deletion.training_key
    if key and not await attempts.try_lock_purchase(connection, deletion.user_id, key):
        raise RecastError(ErrorCode.CONFLICT, cause="a training of the same pictures is under way")
    try:
        yield
    finally:
        if key:
            await attempts.unlock_purchase(connection, deletion.user_id, key)


async def carry_out_deletions(database: Database, storage: Storage, models: TrainedModels) -> int:
    """Go on with the deletions that are due, at most AT_ONCE; returns how many of them are finished now."""
    async with database.connect() as connection:
        due = await deletions.list_due_deletions(connection, AT_ONCE)
        return sum([await delete_likeness(connection, storage, models, deletion) is None for deletion in due])


async def sweep_abandoned_uploads(database: Database) -> int:
    """Delete the characters whose upload was cut off an hour ago; returns how many.

    Their objects are noted as deletions, which `carry_out_deletions` carries out.
    """
    async with database.connect() as connection:
        swept = await characters.discard_abandoned_uploads(
            connection, older_than_seconds=ABANDONED_SECONDS, limit=AT_ONCE
        )
    if swept:
        log.info("abandoned uploads deleted", character_ids=[str(one) for one in swept])
    return len(swept)


async def _find_earlier(connect: Connect, user_id: UUID, identity: RequestIdentity | None) -> Character | None:
    if identity is None:
        return None
    async with connect() as connection:
        earlier = await characters.find_character_by_idempotency_key(connection, user_id, identity.key)
    if earlier and earlier.request_hash != identity.request_hash:
        raise RecastError(ErrorCode.IDEMPOTENCY_MISMATCH)
    return earlier


async def _begin(
    connect: Connect,
    user_id: UUID,
    new: NewCharacter,
    pictures: Sequence[Picture],
    identity: RequestIdentity | None,
) -> Character:
    """Write down what is going to be stored, or find that the same request has done so a moment before."""
    character_id = uuid4()
    rows = [
        CharacterPicture(
            s3_key=character_picture_key(user_id, character_id, one.sha256),
            sha256=one.sha256,
            width=one.width,
            height=one.height,
            size_bytes=one.size_bytes,
        )
        for one in pictures
    ]
    async with connect() as connection:
        is_new = await characters.insert_character(
            connection,
            character_id=character_id,
            user_id=user_id,
            name=new.name,
            description=new.description,
            style=new.style,
            voice=new.voice,
            mode=new.mode,
            consent=new.consent,
            idempotency_key=identity.key if identity else None,
            request_hash=identity.request_hash if identity else None,
        )
        if is_new:
            await characters.insert_pictures(connection, character_id, user_id, rows)
            begun = await characters.find_character(connection, character_id)
            assert begun
            return begun
    earlier = await _find_earlier(connect, user_id, identity)
    if earlier is None:
        raise _deleted_meanwhile()
    return earlier


async def _store(storage: Storage, upload: Character, pictures: Sequence[Picture]) -> None:
    if [one.sha256 for one in upload.pictures] != [one.sha256 for one in pictures]:
        # Another version of the encoder: the rows of the request that was cut off name other bytes.
        raise RecastError(ErrorCode.CONFLICT, "The earlier upload could not be gone on with; send it again.")
    outcomes = await asyncio.gather(
        *(
            storage.upload(picture.path, row.s3_key, WEBP)
            for row, picture in zip(upload.pictures, pictures, strict=True)
        ),
        # All of them end before the first failure is told: what is given up is not written to any more.
        return_exceptions=True,
    )
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _finish(connect: Connect, upload: Character) -> Character:
    async with connect() as connection:
        await characters.finish_upload(connection, upload.id)
        character = await characters.find_character(connection, upload.id)
    if character is None:
        raise _deleted_meanwhile()
    return character


async def _give_up(connect: Connect, storage: Storage, upload: Character) -> bool:
    """Leave nothing of an upload that has failed; returns whether its owner had deleted the character before, which
    then is the reason of the failure. What cannot be deleted now is found by the sweeps."""
    assert upload.user_id
    deleted = False
    try:
        async with connect() as connection:
            discarded = await characters.discard_upload(connection, upload.id)
            deleted = not discarded and await characters.find_character(connection, upload.id) is None
        if discarded or deleted:
            await storage.delete_folder(character_prefix(upload.user_id, upload.id))
    except RecastError as error:
        log.warning("a failed upload is left to the sweep", error_code=error.code.value, cause=error.cause)
    return deleted


def _no_such_character() -> RecastError:
    return RecastError(ErrorCode.NOT_FOUND, "You have no character of your own with this id.")


def _deleted_meanwhile() -> RecastError:
    return RecastError(ErrorCode.CONFLICT, "The character was deleted while its pictures were being stored.")
