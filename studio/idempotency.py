"""Idempotency keys: the same request sent twice makes one job."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from domain.errors import ErrorCode, RecastError
from resources.database import jobs
from resources.database.connection import Connection
from resources.database.records import Job


@dataclass(frozen=True, slots=True)
class RequestIdentity:
    """The key that a client chose for a request, and a fingerprint of the request it was chosen for."""

    key: str
    request_hash: str

    @classmethod
    def of(cls, key: str, operation: str, body: dict[str, Any]) -> Self:
        """``body`` is plain JSON; neither the order of its members nor white space counts."""
        canonical = json.dumps([operation, body], sort_keys=True, separators=(",", ":"))
        return cls(key, hashlib.sha256(canonical.encode()).hexdigest())


async def find_earlier(connection: Connection, user_id: UUID, identity: RequestIdentity | None) -> Job | None:
    """The job that the same request made before. Raises IDEMPOTENCY_MISMATCH when another request used its key."""
    if identity is None:
        return None
    job = await jobs.find_job_by_idempotency_key(connection, user_id, identity.key)
    if job and job.request_hash != identity.request_hash:
        raise RecastError(ErrorCode.IDEMPOTENCY_MISMATCH)
    return job
