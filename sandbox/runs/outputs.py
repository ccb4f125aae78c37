"""Files that models have made, at addresses of their own as on the services' file hosts."""

import json
import secrets
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse, StreamingResponse

from sandbox.faults import ONCE, Fault
from sandbox.sqlite import SqliteFile

METADATA_URL = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
PRIVATE_URL = "http://10.0.0.1/output.mp4"
ENDLESS_CHUNK_BYTES = 256 * 1024
SCHEMA = """
create table if not exists outputs (
  token text primary key, host text not null, path text not null, created_at real not null, faults text not null,
  fetched integer not null default 0
);
create table if not exists leaks (at real not null, path text not null, scheme text not null)
"""


class Outputs:
    def __init__(self, file: SqliteFile, base_url: str, clock: Callable[[], float]) -> None:
        self._file = file
        self._base_url = base_url
        self._clock = clock
        file.create(SCHEMA)

    def publish(self, host: str, path: Path, name: str, faults: Collection[str]) -> str:
        """The address of ``path``; ``host`` is the first part of its path on the sandbox."""
        if Fault.PRIVATE_OUTPUT in faults:
            return PRIVATE_URL
        token = secrets.token_urlsafe(24)
        with self._file.transaction() as db:
            db.execute(
                "insert into outputs values (?, ?, ?, ?, ?, 0)",
                (token, host, str(path), self._clock(), json.dumps(list(faults))),
            )
        return f"{self._base_url}/{host}/{token}/{name}"

    def router(self, host: str, *, expires_after_seconds: float | None, refuses_credentials: bool) -> APIRouter:
        """Serves what was published at ``host``. A request with credentials is refused and written down."""
        router = APIRouter(prefix=f"/{host}", include_in_schema=False)

        @router.api_route("/{token}/{name}", methods=["GET", "HEAD"])
        def deliver(request: Request, token: str, name: str) -> Response:
            credentials = request.headers.get("authorization")
            if credentials and refuses_credentials:
                self._write_down(request.url.path, credentials)
                return PlainTextResponse("Your credentials do not belong here.", status_code=403)
            row = self._fetch(token, host)
            if row is None or _is_older(row["created_at"], self._clock(), expires_after_seconds):
                return PlainTextResponse("Not found", status_code=404)
            return _answer(Path(row["path"]), json.loads(row["faults"]), row["fetched"])

        return router

    def leaks(self) -> list[dict[str, Any]]:
        """Requests that brought credentials to a file host: when, where and with what scheme."""
        with self._file.transaction() as db:
            return [dict(row) for row in db.execute("select * from leaks order by at")]

    def _write_down(self, path: str, credentials: str) -> None:
        with self._file.transaction() as db:
            db.execute("insert into leaks values (?, ?, ?)", (self._clock(), path, credentials.partition(" ")[0]))

    def _fetch(self, token: str, host: str) -> Any:
        with self._file.transaction() as db:
            return db.execute(
                "update outputs set fetched = fetched + 1 where token = ? and host = ? returning *", (token, host)
            ).fetchone()


def _is_older(created_at: float, now: float, seconds: float | None) -> bool:
    return seconds is not None and now - created_at >= seconds


def _answer(path: Path, faults: list[str], fetched: int) -> Response:
    if Fault.OUTPUT_GONE in faults or not path.exists():
        return PlainTextResponse("Not found", status_code=404)
    if Fault.OUTPUT_UNAVAILABLE in faults and (fetched == 1 or Fault.OUTPUT_UNAVAILABLE + ONCE not in faults):
        return PlainTextResponse("Service Unavailable", status_code=503)
    if Fault.REDIRECT_TO_PRIVATE in faults:
        return RedirectResponse(METADATA_URL, status_code=302)
    if Fault.ENDLESS_OUTPUT in faults:
        return StreamingResponse(_endless(path), media_type="video/mp4")
    return FileResponse(path, media_type="video/mp4" if path.suffix == ".mp4" else None)


def _endless(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    while True:
        yield bytes(ENDLESS_CHUNK_BYTES)
