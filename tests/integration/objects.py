"""What lies in the object store, every version of it; and pictures to put there."""

import io
from typing import Any

import boto3
from PIL import Image

from resources.settings import Settings, revealed


def with_object_store(settings: Settings, s3: dict[str, str]) -> Settings:
    """``settings`` over the tests' real S3."""
    storage = {name.removeprefix("RECAST_").lower(): value for name, value in s3.items()}
    return Settings(**{**settings.model_dump(), **storage})


class Bucket:
    def __init__(self, settings: Settings) -> None:
        self.name = settings.s3_bucket
        self.client: Any = boto3.session.Session().client(
            "s3",
            region_name=settings.s3_region,
            endpoint_url=settings.s3_endpoint_url,
            aws_access_key_id=revealed(settings.s3_access_key_id),
            aws_secret_access_key=revealed(settings.s3_secret_access_key),
        )

    def keys(self, prefix: str) -> set[str]:
        """Of every object under ``prefix`` of which any trace is left: a version, or the marker of a deletion."""
        found = self.client.list_object_versions(Bucket=self.name, Prefix=prefix)
        return {one["Key"] for one in (*found.get("Versions", ()), *found.get("DeleteMarkers", ()))}

    def versions(self, key: str) -> int:
        return len(self.client.list_object_versions(Bucket=self.name, Prefix=key).get("Versions", ()))

    def head(self, key: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.head_object(Bucket=self.name, Key=key)
        return answer

    def put(self, key: str, content: bytes = b"x") -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """As a careless client does: the object is hidden behind a marker, and its versions stay."""
        self.client.delete_object(Bucket=self.name, Key=key)


def picture(number: int = 0, format_: str = "PNG", size: tuple[int, int] = (320, 400)) -> bytes:
    """Another number is another picture."""
    drawing = Image.new("RGB", size, (40, 60, 80))
    drawing.paste((200, 10 * number % 256, 90), (20, 20, 60 + 7 * number, 300))
    buffer = io.BytesIO()
    drawing.save(buffer, format_)
    return buffer.getvalue()
