"""Files that clients have uploaded to be given to models; kept for an hour."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.replicate.shapes import KEPT_SECONDS
from sandbox.sqlite import SqliteFile

SCHEMA = """
create table if not exists replicate_files (
  id text primary key, name text not null, content_type text not null, size integer not null, sha256 text not null,
  md5 text not null, metadata text not null, created_at real not null
)
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """``size`` is in bytes, ``created_at`` in seconds since 1970."""

    id: str
    name: str
    content_type: str
    size: int
    sha256: str
    md5: str
    metadata: Mapping[str, Any]
    created_at: float

    @property
    def expires_at(self) -> float:
        return self.created_at + KEPT_SECONDS


class Uploads:
    """Contents are files in ``folder``. What has expired is as good as gone; addresses begin with ``files_url``."""

    def __init__(self, file: SqliteFile, folder: Path, files_url: str, clock: Callable[[], float]) -> None:
        self._file = file
        self._files_url = files_url
        self._folder = folder
        self._clock = clock
        file.create(SCHEMA)

    def add(self, name: str, content_type: str, content: bytes, metadata: Mapping[str, Any]) -> Upload:
        upload = Upload(
            id=base64.b64encode(str(uuid4()).encode()).decode(),
            name=name,
            content_type=content_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            metadata=metadata,
            created_at=self._clock(),
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / upload.id).write_bytes(content)
        with self._file.transaction() as db:
            db.execute(
                "insert into replicate_files values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    upload.id,
                    name,
                    content_type,
                    upload.size,
                    upload.sha256,
                    upload.md5,
                    json.dumps(metadata),
                    upload.created_at,
                ),
            )
        return upload

    def get(self, upload_id: str) -> Upload | None:
        return next((upload for upload in self.all() if upload.id == upload_id), None)

    def all(self) -> list[Upload]:
        """Newest first."""
        with self._file.transaction() as db:
            rows = db.execute(
                "select * from replicate_files where created_at > ? order by created_at desc",
                (self._clock() - KEPT_SECONDS,),
            ).fetchall()
        return [Upload(**{**dict(row), "metadata": json.loads(row["metadata"])}) for row in rows]

    def address(self, upload: Upload) -> str:
        return f"{self._files_url}/{upload.id}"

    def read(self, address: str) -> bytes | None:
        """The content of a file that is still there, by its address."""
        upload = self.get(address.removeprefix(f"{self._files_url}/"))
        return (self._folder / upload.id).read_bytes() if upload else None

    def digest(self, address: str) -> str | None:
        """SHA-256 of a file, also of one that has expired, by its address."""
        with self._file.transaction() as db:
            row = db.execute(
                "select sha256 from replicate_files where id = ?", (address.removeprefix(f"{self._files_url}/"),)
            ).fetchone()
        return row["sha256"] if row else None

    def remove(self, upload_id: str) -> bool:
        if self.get(upload_id) is None:
            return False
        with self._file.transaction() as db:
            db.execute("delete from replicate_files where id = ?", (upload_id,))
        (self._folder / upload_id).unlink(missing_ok=True)
        return True
