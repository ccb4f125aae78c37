"""One SQLite file that several parts of the sandbox may share."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SqliteFile:
    """Write-ahead logging, a connection per transaction: safe in any thread, and readable from another process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._path = path
        with self._connection() as db:
            db.execute("pragma journal_mode = wal")

    def create(self, schema: str) -> None:
        """Statements ``create … if not exists``, separated by semicolons."""
        with self.transaction() as db:
            for statement in schema.split(";"):
                db.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commits at the end of the block; an error undoes everything. Rows are read by column name."""
        with self._connection() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute("pragma synchronous = normal")
            yield db
        finally:
            db.close()
