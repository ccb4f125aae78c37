"""An import job of a user, real PostgreSQL and S3, and a transcription service over real HTTP that counts its calls."""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from pydantic import SecretStr

from domain.stages import JobType, Stage
from resources.database import attempts, events, jobs, scripts
from resources.database.connection import Database
from resources.database.records import Attempt, JobOptions
from resources.settings import Settings
from resources.speech.openai import OpenAITranscriptions
from resources.speech.protocol import AnswerForm, EngineProfile
from resources.storage import Storage
from studio.listening import Listened, listen
from studio.purchasing import Patience
from studio.work import Work, stage_work
from tests.conftest import DatabaseUrls
from tests.integration.listening.tube import Tube, running_tube

PATIENCE = Patience(take_seconds=60, absent_seconds=0.5, sign_seconds=60)
USD_PER_MINUTE = Decimal("0.60")
CHUNK_SECONDS = 20.0


@dataclass
class Service:
    """Speaks OpenAI's wire format. It hears as many words as a chunk has seconds, all alike but for their number.

    ``troubles`` are what goes wrong with the next calls: a status and an error code, ``"drop"`` to close the connection
    without an answer although the call counts, or None."""

    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[tuple[int, str] | str | None] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    hold: threading.Event | None = None


def verbose(call: dict[str, Any]) -> dict[str, Any]:
    """The words of a chunk are its size, so that chunks tell themselves apart."""
    words = [
        {"word": f"w{call['bytes']}x{place}", "start": place * 0.5, "end": place * 0.5 + 0.4} for place in range(4)
    ]
    text = " " + " ".join(word["word"].capitalize() for word in words) + "."
    segment = {"id": 0, "seek": 0, "start": 0.0, "end": 2.0, "text": text, "tokens": [], "temperature": 0.0,
               "avg_logprob": -0.1, "compression_ratio": 1.0, "no_speech_prob": 0.01}  # fmt: skip
    return {
        "task": "transcribe",
        "language": "english",
        "duration": 2.0,
        "text": text.strip(),
        "segments": [segment],
        "words": words,
        "usage": {"type": "duration", "seconds": 2},
    }


@pytest.fixture
def tube() -> Iterator[Tube]:
    with running_tube() as tube:
        yield tube


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            call = {
                "path": self.path,
                "authorization": self.headers["Authorization"],
                "bytes": len(body),
                "fields": fields_of(body),
            }
            with service.lock:
                service.calls.append(call)
                trouble = service.troubles.pop(0) if service.troubles else None
            if service.hold:
                service.hold.wait(20)
            if trouble == "drop":
                self.close_connection = True
                return
            status, answer = 200, (service.answer or verbose)(call)
            if isinstance(trouble, tuple):
                status, answer = trouble[0], {"error": {"code": trouble[1], "message": "It went wrong.", "type": "x"}}
            encoded = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.send_header("x-request-id", f"req_{len(service.calls)}")
            if status == 429:
                self.send_header("Retry-After", "0.1")
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield service
    server.shutdown()
    server.server_close()


def fields_of(body: bytes) -> dict[str, list[str]]:
    """The plain fields of a multipart body."""
    fields: dict[str, list[str]] = {}
    for part in body.split(b"\r\n--"):
        head, _, value = part.partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        if name and b"filename=" not in head:
            fields.setdefault(name, []).append(value.decode().strip())
    return fields


def profile(**changes: Any) -> EngineProfile:
    return EngineProfile.model_validate(
        {
            "provider": "openai",
            "model": "whisper-1",
            "answer": AnswerForm.VERBOSE,
            "max_seconds": CHUNK_SECONDS,
            "max_bytes": 25_000_000,
            "usd_per_minute": USD_PER_MINUTE,
            **changes,
        }
    )


def engine(service: Service, *, at_once: int = 1, timeout_seconds: float = 20, **changes: Any) -> OpenAITranscriptions:
    return OpenAITranscriptions(
        profile(**changes),
        base_url=service.url,
        api_key=SecretStr("sk-test-0123456789"),
        timeout_seconds=timeout_seconds,
        at_once=at_once,
    )


@dataclass
class Desk:
    """Where a user's import job is worked on."""

    database: Database
    storage: Storage
    admin: str
    user_id: UUID
    job_id: UUID

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with stage_work(
            self.database, self.job_id, Stage.TRANSCRIPT, run_id=f"run-{uuid4()}", launch_number=None
        ) as work:
            yield work

    async def listen(self, source: Path, by: Any, **more: Any) -> Listened:
        async with self.work() as work:
            return await listen(
                work,
                source,
                engine=by,
                storage=more.pop("storage", self.storage),
                database=self.database,
                patience=PATIENCE,
                max_seconds=3600,
                **more,
            )

    async def attempts(self) -> list[Attempt]:
        async with self.database.connect() as connection:
            return list(await attempts.list_job_attempts(connection, self.job_id))

    async def states(self) -> list[str]:
        return [attempt.state.value for attempt in await self.attempts()]

    async def told(self) -> list[str]:
        async with self.database.connect() as connection:
            return [event.kind for event in await events.list_events(connection, self.job_id, after=0)]

    def spent(self) -> Decimal:
        with psycopg.connect(self.admin) as admin:
            row = admin.execute("select spent_usd from jobs where id = %s", (self.job_id,)).fetchone()
            budget = admin.execute("select spent_usd, reserved_usd from budgets").fetchone()
        assert row
        assert budget is None or (budget[0] == row[0] and budget[1] == 0)
        return Decimal(row[0])


@pytest.fixture
def settings(settings_for: Callable[..., Settings], s3: dict[str, str], database_urls: DatabaseUrls) -> Settings:
    store = {name.removeprefix("RECAST_").lower(): value for name, value in s3.items()}
    return settings_for(database_url=database_urls.worker, api_database_url=database_urls.api, **store)


@pytest.fixture
async def desk(settings: Settings, database_urls: DatabaseUrls) -> Desk:
    database = Database(database_urls.worker)
    user_id = uuid4()
    async with database.connect() as connection:
        await scripts.ensure_user(connection, user_id, f"{user_id}@example.com")
        project = await scripts.insert_project(connection, user_id, "A film")
        script = await scripts.insert_script(connection, user_id, project, "https://youtu.be/x", "talk0000001")
        job = await jobs.insert_job(
            connection,
            user_id=user_id,
            project_id=project,
            script_id=script.id,
            job_type=JobType.IMPORT,
            options=JobOptions(),
        )
    assert job
    return Desk(database, Storage(settings), database_urls.admin, user_id, job.id)
