"""The sandbox and an object store on free loopback ports, each over real HTTP."""

import atexit
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pytest
import uvicorn
from botocore.config import Config

from sandbox.app import create_app
from sandbox.cloudfront.keys import ensure_key_pair
from sandbox.settings import SandboxSettings

BUCKET = "recast-test"
ACCESS_KEY = "test-access"
SECRET_KEY = "test-secret"


class Clock:
    """The time, or later: ``ahead`` is in seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(frozen=True)
class Letter:
    path: str
    headers: dict[str, str]
    body: bytes


class Letterbox:
    """Takes webhooks at any path. ``answers`` are the statuses of the next answers; after them everything is taken."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self._letters: queue.Queue[Letter] = queue.Queue()
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # Before the answer, after which the sender may send the next one by another thread.
                box._letters.put(Letter(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status = box.answers.pop(0) if box.answers else 200
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self) -> Letter:
        return self._letters.get(timeout=20)

    def is_empty(self) -> bool:
        return self._letters.empty()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()
    yield box
    box.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(frozen=True)
class Running:
    settings: SandboxSettings
    private_key_pem: str

    @property
    def url(self) -> str:
        return self.settings.base_url

    @property
    def listens_at(self) -> str:
        """Where it can be reached, whatever its public address says."""
        return f"http://127.0.0.1:{self.settings.port}"


@cache
def _key_pair() -> tuple[Path, Path]:
    """The paths of a private and a public key; to make a pair takes longer than most tests."""
    folder = TemporaryDirectory(prefix="recast-keys-")
    atexit.register(folder.cleanup)
    return ensure_key_pair(Path(folder.name))


@contextmanager
def serve(folder: Path, clock: Callable[[], float] = time.time, **values: object) -> Iterator[Running]:
    """Runs the sandbox with uvicorn until the block ends; ``values`` are settings."""
    listener = socket.create_server(("127.0.0.1", 0))
    private_path, public_path = _key_pair()
    settings = SandboxSettings(
        **{
            "port": listener.getsockname()[1],
            "data_dir": folder,
            "slow_seconds": 0.2,
            "prediction_seconds": 0.1,
            "webhook_retry_seconds": 0.01,
            "refresh_reuse_seconds": 0,
            "cloudfront_public_key_path": public_path,
            "s3_endpoint_url": "http://127.0.0.1:9",
            "s3_access_key_id": ACCESS_KEY,
            "s3_secret_access_key": SECRET_KEY,
            "s3_bucket": BUCKET,
            **values,
        }
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings, clock), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Running(settings, private_path.read_text())
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., AbstractContextManager[Running]]:
    """Starts a sandbox of one's own with other settings, in one folder."""
    return partial(serve, tmp_path)


@pytest.fixture(scope="session")
def distribution(s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox whose CloudFront has the object store behind it."""
    store = {name.removeprefix("RECAST_").lower(): value for name, value in s3.items()}
    with serve(tmp_path_factory.mktemp("distribution"), **store) as running:
        yield running


@pytest.fixture(scope="session")
def bucket(s3: dict[str, str]):
    """The bucket behind the distribution, to put objects into."""
    resource = boto3.resource(
        "s3",
        endpoint_url=s3["RECAST_S3_ENDPOINT_URL"],
        region_name=s3["RECAST_S3_REGION"],
        aws_access_key_id=s3["RECAST_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=s3["RECAST_S3_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    return resource.Bucket(s3["RECAST_S3_BUCKET"])
