"""Cursors: where a page of a list ended, in a form that clients hand back and do not read."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from domain.errors import ErrorCode, RecastError


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page, by its keyset: pages stay right while new rows come in at the top."""

    created_at: datetime
    id: UUID

    def encode(self) -> str:
        return base64.urlsafe_b64encode(f"{self.created_at.isoformat()} {self.id}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises INVALID_REQUEST when it is no cursor of ours."""
        try:
            padded = text + "=" * (-len(text) % 4)
            created_at, job_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(" ")
            cursor = cls(datetime.fromisoformat(created_at), UUID(job_id))
        except (ValueError, binascii.Error) as error:
            raise RecastError(ErrorCode.INVALID_REQUEST, "The cursor is not one of this list.") from error
        if cursor.created_at.tzinfo is None:
            raise RecastError(ErrorCode.INVALID_REQUEST, "The cursor is not one of this list.")
        return cursor
