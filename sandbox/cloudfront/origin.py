"""The bucket behind the distribution."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ResponseMetadataTypeDef

CHUNK_BYTES = 256 * 1024
PASSED_ON = ("content-type", "content-length", "content-range", "etag", "last-modified", "content-disposition")


class _Range(TypedDict, total=False):
    Range: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``chunks`` is the body; it is empty for HEAD and for errors."""

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]
    error_code: str | None = None


class Origin:
    """Reads one bucket with the settings' credentials; a client is made at first use."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._client: S3Client | None = None

    def read(self, key: str, byte_range: str | None, *, head: bool) -> Answer:
        """The object, or the part of it that ``byte_range`` (a Range header) names: S3's status and headers."""
        try:
            client, bucket = self._connect(), self._settings.s3_bucket
            if head:
                found = client.head_object(Bucket=bucket, Key=key, **_range(byte_range))
                return _answer(found["ResponseMetadata"], iter(()))
            opened = client.get_object(Bucket=bucket, Key=key, **_range(byte_range))
            return _answer(opened["ResponseMetadata"], opened["Body"].iter_chunks(CHUNK_BYTES))
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Answer(status, {}, iter(()), error.response.get("Error", {}).get("Code", "Unknown"))
        except BotoCoreError:
            return Answer(502, {}, iter(()), "OriginUnreachable")

    def _connect(self) -> "S3Client":
        if self._client is None:
            settings = self._settings
            secret = settings.s3_secret_access_key
            self._client = boto3.client(
                "s3",
                endpoint_url=settings.s3_endpoint_url,
                region_name=settings.s3_region,
                aws_access_key_id=settings.s3_access_key_id,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                config=Config(
                    s3={"addressing_style": "path"},
                    connect_timeout=5,
                    read_timeout=30,
                    retries={"total_max_attempts": 2, "mode": "standard"},
                ),
            )
        return self._client


def _range(byte_range: str | None) -> "_Range":
    return {"Range": byte_range} if byte_range else {}


def _answer(answered: "ResponseMetadataTypeDef", chunks: Iterator[bytes]) -> Answer:
    headers = {name: value for name, value in answered["HTTPHeaders"].items() if name in PASSED_ON}
    return Answer(answered["HTTPStatusCode"], headers | {"accept-ranges": "bytes"}, chunks)
