"""Connections. A worker's is service_role; a user's becomes `authenticated` with the user's claims, per transaction."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, conninfo
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from domain.errors import ErrorCode, RecastError

Connection = AsyncConnection[Any]

Connect = Callable[[], AbstractAsyncContextManager[Connection]]
"""Opens a connection, or one transaction; what was done in it is committed when it closes."""

USER_STATEMENT_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_SECONDS = 5
# A worker's lock must not outlive its machine: both sides notice a dead peer within half a minute.
KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
SERVER_KEEPALIVE = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"


def unavailable(error: Exception) -> RecastError:
    return RecastError(ErrorCode.DATABASE_UNAVAILABLE, cause=f"{type(error).__name__}: {error}".strip())


class Database:
    """The pipeline's own way in, as service_role: it sees all tenants, so every statement names its job or user."""

    def __init__(self, url: str) -> None:
        self._conninfo = conninfo.make_conninfo(
            url,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            options=f"-c role=service_role {SERVER_KEEPALIVE}",
            application_name="recast-worker",
            **KEEPALIVE,
        )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode; callers open a transaction where statements belong together."""
        try:
            connection = await AsyncConnection.connect(self._conninfo, autocommit=True)
        except psycopg.OperationalError as error:
            raise unavailable(error) from error
        async with connection:
            try:
                yield connection
            except psycopg.OperationalError as error:
                raise unavailable(error) from error


class UserDatabase:
    """The API's way in: one transaction per request, as the user who sent it, so that policies decide what is seen."""

    def __init__(self, url: str, *, max_connections: int = 10) -> None:
        self._pool = AsyncConnectionPool(
            conninfo.make_conninfo(url, connect_timeout=CONNECT_TIMEOUT_SECONDS, application_name="recast-api"),
            min_size=1,
            max_size=max_connections,
            timeout=CONNECT_TIMEOUT_SECONDS,
            check=AsyncConnectionPool.check_connection,
            # A transaction pooler keeps no prepared statements.
            kwargs={"prepare_threshold": None},
            open=False,
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def as_user(self, user_id: UUID, email: str | None = None) -> AsyncIterator[Connection]:
        """One transaction as ``user_id``. The role is fixed here and never taken from a token."""
        claims = json.dumps({"sub": str(user_id), "role": "authenticated", "email": email})
        async with self._transaction("authenticated", claims) as connection:
            yield connection

    @asynccontextmanager
    async def as_anyone(self) -> AsyncIterator[Connection]:
        """One transaction as somebody who has not signed in."""
        async with self._transaction("anon", "") as connection:
            yield connection

    @asynccontextmanager
    async def as_webhook_receiver(self) -> AsyncIterator[Connection]:
        """One transaction that may note a provider's webhook, and nothing else."""
        async with self._transaction("webhook_receiver", "") as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, role: str, claims: str) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(
                    "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true),"
                    " set_config('statement_timeout', %s, true)",
                    (role, claims, str(USER_STATEMENT_TIMEOUT_MS)),
                )
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise unavailable(error) from error
