"""From the Idempotency-Key header and a parsed body to the identity of a request."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import IO

from pydantic import BaseModel

from studio.idempotency import RequestIdentity


def identity_of(key: str | None, operation: str, body: BaseModel) -> RequestIdentity | None:
    """Only what the client sent counts: a default that changes some day does not make it another request."""
    return RequestIdentity.of(key, operation, body.model_dump(mode="json", exclude_unset=True)) if key else None


async def identity_of_form(
    key: str | None, operation: str, fields: BaseModel, files: Sequence[IO[bytes]]
) -> RequestIdentity | None:
    """The identity of a request that carries files: their bytes as they were sent count, their names do not."""
    if key is None:
        return None
    hashes = [await asyncio.to_thread(_sha256, file) for file in files]
    return RequestIdentity.of(
        key, operation, {"fields": fields.model_dump(mode="json", exclude_unset=True), "files": hashes}
    )


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    sha256 = hashlib.sha256()
    while piece := file.read(1024 * 1024):
        sha256.update(piece)
    return sha256.hexdigest()
