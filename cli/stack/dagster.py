"""Dagster as three processes (code server, webserver, daemon) that share one instance folder and one database."""

import importlib.metadata
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg

from cli.stack.checks import grpc_serving, http_ok
from cli.stack.environment import DAGSTER_DATABASE, database_url
from cli.stack.folder import CHECKOUT, StackFolder
from cli.stack.oneshot import run_once
from cli.stack.ports import HOST
from cli.stack.secrets import StackSecrets
from cli.stack.service import Service, Step, Task

DEFINITIONS = ("-m", "orchestration.definitions")
INSTANCE = CHECKOUT / "dagster.yaml"
WORKSPACE = CHECKOUT / "workspace.yaml"
# The daemons without which a job would stay in the queue; each writes a heartbeat once it works.
DAEMONS = ["SENSOR", "QUEUED_RUN_COORDINATOR", "MONITORING"]


class DagsterServers:
    """The steps ``dagster-tables``, ``code-server``, ``webserver`` and ``daemon``.

    The servers start when the steps of ``after`` are done.
    """

    def __init__(
        self,
        folder: StackFolder,
        ports: Mapping[str, int],
        secrets: StackSecrets,
        env: Mapping[str, str],
        *,
        after: tuple[str, ...] = (),
    ) -> None:
        self._folder = folder
        self._ports = ports
        self._env = env
        self._needs = ("dagster-tables", *after)
        self._database = database_url(ports["postgres"], "dagster", secrets.dagster_password, DAGSTER_DATABASE)
        self._daemon_started = datetime.max

    def steps(self) -> list[Step]:
        return [
            Task("dagster-tables", self._keep_tables, depends_on=("databases",)),
            self._code_server(),
            self._webserver(),
            self._daemon(),
        ]

    def _code_server(self) -> Service:
        """``dagster api grpc`` rather than ``dagster code-server``: one process fewer; new code needs a restart."""
        port = self._ports["code_server"]
        return Service(
            name="code-server",
            command=_python(
                "cli.stack.code_server",
                *("api", "grpc", "-h", HOST, "-p", str(port), *DEFINITIONS, "-d", str(CHECKOUT)),
                # Workers are started with this interpreter, not with whatever `dagster` is on the PATH.
                "--use-python-environment-entry-point",
            ),
            ready=grpc_serving(HOST, port),
            env=self._env,
            cwd=CHECKOUT,
            depends_on=self._needs,
            has_workers=True,
        )

    def _webserver(self) -> Service:
        port = self._ports["dagster"]
        return Service(
            name="webserver",
            command=_beside_code_server("dagster_webserver.cli", "-w", str(WORKSPACE), "-h", HOST, "-p", str(port)),
            ready=http_ok(HOST, port, "/server_info"),
            env=self._env,
            cwd=CHECKOUT,
            depends_on=self._needs,
            uses=("code-server",),
        )

    def _daemon(self) -> Service:
        return Service(
            name="daemon",
            command=_beside_code_server("dagster._daemon.cli", "run", "-w", str(WORKSPACE)),
            ready=self._daemon_beats,
            env=self._env,
            cwd=CHECKOUT,
            depends_on=self._needs,
            uses=("code-server",),
            prepare=self._note_start,
        )

    async def _note_start(self) -> None:
        self._daemon_started = datetime.now(UTC).replace(tzinfo=None)

    async def _daemon_beats(self) -> bool:
        query = "select count(*) from daemon_heartbeats where daemon_type = any(%s) and timestamp >= %s"
        async with await psycopg.AsyncConnection.connect(self._database) as connection:
            cursor = await connection.execute(query, (DAEMONS, self._daemon_started))
            row = await cursor.fetchone()
        return row is not None and row[0] == len(DAEMONS)

    async def _keep_tables(self) -> None:
        """Bring the instance folder and the database up to this Dagster.

        Done by one process before the servers start: on an empty database they would all make the same tables at once.
        """
        shutil.copyfile(INSTANCE, self._folder.dagster_home / "dagster.yaml")
        version = importlib.metadata.version("dagster")
        stamp = self._folder.dagster_home / "version"
        if stamp.exists() and stamp.read_text() == version and await self._has_tables():
            return
        await run_once("dagster-tables", _python("dagster", "instance", "migrate"), self._env, CHECKOUT, self._folder)
        stamp.write_text(version)

    async def _has_tables(self) -> bool:
        async with await psycopg.AsyncConnection.connect(self._database) as connection:
            cursor = await connection.execute("select to_regclass('public.runs') is not null")
            row = await cursor.fetchone()
        return row is not None and bool(row[0])


def _beside_code_server(module: str, *arguments: str) -> tuple[str, ...]:
    return _python("cli.stack.beside_code_server", module, *arguments)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
