"""Models that the account has made, and the versions that trainings have put into them."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.sqlite import SqliteFile

SCHEMA = """
create table if not exists replicate_models (
  name text primary key, visibility text not null, hardware text not null, description text, created_at real not null
);
create table if not exists replicate_versions (
  id text primary key, model text not null references replicate_models (name), created_at real not null
)
"""


class NameTakenError(Exception):
    """The account has a model of this name."""


class NotEmptyError(Exception):
    """The model has versions."""


@dataclass(frozen=True, slots=True)
class OwnModel:
    """``name`` is ``owner/name``; ``latest_version`` is nothing before the first training."""

    name: str
    visibility: str
    hardware: str
    description: str | None
    created_at: float
    latest_version: "OwnVersion | None" = None


@dataclass(frozen=True, slots=True)
class OwnVersion:
    id: str
    model: str
    created_at: float


class Shelf:
    def __init__(self, file: SqliteFile, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        file.create(SCHEMA)

    def add(self, name: str, visibility: str, hardware: str, description: str | None) -> OwnModel:
        """Raises ``NameTakenError``."""
        model = OwnModel(name, visibility, hardware, description, self._clock())
        try:
            with self._file.transaction() as db:
                db.execute(
                    "insert into replicate_models values (?, ?, ?, ?, ?)",
                    (name, visibility, hardware, description, model.created_at),
                )
        except sqlite3.IntegrityError as error:
            raise NameTakenError from error
        return model

    def model(self, name: str) -> OwnModel | None:
        with self._file.transaction() as db:
            row = db.execute("select * from replicate_models where name = ?", (name,)).fetchone()
        return OwnModel(**row, latest_version=next(iter(self.versions(name)), None)) if row else None

    def versions(self, name: str) -> list[OwnVersion]:
        """Newest first."""
        with self._file.transaction() as db:
            rows = db.execute(
                "select * from replicate_versions where model = ? order by created_at desc, id", (name,)
            ).fetchall()
        return [OwnVersion(**row) for row in rows]

    def version(self, version_id: str) -> OwnVersion | None:
        with self._file.transaction() as db:
            row = db.execute("select * from replicate_versions where id = ?", (version_id,)).fetchone()
        return OwnVersion(**row) if row else None

    def add_version(self, name: str, version_id: str) -> None:
        """Once: the same id again changes nothing."""
        with self._file.transaction() as db:
            db.execute("insert or ignore into replicate_versions values (?, ?, ?)", (version_id, name, self._clock()))

    def remove_version(self, name: str, version_id: str) -> bool:
        with self._file.transaction() as db:
            removed = db.execute("delete from replicate_versions where id = ? and model = ?", (version_id, name))
            return removed.rowcount == 1

    def remove(self, name: str) -> bool:
        """Raises ``NotEmptyError``."""
        if self.versions(name):
            raise NotEmptyError
        with self._file.transaction() as db:
            return db.execute("delete from replicate_models where name = ?", (name,)).rowcount == 1
