"""PostgreSQL as a child of the supervisor: made once, on loopback TCP alone, every login with a password."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from cli.stack.checks import postgres_answers
from cli.stack.environment import DAGSTER_DATABASE, DATABASE, database_url, plain_environment
from cli.stack.folder import StackFolder
from cli.stack.ports import HOST
from cli.stack.postgres_home import MAJOR_VERSION, PostgresHome
from cli.stack.problems import StackError, last_lines
from cli.stack.secrets import StackSecrets
from cli.stack.service import Service, Step, Task

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    # No socket: its path has a length limit, and its folder would have to be shared between users.
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
}
# For data that nobody will miss (tests): a crash of the machine may lose it.
FLEETING_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """The steps ``postgres`` (the server) and ``databases`` (the databases ``recast`` and ``dagster``)."""

    def __init__(
        self, folder: StackFolder, home: PostgresHome, port: int, secrets: StackSecrets, *, durable: bool = True
    ) -> None:
        self._folder = folder
        self._home = home
        self._port = port
        self._secrets = secrets
        self._durable = durable

    def admin_url(self, database: str = SUPERUSER) -> str:
        return database_url(self._port, SUPERUSER, self._secrets.postgres_password, database)

    def steps(self) -> list[Step]:
        return [self._service(), Task("databases", self._make_databases, depends_on=("postgres",))]

    def _service(self) -> Service:
        settings = {**SETTINGS, **({} if self._durable else FLEETING_SETTINGS), "port": str(self._port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Service(
            name="postgres",
            command=(str(self._home.programs / "postgres"), "-D", str(self._home.data), *options),
            ready=postgres_answers(self.admin_url()),
            env=self._environment(),
            cwd=self._home.data.parent,
            prepare=self._prepare,
            stop_signal=signal.SIGINT,  # the fast shutdown: ends sessions, writes a checkpoint
            stop_grace_seconds=30.0,
            account=self._home.account,
        )

    def _environment(self) -> dict[str, str]:
        return {**plain_environment(), "HOME": str(self._home.data.parent), "LC_ALL": "C"}

    async def _prepare(self) -> None:
        await asyncio.to_thread(self._initialise)

    def _initialise(self) -> None:
        """``initdb``, unless it has been done; beside its place, so that one cut short never passes for a whole one."""
        data, account = self._home.data, self._home.account
        if data.exists():
            version = (data / "PG_VERSION").read_text().strip()
            if version != MAJOR_VERSION:
                raise StackError(
                    f"The data in {data} is PostgreSQL {version}'s, and this is PostgreSQL {MAJOR_VERSION}. Dump it "
                    "with the former version of Recast, or remove the stack's data with `make reset`."
                )
            return
        draft = data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = draft / "password"
        log = self._folder.log("initdb")
        try:
            password.touch(mode=0o600)
            password.write_text(self._secrets.postgres_password)
            if account:
                os.chown(draft, account.uid, account.gid)
                os.chown(password, account.uid, account.gid)
            with log.open("wb") as output:
                subprocess.run(
                    self._initdb(draft / "cluster", password),
                    check=True,
                    stdout=output,
                    stderr=output,
                    cwd=draft,
                    env=self._environment(),
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                )
            (draft / "cluster").rename(data)
        except subprocess.CalledProcessError as error:
            last = "\n    ".join(last_lines(log))
            raise StackError(f"initdb failed with exit code {error.returncode} ({log}):\n    {last}") from None
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _initdb(self, data: Path, password: Path) -> list[str]:
        return [
            str(self._home.programs / "initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--auth-local=scram-sha-256",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            # The same order and case rules on every machine, whatever its locales.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(() if self._durable else ("--no-sync",)),
        ]

    async def _make_databases(self) -> None:
        """Make the databases, and Dagster's login, which owns its database and cannot enter the other."""
        async with await psycopg.AsyncConnection.connect(self.admin_url(), autocommit=True) as connection:
            await _keep_login(connection, "dagster", self._secrets.dagster_password)
            for name, owner in ((DATABASE, SUPERUSER), (DAGSTER_DATABASE, "dagster")):
                database = sql.Identifier(name)
                found = await connection.execute("select from pg_database where datname = %s", (name,))
                if found.rowcount == 0:
                    create = sql.SQL("create database {} owner {}").format(database, sql.Identifier(owner))
                    await connection.execute(create)
                    await connection.execute(sql.SQL("revoke all on database {} from public").format(database))


async def set_login_passwords(admin_url: str, passwords: Mapping[str, str], database: str = DATABASE) -> None:
    """Give the logins that the migrations made their passwords, and let them enter the database."""
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as connection:
        for login, password in passwords.items():
            await _keep_login(connection, login, password)
            grant = sql.SQL("grant connect on database {} to {}")
            await connection.execute(grant.format(sql.Identifier(database), sql.Identifier(login)))


async def _keep_login(connection: psycopg.AsyncConnection, login: str, password: str) -> None:
    found = await connection.execute("select from pg_roles where rolname = %s", (login,))
    verb = "alter" if found.rowcount else "create"
    statement = sql.SQL(verb + " role {} login password {}")
    async with connection.transaction():
        # Iterations make guessing dear, and nobody guesses a random password; they would cost every connection 3 ms.
        await connection.execute("set local scram_iterations = 1")
        await connection.execute(statement.format(sql.Identifier(login), sql.Literal(password)))
