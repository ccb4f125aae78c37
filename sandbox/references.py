"""The pictures and archives that inputs point to, read as the models would read them."""

import asyncio
import base64
import binascii
import io
import zipfile
from collections.abc import Callable
from urllib.parse import unquote_to_bytes, urlsplit

import httpx
from PIL import Image, UnidentifiedImageError

TIMEOUT_SECONDS = 20.0
ARCHIVES = ("input_images",)
PICTURES = ("last_frame", "subject_reference")


class UnreadableReference(Exception):
    """Its text is for the user."""


class References:
    """Addresses on this machine are fetched; what is on the internet, where the sandbox never goes, is believed.

    ``uploaded`` finds the content of an address that the service itself has given out; it has nothing for others.
    """

    def __init__(self, uploaded: Callable[[str], bytes | None] = lambda address: None) -> None:
        self._uploaded = uploaded

    async def check(self, field: str, address: str) -> None:
        """Raises ``UnreadableReference`` when there is nothing to be had, or not what belongs into ``field``."""
        content = await self._read(address)
        if content is not None and not await asyncio.to_thread(_is_good, field, content):
            raise UnreadableReference(f"Could not read {field}: the file is damaged or of another kind.")

    async def _read(self, address: str) -> bytes | None:
        if (content := self._uploaded(address)) is not None:
            return content
        parts = urlsplit(address)
        if parts.scheme == "data":
            return _decoded(address)
        if not is_near(parts.hostname or ""):
            return None
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                answer = await client.get(address)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreadableReference(f"Failed to download the input file: {type(error).__name__}") from error
        if not answer.is_success:
            raise UnreadableReference(f"Failed to download the input file: {answer.status_code} {answer.reason_phrase}")
        return answer.content


def is_near(host: str) -> bool:
    """This machine, or a name without a dot, as containers have."""
    return host in ("127.0.0.1", "::1") or (host != "" and "." not in host)


def _decoded(data_url: str) -> bytes:
    head, comma, body = data_url.partition(",")
    if not comma:
        raise UnreadableReference("Failed to read the input file: it is not a data URL")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise UnreadableReference("Failed to read the input file: it is not base64") from error


def _is_good(field: str, content: bytes) -> bool:
    """Only fields that are known to hold pictures or archives are looked into."""
    if field in ARCHIVES:
        return zipfile.is_zipfile(io.BytesIO(content))
    if "image" not in field and field not in PICTURES:
        return True
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError):
        return False
    return True
