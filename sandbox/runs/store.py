"""Runs of both services in SQLite, so that they outlive a restart."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from sandbox.sqlite import SqliteFile

SCHEMA = """
create table if not exists runs (
  id text primary key, service text not null, kind text not null, model text not null, version text not null,
  input text not null, webhook text, events text not null, faults text not null, details text not null,
  status text not null, created_at real not null, started_at real, completed_at real, deadline_at real,
  output text not null, error text not null, logs text not null
);
create index if not exists runs_by_time on runs (service, kind, created_at)
"""
JSON_COLUMNS = ("input", "events", "faults", "details", "output", "error")


class Status(StrEnum):
    """Replicate's words; fal's queue has others for the same."""

    STARTING = "starting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    ABORTED = "aborted"

    @property
    def is_final(self) -> bool:
        return self not in (Status.STARTING, Status.PROCESSING)


@dataclass(frozen=True, slots=True)
class Run:
    """One prediction, training or request. Times are seconds since 1970.

    ``kind`` tells predictions from trainings; ``details`` holds what only one of the services knows; ``error`` is
    whatever JSON its service puts there.
    """

    id: str
    service: str
    kind: str
    model: str
    version: str
    input: Mapping[str, Any]
    created_at: float
    webhook: str | None = None
    events: Sequence[str] = ()
    faults: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    status: Status = Status.STARTING
    started_at: float | None = None
    completed_at: float | None = None
    deadline_at: float | None = None
    output: Any = None
    error: Any = None
    logs: str = ""


class RunStore:
    """State changes are guarded, so that of two that race only one happens."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        file.create(SCHEMA)

    def add(self, run: Run) -> None:
        row = asdict(run) | {name: json.dumps(getattr(run, name)) for name in JSON_COLUMNS}
        names = [column.name for column in fields(Run)]
        with self._file.transaction() as db:
            db.execute(
                f"insert into runs ({', '.join(names)}) values ({', '.join(f':{name}' for name in names)})",  # noqa: S608 - the names of our own fields
                row,
            )

    def get(self, service: str, kind: str, run_id: str) -> Run | None:
        with self._file.transaction() as db:
            row = db.execute(
                "select * from runs where id = ? and service = ? and kind = ?", (run_id, service, kind)
            ).fetchone()
        return _run(row) if row else None

    def start(self, run_id: str, at: float) -> Run | None:
        """The run as it is processed now, or nothing if it was not waiting any more."""
        with self._file.transaction() as db:
            row = db.execute(
                "update runs set status = 'processing', started_at = ?"
                " where id = ? and status = 'starting' returning *",
                (at, run_id),
            ).fetchone()
        return _run(row) if row else None

    def end(
        self, run_id: str, status: Status, at: float, *, output: Any = None, error: Any = None, logs: str = ""
    ) -> Run | None:
        """The run as it ended, or nothing if it had ended before."""
        with self._file.transaction() as db:
            row = db.execute(
                "update runs set status = ?, completed_at = ?, output = ?, error = ?, logs = ?"
                " where id = ? and status in ('starting', 'processing') returning *",
                (status, at, json.dumps(output), json.dumps(error), logs, run_id),
            ).fetchone()
        return _run(row) if row else None

    def unfinished(self, service: str) -> list[Run]:
        with self._file.transaction() as db:
            rows = db.execute(
                "select * from runs where service = ? and status in ('starting', 'processing') order by created_at",
                (service,),
            ).fetchall()
        return [_run(row) for row in rows]

    def newest(
        self,
        service: str,
        kind: str,
        *,
        created_after: float | None = None,
        created_before: float | None = None,
        older_than: tuple[float, str] | None = None,
        newer_than: tuple[float, str] | None = None,
        limit: int,
    ) -> list[Run]:
        """Newest first. ``older_than`` and ``newer_than`` are the (created_at, id) next to which a page begins."""
        older, newer = older_than or (None, None), newer_than or (None, None)
        order = "created_at asc, id asc" if newer_than else "created_at desc, id desc"
        with self._file.transaction() as db:
            rows = db.execute(
                "select * from runs where service = :service and kind = :kind"  # noqa: S608 - one of two orders
                " and (:after is null or created_at >= :after) and (:before is null or created_at < :before)"
                " and (:older is null or (created_at, id) < (:older, :older_id))"
                " and (:newer is null or (created_at, id) > (:newer, :newer_id))"
                f" order by {order} limit :limit",
                {
                    "service": service,
                    "kind": kind,
                    "after": created_after,
                    "before": created_before,
                    "older": older[0],
                    "older_id": older[1],
                    "newer": newer[0],
                    "newer_id": newer[1],
                    "limit": limit,
                },
            ).fetchall()
        runs = [_run(row) for row in rows]
        return runs[::-1] if newer_than else runs


def _run(row: sqlite3.Row) -> Run:
    values = {name: json.loads(row[name]) if name in JSON_COLUMNS else row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
    return Run(**{**values, "status": Status(values["status"])})
