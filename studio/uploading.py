"""Files of a user's own: transcripts and recordings, taken in whole or not at all.

No crash leaves an object that no row names: the row is written first, and its state says that the file is on its way.
What is refused, deleted or never completed, is marked as discarded before its objects go, and its row goes last: not
before the address is dead to which its user may send, so that what arrives late has a row to be found by.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar
from uuid import UUID, uuid4

import structlog

from domain.captions import AS_USUAL
from domain.errors import ErrorCode, RecastError
from domain.normalise import normalise
from domain.reading import Reading
from domain.source import Source, SourceKind
from domain.transcript import Transcript
from domain.transcript_files.reading import read_transcript_file
from resources.database import jobs, scripts, uploads
from resources.database.connection import Connect, Connection, Database
from resources.database.records import Job, RecordingFacts, ScriptRow, Upload, UploadKind, UploadState
from resources.storage import SignedUpload, Storage, StoredObject, upload_object_key, upload_prefix
from studio.idempotency import RequestIdentity, find_earlier
from studio.importing import insert_import

log = structlog.get_logger(__name__)

SETTLED_SECONDS = 24 * 3600
"""Longer than any address to upload to lasts, with the upload that began in its last second: nothing arrives later."""
MAX_PENDING = 20
"""Uploads under way of one user."""
AT_ONCE = 100
OCTETS = "application/octet-stream"

# Reading five megabytes of text, or deciding that a film is silent, takes seconds of a core: so many at once.
_readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="uploads")

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class NewRecording:
    """What a user says about a file before they send it."""

    filename: str
    content_type: str
    size_bytes: int
    sha256: str | None


async def import_transcript_file(
    connect: Connect,
    storage: Storage,
    user_id: UUID,
    content: bytes,
    filename: str,
    said: Source,
    *,
    max_seconds: float,
    reading: Reading = AS_USUAL,
    identity: RequestIdentity | None = None,
) -> Job:
    """The queued import of a transcript, or the one that the same request made before. ``said`` is what the user says
    of its source, ``reading`` what of it is to stay.

    Raises what `read_transcript_file` and `normalise` raise, and VIDEO_TOO_LONG, before anything is stored;
    IDEMPOTENCY_MISMATCH; and STORAGE_UNAVAILABLE, after which nothing is left.
    """
    async with connect() as connection:
        if earlier := await find_earlier(connection, user_id, identity):
            return earlier
    transcript = await _in_reader(lambda: _checked_transcript(content, filename, said, reading, max_seconds))
    new = NewRecording(filename, OCTETS, len(content), hashlib.sha256(content).hexdigest())
    async with connect() as connection:
        upload = await _insert(connection, user_id, UploadKind.TRANSCRIPT, new)
    try:
        stored = await storage.put_bytes(upload.s3_key, content, OCTETS)
        source = _described(said, SourceKind.FILE, transcript.title)
        job = await _finish(connect, upload, stored, None, source, reading, identity)
    except Exception:
        await _give_up(connect, storage, upload)
        raise
    if job is None:
        # The same request, sent twice at once, was first: its file is the one that is kept.
        await _give_up(connect, storage, upload)
        async with connect() as connection:
            job = await find_earlier(connection, user_id, identity)
    assert job
    return job


async def open_upload(
    connection: Connection,
    storage: Storage,
    user_id: UUID,
    new: NewRecording,
    *,
    max_bytes: int,
    seconds: int,
    can_listen: bool,
    kind: UploadKind = UploadKind.RECORDING,
) -> tuple[Upload, SignedUpload]:
    """An address to which the user may PUT the recording, or the music, that they announce. Raises
    TRANSCRIPTION_NOT_CONFIGURED, before anybody has sent gigabytes in vain, TOO_LARGE and RATE_LIMITED."""
    if kind is UploadKind.RECORDING and not can_listen:
        raise RecastError(ErrorCode.TRANSCRIPTION_NOT_CONFIGURED)
    if new.size_bytes > max_bytes:
        raise RecastError(ErrorCode.TOO_LARGE, f"A {kind} of more than {max_bytes // 1024**2} MB is not accepted.")
    upload = await _insert(connection, user_id, kind, new)
    signed = storage.signed_upload(
        upload.s3_key, seconds, size_bytes=upload.size_bytes, content_type=upload.content_type
    )
    return upload, signed


async def complete_upload(
    connect: Connect,
    storage: Storage,
    user_id: UUID,
    upload_id: UUID,
    said: Source,
    *,
    max_seconds: float,
    reading: Reading = AS_USUAL,
) -> Job:
    """The queued import of an uploaded recording; asked again, the same one, whatever is said then.

    Raises NOT_FOUND; UPLOAD_INCOMPLETE when the object is not what was announced: it is deleted, and may be sent again;
    and, after which nothing of the upload is left, MEDIA_REJECTED, NO_SOUND and VIDEO_TOO_LONG.
    """
    async with connect() as connection:
        upload = await uploads.find_upload(connection, upload_id)
        if upload is None or upload.kind is not UploadKind.RECORDING or upload.state is UploadState.DISCARDED:
            raise RecastError(ErrorCode.NOT_FOUND)
        if upload.state is UploadState.COMPLETE:
            return await _import_of(connection, upload_id)
    stored = await _whole_object(connect, storage, upload)
    try:
        facts = await _in_reader(lambda: _probed(storage, stored, max_seconds))
    except RecastError as error:
        if not error.meaning.retryable:
            await _give_up(connect, storage, upload)
        raise
    source = _described(said, SourceKind.UPLOAD, PurePath(upload.filename).stem)
    job = await _finish(connect, upload, stored, facts, source, reading, None)
    if job is None:
        # Asked twice at once; the other was first.
        async with connect() as connection:
            job = await _import_of(connection, upload_id)
    return job


async def complete_music(connect: Connect, storage: Storage, user_id: UUID, upload_id: UUID) -> Upload:
    """The music that a user has sent, once it was looked at; asked again, the same.

    Raises NOT_FOUND; UPLOAD_INCOMPLETE as `complete_upload`; and, after which nothing of the upload is left,
    MEDIA_REJECTED, NO_SOUND and VIDEO_TOO_LONG.
    """
    async with connect() as connection:
        upload = await uploads.find_upload(connection, upload_id)
    if upload is None or upload.kind is not UploadKind.MUSIC or upload.state is UploadState.DISCARDED:
        raise RecastError(ErrorCode.NOT_FOUND)
    if upload.state is UploadState.PENDING:
        stored = await _whole_object(connect, storage, upload)
        try:
            facts = await _in_reader(lambda: _checked_music(storage, stored))
        except RecastError as error:
            if not error.meaning.retryable:
                await _give_up(connect, storage, upload)
            raise
        async with connect() as connection:
            # False where it was asked twice at once; the other was first.
            await uploads.complete_upload(connection, upload_id, stored.version, facts)
            upload = await uploads.find_upload(connection, upload_id)
    if upload is None or upload.state is not UploadState.COMPLETE:
        # Deleted while it was looked at.
        raise RecastError(ErrorCode.NOT_FOUND)
    return upload


async def sweep_abandoned_uploads(database: Database, storage: Storage) -> int:
    """Delete the uploads that nobody has completed in a day and those that are discarded, objects first; returns how
    many. One that the storage keeps for the time being is tried again by the next sweep."""
    deleted = 0
    async with database.connect() as connection:
        for upload in await uploads.discard_abandoned_uploads(
            connection, older_than_seconds=SETTLED_SECONDS, limit=AT_ONCE
        ):
            try:
                await storage.delete_folder(upload_prefix(upload.user_id, upload.id))
            except RecastError as error:
                log.warning("an abandoned upload stays", error_code=error.code.value, cause=error.cause)
                continue
            await uploads.delete_discarded_upload(connection, upload.id, SETTLED_SECONDS)
            deleted += 1
    return deleted


async def sweep_complete_uploads(database: Database, storage: Storage) -> int:
    """Delete what was sent to the addresses of complete uploads beside the version that was looked at, once no more can
    come; returns how many versions. One upload that the storage does not answer for is tried again."""
    deleted = 0
    async with database.connect() as connection:
        for upload in await uploads.list_unswept_uploads(connection, older_than_seconds=SETTLED_SECONDS, limit=AT_ONCE):
            try:
                # Without versions, the bucket keeps one object, which is what is there.
                if upload.s3_version:
                    prefix = upload_prefix(upload.user_id, upload.id)
                    deleted += await storage.delete_folder(prefix, but_version=upload.s3_version)
            except RecastError as error:
                log.warning("versions of an upload stay", error_code=error.code.value, cause=error.cause)
                continue
            await uploads.record_swept(connection, upload.id)
    return deleted


async def delete_upload(connect: Connect, storage: Storage, upload_id: UUID) -> None:
    """Delete a user's own upload, with its objects; what the storage keeps for the time being is left to the sweep. A
    script that was made of it stays.

    Raises NOT_FOUND, also for one that is deleted or was refused, and CONFLICT while a job is about to read it.
    """
    async with connect() as connection:
        upload = await uploads.find_upload(connection, upload_id)
        if upload is None or upload.state is UploadState.DISCARDED:
            raise RecastError(ErrorCode.NOT_FOUND)
        if not await uploads.discard_unused_upload(connection, upload_id):
            raise RecastError(ErrorCode.CONFLICT, "A job reads this file. Cancel the job, or wait until it is over.")
    await _clear(connect, storage, upload)


async def read_kept_transcript(storage: Storage, script: ScriptRow, upload: Upload) -> Transcript:
    """The transcript of a script whose user has sent it, from its kept file, with what the user says about it."""
    content = await storage.get_version(upload.s3_key, upload.s3_version)
    language = script.source.language
    return _as_said(await asyncio.to_thread(read_transcript_file, content, upload.filename, language), script.source)


def _checked_transcript(
    content: bytes, filename: str, said: Source, reading: Reading, max_seconds: float
) -> Transcript:
    transcript = _as_said(read_transcript_file(content, filename, said.language), said)
    if transcript.duration_seconds > max_seconds:
        raise RecastError(
            ErrorCode.VIDEO_TOO_LONG,
            f"The transcript is of {transcript.duration_seconds / 60:.0f} minutes;"
            f" at most {max_seconds / 60:.0f} are accepted.",
        )
    normalise(transcript, reading)
    return transcript


def _as_said(transcript: Transcript, said: Source) -> Transcript:
    """A user knows better than their file."""
    return transcript.model_copy(
        update={
            "title": said.title or transcript.title,
            "channel": said.author or transcript.channel,
            "language": said.language or transcript.language,
            "licence": said.licence or transcript.licence,
        }
    )


def _described(said: Source, kind: SourceKind, title: str) -> Source:
    return said.model_copy(update={"kind": kind, "title": said.title or title})


async def _insert(connection: Connection, user_id: UUID, kind: UploadKind, new: NewRecording) -> Upload:
    upload_id = uuid4()
    async with connection.transaction():
        # A statement of its own: the one that counts must see what others have written while this one waited.
        await uploads.lock_uploads_of(connection, user_id)
        is_new = await uploads.insert_upload(
            connection,
            upload_id=upload_id,
            user_id=user_id,
            kind=kind,
            filename=new.filename,
            content_type=new.content_type,
            size_bytes=new.size_bytes,
            sha256=new.sha256,
            s3_key=upload_object_key(user_id, upload_id),
            max_pending=MAX_PENDING,
        )
    upload = await uploads.find_upload(connection, upload_id) if is_new else None
    if upload is None:
        raise RecastError(
            ErrorCode.RATE_LIMITED, f"You have {MAX_PENDING} uploads under way; complete them, or wait a day."
        )
    return upload


async def _whole_object(connect: Connect, storage: Storage, upload: Upload) -> StoredObject:
    """The object as it was announced. What is something else is deleted: nothing is half stored."""
    stored = await storage.head(upload.s3_key)
    if stored is None:
        raise RecastError(ErrorCode.UPLOAD_INCOMPLETE, "No file has arrived at the address of this upload.")
    problem = None
    if stored.size_bytes != upload.size_bytes:
        problem = f"{stored.size_bytes} bytes have arrived where {upload.size_bytes} were announced."
    elif upload.sha256 and await asyncio.to_thread(_sha256, storage, stored) != upload.sha256:
        problem = "The file that has arrived has another SHA-256 than was announced."
    if problem:
        async with connect() as connection:
            now = await uploads.find_upload(connection, upload.id)
        if now and now.state is UploadState.PENDING:
            # Else it was completed a moment ago, with the version before this one.
            await storage.delete_folder(upload_prefix(upload.user_id, upload.id))
        raise RecastError(ErrorCode.UPLOAD_INCOMPLETE, problem)
    return stored


def _sha256(storage: Storage, stored: StoredObject) -> str:
    return hashlib.file_digest(storage.open(stored), "sha256").hexdigest()


def _probed(storage: Storage, stored: StoredObject, max_seconds: float) -> RecordingFacts:
    # PyAV is half a second of imports, which only this needs.
    from resources.recordings import probe_recording

    with storage.open(stored) as file:
        return probe_recording(file, max_seconds=max_seconds)  # type: ignore[arg-type]


def _checked_music(storage: Storage, stored: StoredObject) -> RecordingFacts:
    from resources.beds import check_music  # PyAV, as above

    with storage.open(stored) as file:
        return check_music(file)  # type: ignore[arg-type]


async def _finish(
    connect: Connect,
    upload: Upload,
    stored: StoredObject,
    facts: RecordingFacts | None,
    source: Source,
    reading: Reading,
    identity: RequestIdentity | None,
) -> Job | None:
    """Complete the upload and queue its import, both or neither. None when the same request was first, or the upload is
    complete or gone already."""
    job = None
    with suppress(_AlreadyDone):
        async with connect() as connection, connection.transaction():
            if not await uploads.complete_upload(connection, upload.id, stored.version, facts):
                raise _AlreadyDone
            job = await insert_import(
                connection,
                upload.user_id,
                title=source.title,
                source=source,
                upload_id=upload.id,
                identity=identity,
                reading=reading,
            )
            if job is None:
                raise _AlreadyDone
    return job


class _AlreadyDone(Exception):
    """Takes back what the transaction has done."""


async def _import_of(connection: Connection, upload_id: UUID) -> Job:
    script = await scripts.find_script_of_upload(connection, upload_id)
    job = await jobs.find_import_of(connection, script.id) if script else None
    if job is None:
        raise RecastError(ErrorCode.NOT_FOUND, "The script of this upload was deleted.")
    return job


async def _give_up(connect: Connect, storage: Storage, upload: Upload) -> None:
    """Leave nothing of an upload that is refused or has failed. What cannot be deleted now is left to the sweep."""
    try:
        async with connect() as connection:
            if not await uploads.discard_upload(connection, upload.id):
                return
    except RecastError as error:
        log.warning("a failed upload is left to the sweep", error_code=error.code.value, cause=error.cause)
        return
    await _clear(connect, storage, upload)


async def _clear(connect: Connect, storage: Storage, upload: Upload) -> None:
    """Delete the objects of an upload that is discarded, and its row if nothing more can arrive; what is not possible
    now is left to the sweep."""
    try:
        await storage.delete_folder(upload_prefix(upload.user_id, upload.id))
        async with connect() as connection:
            await uploads.delete_discarded_upload(connection, upload.id, SETTLED_SECONDS)
    except RecastError as error:
        log.warning("a discarded upload is left to the sweep", error_code=error.code.value, cause=error.cause)


async def _in_reader(work: Callable[[], Found]) -> Found:
    return await asyncio.get_running_loop().run_in_executor(_readers, work)
