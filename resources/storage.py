"""S3: versioned objects in one bucket, under the keys of the design."""

import asyncio
import errno
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings, revealed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from boto3.s3.transfer import TransferConfig
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef, ObjectIdentifierTypeDef

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 20
ATTEMPTS = 3
MP4 = "video/mp4"
PNG = "image/png"
SRT, VTT = "application/x-subrip; charset=utf-8", "text/vtt; charset=utf-8"
JPEG = "image/jpeg"
WEBP = "image/webp"
IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "no-cache"
# Small files of one film: threads of a multipart transfer cost more than they save below this size.
MULTIPART_BYTES = 32 * 1024 * 1024
BLOCK_BYTES, BLOCKS_KEPT = 4 * 1024 * 1024, 4


def mezzanine_object_key(user_id: UUID, clip_key: str, mezzanine_key: str) -> str:
    """A clip as a film shows it. Films that show it alike share it."""
    return f"users/{user_id}/clips/{clip_key}/{mezzanine_key}.mp4"


def thumbnail_object_key(user_id: UUID, clip_key: str, mezzanine_key: str) -> str:
    return f"users/{user_id}/clips/{clip_key}/{mezzanine_key}.webp"


def source_object_key(user_id: UUID, clip_key: str) -> str:
    """The provider's own file, as it came: it was paid for, and a clip of another profile can be made from it."""
    return f"users/{user_id}/clips/{clip_key}/source.mp4"


def keyframe_object_key(user_id: UUID, clip_key: str) -> str:
    """The picture that a clip begins from, beside it."""
    return f"users/{user_id}/clips/{clip_key}/keyframe.png"


def final_object_key(user_id: UUID, job_id: UUID) -> str:
    return f"users/{user_id}/jobs/{job_id}/final.mp4"


def captions_object_key(user_id: UUID, job_id: UUID, sha256: str, ending: str) -> str:
    """Beside the film. The hash makes other captions another object, so that nobody is shown old ones by a cache."""
    return f"users/{user_id}/jobs/{job_id}/captions/{sha256}.{ending}"


def poster_object_key(user_id: UUID, job_id: UUID) -> str:
    return f"users/{user_id}/jobs/{job_id}/poster.jpg"


def part_object_key(user_id: UUID, job_id: UUID, name: str) -> str:
    """What a film is put together from, besides its clips: kept so that a change of one part makes no other anew."""
    return f"{part_object_prefix(user_id, job_id)}{name}.mp4"


def part_object_prefix(user_id: UUID, job_id: UUID) -> str:
    return f"users/{user_id}/jobs/{job_id}/parts/"


def transcript_object_key(user_id: UUID, key: str) -> str:
    """What was heard, in one chunk of an audio file or in all of it."""
    return f"users/{user_id}/transcripts/{key}.json"


def speech_object_key(user_id: UUID, key: str) -> str:
    """A spoken line."""
    return f"users/{user_id}/speech/{key}.flac"


def speech_facts_key(user_id: UUID, key: str) -> str:
    """What is known of a spoken line; written after its sound, so that it says that this is there."""
    return f"users/{user_id}/speech/{key}.json"


def source_audio_prefix(user_id: UUID, job_id: UUID) -> str:
    """Under it lies the sound of a job's video while the job listens to it."""
    return f"users/{user_id}/jobs/{job_id}/sound/"


def upload_prefix(user_id: UUID, upload_id: UUID) -> str:
    """Under it lies all that is stored of a file that a user has sent."""
    return f"users/{user_id}/uploads/{upload_id}/"


def upload_object_key(user_id: UUID, upload_id: UUID) -> str:
    return f"{upload_prefix(user_id, upload_id)}source"


def upload_id_in(key: str) -> UUID:
    """The upload whose file is at ``key``."""
    return UUID(key.split("/")[3])


def character_prefix(user_id: UUID, character_id: UUID) -> str:
    """Under it lies all that is stored of a user's own character."""
    return f"users/{user_id}/characters/{character_id}/"


def character_picture_key(user_id: UUID, character_id: UUID, sha256: str) -> str:
    """The hash makes another picture another object, so that clip keys tell the two apart."""
    return f"{character_prefix(user_id, character_id)}{sha256}.webp"


def premade_portrait_key(slug: str, fingerprint: str) -> str:
    """The fingerprint makes a redrawn portrait a new object, so that clip keys tell the two apart."""
    return f"premade/{slug}/{fingerprint}.png"


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size_bytes: int
    version: str | None


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """``headers`` have to be sent as they are: they are part of what is signed."""

    url: str
    headers: Mapping[str, str]


