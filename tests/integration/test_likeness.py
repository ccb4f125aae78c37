"""Pictures taken in and deleted again over a real database and a real object store, whenever the process dies."""

import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.characters import CastMember, CharacterMode, CharacterStatus, Consent
from domain.errors import ErrorCode, RecastError
from domain.stages import JobType, Stage
from resources.database import characters, deletions, jobs, scripts
from resources.database.connection import Connection, Database, UserDatabase
from resources.database.records import Character, Deletion, JobOptions
from resources.settings import Settings
from resources.storage import Storage, StoredObject, storage_errors
from resources.video.cameras import Cameras
from studio.casting import cast_job, require_portraits
from studio.characters import (
    NewCharacter,
    add_character,
    carry_out_deletions,
    remove_character,
    sweep_abandoned_uploads,
)
from studio.idempotency import RequestIdentity
from studio.launching import Connect
from studio.purchasing import Patience
from studio.work import Work
from tests.conftest import DatabaseUrls
from tests.integration.objects import Bucket, picture

IDENTITY = RequestIdentity("key", "hash")
FILES = [picture(number) for number in range(3)]


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


class DyingStorage(Storage):
    """Dies when it is asked for the picture after the first ``takes``."""

    def __init__(self, settings: Settings, takes: int) -> None:
        super().__init__(settings)
        self.takes = takes

    async def upload(self, path: Path, key: str, content_type: str, *, cache: str = "") -> StoredObject:
        if self.takes == 0:
            raise Killed
        self.takes -= 1
        return await super().upload(path, key, content_type)


