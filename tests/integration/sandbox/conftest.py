"""The sandbox and an object store on free loopback ports, each over real HTTP."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.app import create_app
from sandbox.cloudfront.keys import ensure_key_pair
from sandbox.settings import SandboxSettings

BUCKET = "recast-test"
ACCESS_KEY = "test-access"
SECRET_KEY = "test-secret"


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


@contextmanager
def serve(folder: Path, **values: object) -> Iterator[Running]:
    """Runs the sandbox with uvicorn until the block ends; ``values`` are settings."""
    listener = socket.create_server(("127.0.0.1", 0))
    private_path, public_path = ensure_key_pair(folder)
    settings = SandboxSettings(
        **{
            "port": listener.getsockname()[1],
            "data_dir": folder,
            "slow_seconds": 0.2,
            "refresh_reuse_seconds": 0,
            "cloudfront_public_key_path": public_path,
            "s3_endpoint_url": "http://127.0.0.1:9",
            "s3_access_key_id": ACCESS_KEY,
            "s3_secret_access_key": SECRET_KEY,
            "s3_bucket": BUCKET,
            **values,
        }
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", lifespan="off"))
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
def distribution(object_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox whose CloudFront has the object store behind it."""
    with serve(tmp_path_factory.mktemp("distribution"), s3_endpoint_url=object_store) as running:
        yield running


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a SeaweedFS with the bucket in it."""
    folder = tmp_path_factory.mktemp("weed")
    ports = {name: _free_port() for name in ("master", "volume", "filer", "s3", "admin")}
    command = [
        str(Path(sys.executable).with_name("weed")), "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0",
        *(f"-{name}.port={port}" for name, port in ports.items()),
    ]  # fmt: skip
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    try:
        _create_bucket(endpoint)
        yield endpoint
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def bucket(object_store: str):
    """The bucket behind the distribution, to put objects into."""
    return _resource(object_store).Bucket(BUCKET)


def _resource(endpoint: str):
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.resource(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=config,
    )


def _create_bucket(endpoint: str) -> None:
    give_up_at = time.monotonic() + 30
    while True:
        try:
            _resource(endpoint).create_bucket(Bucket=BUCKET)
            return
        except (BotoCoreError, ClientError):
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