class StoredFile(io.RawIOBase):
    """An object as a file. A few blocks are kept: media files are read at both ends in turn."""

    def __init__(self, fetch: Callable[[int, int], bytes], size_bytes: int) -> None:
        super().__init__()
        self._block = lru_cache(maxsize=BLOCKS_KEPT)(
            lambda number: fetch(number * BLOCK_BYTES, min((number + 1) * BLOCK_BYTES, size_bytes) - 1)
        )
        self._size_bytes = size_bytes
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size_bytes}[whence]
        self._place = max(0, origin + offset)
        return self._place

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        if self._place >= self._size_bytes or not view:
            return 0
        number, within = divmod(self._place, BLOCK_BYTES)
        piece = self._block(number)[within : within + len(view)]
        view[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)


class Storage:
    """Blocking calls run in threads. Errors leave as STORAGE_UNAVAILABLE (or DISK_FULL for this machine's own disk)."""

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.s3_bucket
        self._settings = settings

    @cached_property
    def _transfer(self) -> "TransferConfig":
        from boto3.s3.transfer import TransferConfig

        return TransferConfig(multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES)

    @cached_property
    def _client(self) -> "S3Client":
        # Half a second of imports, which every run would pay before its first stage, whether or not that uses S3.
        import boto3
        from botocore.config import Config

        settings = self._settings
        # A session of its own: the shared default one is not safe to make clients from in several threads.
        return boto3.session.Session().client(
            "s3",
            region_name=settings.s3_region,
            endpoint_url=settings.s3_endpoint_url,
            aws_access_key_id=revealed(settings.s3_access_key_id),
            aws_secret_access_key=revealed(settings.s3_secret_access_key),
            config=Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                s3={"addressing_style": "path" if settings.s3_endpoint_url else "virtual"},
                max_pool_connections=32,
            ),
        )

    async def put_bytes(self, key: str, body: bytes, content_type: str) -> StoredObject:
        return await asyncio.to_thread(self._put_bytes, key, body, content_type)

    async def upload(self, path: Path, key: str, content_type: str, *, cache: str = IMMUTABLE) -> StoredObject:
        """``cache`` is what a CDN may do with it: for ever, unless the same key will hold something else one day."""
        return await asyncio.to_thread(self._upload, path, key, content_type, cache)

    async def download(self, key: str, path: Path, version: str | None = None) -> None:
        """As it was when it had that version; the newest without one."""
        await asyncio.to_thread(self._download, key, path, version)

    async def download_if_there(self, key: str, path: Path) -> bool:
        """As `download`; False when there is no such object, and then nothing at ``path`` either."""
        return await asyncio.to_thread(self._download_if_there, key, path)

    async def get_bytes(self, key: str) -> bytes:
        return await asyncio.to_thread(self._get_bytes, key)

    async def get_version(self, key: str, version: str | None) -> bytes:
        """As it was when it had that version; the newest without one."""
        return await asyncio.to_thread(self._get_bytes, key, version)

    async def head(self, key: str) -> StoredObject | None:
        """The newest version of an object, or None when there is none."""
        return await asyncio.to_thread(self._head, key)

    async def delete(self, key: str) -> None:
        """Every version of one object. Raises what `delete_folder` raises."""
        await asyncio.to_thread(self._delete_under, key, None, only=key)

    async def delete_folder(self, prefix: str, *, but_version: str | None = None) -> int:
        """Delete every version of every object under ``prefix``, which ends with a slash, and the traces of earlier
        deletions, all ``but_version``; returns how many. Nothing there is no error.

        Raises STORAGE_UNAVAILABLE when the storage keeps some of it, for the time being or by a lock of its owner's.
        """
        assert prefix.endswith("/"), "a bare prefix would reach into its neighbours"
        return await asyncio.to_thread(self._delete_under, prefix, but_version)

    async def check(self) -> None:
        """Raises STORAGE_UNAVAILABLE unless the bucket answers."""
        await asyncio.to_thread(self._check)

    def signed_url(
        self, key: str, seconds: int, *, version: str | None = None, download_name: str | None = None
    ) -> str:
        """A link that anyone may follow for ``seconds``, to the newest version or to ``version``; it is computed here
        and asks nobody."""
        parameters = {"Bucket": self.bucket, "Key": key}
        if version:
            parameters["VersionId"] = version
        if download_name:
            parameters["ResponseContentDisposition"] = f'attachment; filename="{download_name}"'
        return self._client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)

    def signed_upload(self, key: str, seconds: int, *, size_bytes: int, content_type: str) -> SignedUpload:
        """An address to which anyone may PUT a file of exactly that size and type for ``seconds``: both are signed, so
        the storage refuses any other. It is computed here and asks nobody."""
        parameters = {"Bucket": self.bucket, "Key": key, "ContentLength": size_bytes, "ContentType": content_type}
        url = self._client.generate_presigned_url("put_object", Params=parameters, ExpiresIn=seconds)
        return SignedUpload(url, {"Content-Type": content_type, "Content-Length": str(size_bytes)})

    def open(self, stored: StoredObject) -> "StoredFile":
        """A file to read and to seek in, in a thread: only what is read is fetched."""
        return StoredFile(partial(self._get_range, stored), stored.size_bytes)

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def _put_bytes(self, key: str, body: bytes, content_type: str) -> StoredObject:
        with storage_errors(key):
            answer = self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)
        return StoredObject(key, len(body), answer.get("VersionId"))

    def _upload(self, path: Path, key: str, content_type: str, cache: str) -> StoredObject:
        with storage_errors(key):
            headers = {"ContentType": content_type, "CacheControl": cache}
            self._client.upload_file(str(path), self.bucket, key, ExtraArgs=headers, Config=self._transfer)
            answer = self._client.head_object(Bucket=self.bucket, Key=key)
        return StoredObject(key, answer["ContentLength"], answer.get("VersionId"))

    def _download(self, key: str, path: Path, version: str | None) -> None:
        extra = {"VersionId": version} if version else None
        with storage_errors(key):
            self._client.download_file(self.bucket, key, str(path), ExtraArgs=extra, Config=self._transfer)

    def _download_if_there(self, key: str, path: Path) -> bool:
        with storage_errors(key):
            try:
                self._client.download_file(self.bucket, key, str(path), Config=self._transfer)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return False
                raise
        return True

    def _get_bytes(self, key: str, version: str | None = None, ranged: str | None = None) -> bytes:
        request: GetObjectRequestTypeDef = {"Bucket": self.bucket, "Key": key}
        if version:
            request["VersionId"] = version
        if ranged:
            request["Range"] = ranged
        with storage_errors(key):
            return self._client.get_object(**request)["Body"].read()

    def _get_range(self, stored: StoredObject, first: int, last: int) -> bytes:
        return self._get_bytes(stored.key, stored.version, f"bytes={first}-{last}")

    def _head(self, key: str) -> StoredObject | None:
        with storage_errors(key):
            try:
                answer = self._client.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return None
                raise
        return StoredObject(key, answer["ContentLength"], answer.get("VersionId"))

    def _delete_under(self, prefix: str, but_version: str | None, *, only: str | None = None) -> int:
        deleted = 0
        with storage_errors(prefix):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix):
                versions: list[ObjectIdentifierTypeDef] = [
                    {"Key": found["Key"], "VersionId": found["VersionId"]}
                    for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                    if found["VersionId"] != but_version and only in (None, found["Key"])
                ]
                if not versions:
                    continue
                answer = self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": versions, "Quiet": True})
                if kept := answer.get("Errors"):
                    raise RecastError(
                        ErrorCode.STORAGE_UNAVAILABLE,
                        cause=f"{len(kept)} objects under {prefix} were kept: {kept[0].get('Code')}",
                        request_id=answer["ResponseMetadata"].get("RequestId"),
                    )
                deleted += len(versions)
        return deleted

    def _check(self) -> None:
        with storage_errors(self.bucket):
            self._client.head_bucket(Bucket=self.bucket)


@contextmanager
def storage_errors(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        answer = error.response
        raise RecastError(
            ErrorCode.STORAGE_UNAVAILABLE,
            cause=f"{key}: {answer.get('Error', {}).get('Code')}",
            request_id=answer.get("ResponseMetadata", {}).get("RequestId"),
        ) from error
    except (BotoCoreError, Boto3Error) as error:
        raise RecastError(ErrorCode.STORAGE_UNAVAILABLE, cause=f"{key}: {type(error).__name__}") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise RecastError(ErrorCode.DISK_FULL, cause=f"{key}: {error.strerror}") from error
        raise