class Provider:
    """A provider's trained models: what it was asked to delete, and whether it does."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, str]] = []
        self.error: Exception | None = None

    async def delete(self, model_ref: str, model_version: str) -> None:
        if self.error:
            raise self.error
        self.deleted.append((model_ref, model_version))


@pytest.fixture
def settings(database_urls: DatabaseUrls, s3: dict[str, str]) -> Settings:
    nowhere = "http://127.0.0.1:9"
    own = {
        "database_url": database_urls.worker,
        "api_database_url": database_urls.api,
        "cdn_url": nowhere,
        "cdn_key_pair_id": "none",
        "cdn_private_key_path": "none",
        "dagster_url": nowhere,
        "auth_url": nowhere,
    }
    return Settings.model_validate({**own, **{name.removeprefix("RECAST_").lower(): one for name, one in s3.items()}})


@pytest.fixture
def bucket(settings: Settings) -> Bucket:
    return Bucket(settings)


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return Storage(settings)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def database(database_urls: DatabaseUrls) -> Database:
    return Database(database_urls.worker)


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[Connection]:
    async with database.connect() as connection:
        yield connection


@pytest.fixture
async def user_id(worker: Connection) -> UUID:
    user_id = uuid4()
    await scripts.ensure_user(worker, user_id, "zed@example.com")
    return user_id


@pytest.fixture
async def connect(database_urls: DatabaseUrls, user_id: UUID) -> AsyncIterator[Connect]:
    users = UserDatabase(database_urls.api, max_connections=2)
    await users.open()
    yield lambda: users.as_user(user_id)
    await users.close()


def new_character(mode: CharacterMode = CharacterMode.REFERENCE) -> NewCharacter:
    consent = Consent(statement="me", text_version="2026-11", recorded_at=datetime.now(UTC))
    return NewCharacter(name="Zed", description="", style="", voice=None, mode=mode, consent=consent)


@pytest.fixture
def add(connect: Connect, storage: Storage, user_id: UUID) -> Callable[..., Any]:
    """The same request each time it is called, unless told otherwise."""

    async def send(
        to: Storage | None = None, identity: RequestIdentity | None = IDENTITY, **facts: CharacterMode
    ) -> Character:
        files = [io.BytesIO(one) for one in FILES]
        return await add_character(connect, to or storage, user_id, new_character(**facts), files, identity)

    return send


def folder(user_id: UUID, character_id: UUID | str = "") -> str:
    return f"users/{user_id}/characters/{character_id}"


async def let_pass(worker: Connection, hours: float) -> None:
    """Everything was written down so many hours earlier."""
    past = f"interval '{hours} hours'"
    await worker.execute(f"update characters set created_at = created_at - {past}")
    await worker.execute(f"update deletions set created_at = created_at - {past}, due_at = due_at - {past}")


async def deletion_of(worker: Connection, character_id: UUID) -> Deletion:
    found = await deletions.find_deletion(worker, character_id)
    assert found
    return found


async def test_a_request_that_was_killed_half_way_is_gone_on_with(
    add: Callable[..., Any], settings: Settings, bucket: Bucket, worker: Connection, user_id: UUID
) -> None:
    with pytest.raises(Killed):
        await add(DyingStorage(settings, takes=1))
    (begun,) = await characters.list_characters(worker)
    assert begun.status is CharacterStatus.UPLOADING
    assert len(bucket.keys(folder(user_id))) < len(FILES) == len(begun.pictures)
    finished = await add()
    assert (finished.id, finished.status) == (begun.id, CharacterStatus.READY)
    assert bucket.keys(folder(user_id)) == {one.s3_key for one in finished.pictures}
    assert finished.image_url == finished.pictures[0].s3_key
    assert (await add()).id == begun.id
    assert len(bucket.keys(folder(user_id))) == len(FILES)


async def test_what_was_killed_and_never_sent_again_is_swept_after_an_hour(
    add: Callable[..., Any],
    settings: Settings,
    database: Database,
    storage: Storage,
    bucket: Bucket,
    provider: Provider,
    worker: Connection,
    user_id: UUID,
) -> None:
    ready = await add(identity=None)
    with pytest.raises(Killed):
        await add(DyingStorage(settings, takes=2), identity=None)
    await let_pass(worker, 0.9)
    assert await sweep_abandoned_uploads(database) == 0
    await let_pass(worker, 0.2)
    assert await sweep_abandoned_uploads(database) == 1
    assert [one.id for one in await characters.list_characters(worker)] == [ready.id]
    assert await carry_out_deletions(database, storage, provider) == 1
    assert bucket.keys(folder(user_id)) == {one.s3_key for one in ready.pictures}
    assert provider.deleted == []
    assert await carry_out_deletions(database, storage, provider) == 0


async def test_a_picture_that_arrives_after_its_character_is_deleted_goes_too(
    add: Callable[..., Any],
    settings: Settings,
    connect: Connect,
    database: Database,
    storage: Storage,
    bucket: Bucket,
    provider: Provider,
    worker: Connection,
    user_id: UUID,
) -> None:
    """The process that puts it may be dead by the time it arrives: so somebody looks again when the hour is over."""
    with pytest.raises(Killed):
        await add(DyingStorage(settings, takes=0))
    (begun,) = await characters.list_characters(worker)
    await remove_character(connect, storage, user_id, begun.id)
    bucket.put(begun.pictures[0].s3_key)
    assert await carry_out_deletions(database, storage, provider) == 0
    await let_pass(worker, 1.01)
    assert await carry_out_deletions(database, storage, provider) == 1
    assert bucket.keys(folder(user_id)) == set()


@pytest.mark.parametrize("moment", ["before a picture is stored", "after a picture was stored"])
async def test_an_upload_whose_character_was_deleted_meanwhile_leaves_nothing(
    add: Callable[..., Any],
    connect: Connect,
    settings: Settings,
    bucket: Bucket,
    worker: Connection,
    user_id: UUID,
    moment: str,
) -> None:
    class Slow(Storage):
        is_deleted = False

        async def upload(self, path: Path, key: str, content_type: str, *, cache: str = "") -> StoredObject:
            if self.is_deleted:
                return await super().upload(path, key, content_type)
            self.is_deleted = True
            if moment.startswith("before"):
                await self.delete()
                return await super().upload(path, key, content_type)
            await super().upload(path, key, content_type)
            await self.delete()
            # The upload ends with a look at what was stored.
            with storage_errors(key):
                self._client.head_object(Bucket=self.bucket, Key=key)
            raise AssertionError("the picture is still there")

        async def delete(self) -> None:
            (begun,) = await characters.list_characters(worker)
            await remove_character(connect, self, user_id, begun.id)

    with pytest.raises(RecastError) as refused:
        await add(Slow(settings))
    assert refused.value.code is ErrorCode.CONFLICT
    assert bucket.keys(folder(user_id)) == set()


async def test_a_failure_of_one_request_does_not_take_what_its_twin_has_finished(
    add: Callable[..., Any], settings: Settings, bucket: Bucket, user_id: UUID
) -> None:
    class Failing(Storage):
        async def upload(self, path: Path, key: str, content_type: str, *, cache: str = "") -> StoredObject:
            await add()
            raise RecastError(ErrorCode.STORAGE_UNAVAILABLE)

    with pytest.raises(RecastError):
        await add(Failing(settings))
    kept = await add()
    assert kept.status is CharacterStatus.READY
    assert bucket.keys(folder(user_id)) == {one.s3_key for one in kept.pictures}


async def trained(add: Callable[..., Any], worker: Connection) -> Character:
    character = await add(mode=CharacterMode.TRAINED)
    await worker.execute("update characters set status = 'training' where id = %s", (character.id,))
    await worker.execute(
        "update characters set status = 'ready', model_ref = 'me/zed', model_version = 'v1', trained_at = now()"
        " where id = %s",
        (character.id,),
    )
    found = await characters.find_character(worker, character.id)
    assert found
    return found


async def test_a_likeness_is_deleted_at_the_provider_too_and_the_proof_stays(
    add: Callable[..., Any],
    connect: Connect,
    database: Database,
    storage: Storage,
    bucket: Bucket,
    provider: Provider,
    worker: Connection,
    user_id: UUID,
) -> None:
    character = await trained(add, worker)
    _, pictures_are_gone = await remove_character(connect, storage, user_id, character.id)
    assert pictures_are_gone
    assert await carry_out_deletions(database, storage, provider) == 1
    assert provider.deleted == [("me/zed", "v1")]
    proof = await deletion_of(worker, character.id)
    assert proof.objects_deleted_at
    assert proof.model_deleted_at
    assert proof.finished_at
    assert await carry_out_deletions(database, storage, provider) == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [(RecastError(ErrorCode.AI_PROVIDER_FAILURE), "AI_PROVIDER_FAILURE"), (KeyError("a bug"), "INTERNAL")],
)
async def test_a_provider_that_refuses_is_asked_again_later_and_again(
    add: Callable[..., Any],
    connect: Connect,
    database: Database,
    storage: Storage,
    bucket: Bucket,
    provider: Provider,
    worker: Connection,
    user_id: UUID,
    error: Exception,
    code: str,
) -> None:
    character = await trained(add, worker)
    provider.error = error
    await remove_character(connect, storage, user_id, character.id)
    waits = []
    for attempt in range(1, 4):
        assert await carry_out_deletions(database, storage, provider) == 0
        deletion = await deletion_of(worker, character.id)
        assert (deletion.attempts, deletion.error_code, deletion.finished_at) == (attempt, code, None)
        assert deletion.objects_deleted_at, "the pictures do not wait for the provider"
        assert await carry_out_deletions(database, storage, provider) == 0
        assert (await deletion_of(worker, character.id)).attempts == attempt, "not before its time"
        waits.append((deletion.due_at - datetime.now(UTC)).total_seconds())
        await let_pass(worker, 24)
    assert waits == sorted(waits)
    provider.error = None
    assert await carry_out_deletions(database, storage, provider) == 1
    assert provider.deleted == [("me/zed", "v1")]


async def test_a_storage_that_is_away_does_not_lose_a_deletion(
    add: Callable[..., Any],
    connect: Connect,
    settings: Settings,
    database: Database,
    storage: Storage,
    bucket: Bucket,
    provider: Provider,
    worker: Connection,
    user_id: UUID,
) -> None:
    away = Storage(settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:9"}))
    character = await add()
    _, pictures_are_gone = await remove_character(connect, away, user_id, character.id)
    assert not pictures_are_gone
    assert await carry_out_deletions(database, away, provider) == 0
    assert len(bucket.keys(folder(user_id, character.id))) == len(FILES)
    await let_pass(worker, 24)
    assert await carry_out_deletions(database, storage, provider) == 1
    assert bucket.keys(folder(user_id, character.id)) == set()


async def test_a_folder_is_deleted_in_all_its_versions_and_no_neighbour_with_it(
    storage: Storage, bucket: Bucket
) -> None:
    here, beside = f"users/{uuid4()}/characters/1/", f"users/{uuid4()}/characters/12/"
    for _ in range(2):
        for number in range(3):
            bucket.put(f"{here}{number}.webp")
    bucket.delete(f"{here}0.webp")
    bucket.put(f"{beside}0.webp")
    assert await storage.delete_folder(here) == 7
    assert await storage.delete_folder(here) == 0
    assert bucket.keys(here) == set()
    assert bucket.keys(beside) == {f"{beside}0.webp"}


# The cast of a job


@pytest.fixture
async def work(worker: Connection, user_id: UUID) -> Work:
    """The stage `cast` of a film whose script has nobody in its cast yet."""
    project_id = await scripts.insert_project(worker, user_id, "A film")
    script = await scripts.insert_script(worker, user_id, project_id, "https://youtu.be/demo0000001", "demo0000001")
    job = await jobs.insert_job(
        worker,
        user_id=user_id,
        project_id=project_id,
        script_id=script.id,
        job_type=JobType.GENERATION,
        options=JobOptions(),
    )
    assert job
    return Work(job, Stage.CAST, worker)


async def cast(work: Work, database: Database, settings: Settings) -> Sequence[CastMember]:
    return await cast_job(work, database, Storage(settings), Cameras(settings), Patience(take_seconds=10))


async def test_a_frozen_member_keeps_its_data_when_its_pictures_are_deleted(
    add: Callable[..., Any],
    connect: Connect,
    database: Database,
    settings: Settings,
    storage: Storage,
    bucket: Bucket,
    user_id: UUID,
    work: Work,
) -> None:
    character = await trained(add, work.connection)
    await scripts.set_cast(work.connection, work.job.script_id, user_id, [character.id])
    (member,) = await cast(work, database, settings)
    assert member.pictures == tuple(one.s3_key for one in character.pictures)
    assert [one.sha256 in key for one, key in zip(character.pictures, member.pictures, strict=True)] == [True] * 3
    assert (member.portrait_key, member.model_ref, member.model_version) == (member.pictures[0], "me/zed", "v1")
    await require_portraits(storage, [member])
    bucket.client.delete_object(Bucket=bucket.name, Key=member.pictures[2])
    with pytest.raises(RecastError, match="CHARACTER_NOT_READY"):
        await require_portraits(storage, [member])
    await remove_character(connect, storage, user_id, character.id)
    assert await cast(work, database, settings) == [member]
    with pytest.raises(RecastError, match="may have been deleted"):
        await require_portraits(storage, [member])


async def test_a_character_that_is_not_all_there_is_not_frozen(
    add: Callable[..., Any], database: Database, settings: Settings, user_id: UUID, work: Work
) -> None:
    with pytest.raises(Killed):
        await add(DyingStorage(settings, takes=1))
    (begun,) = await characters.list_characters(work.connection)
    await scripts.set_cast(work.connection, work.job.script_id, user_id, [begun.id])
    with pytest.raises(RecastError) as refused:
        await cast(work, database, settings)
    assert refused.value.code is ErrorCode.CHARACTER_NOT_READY
    assert refused.value.detail == "The pictures of Zed are still being stored."
    assert await characters.list_job_cast(work.connection, work.job.id) == []
