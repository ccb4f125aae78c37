"""What routes ask for by type: who is asking, a transaction in their name, the services, an idempotency key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, cast
from uuid import UUID

import psycopg
import structlog
from fastapi import Depends, Header, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.cursor import Cursor
from api.services import Services
from domain.errors import ErrorCode, RecastError
from resources.auth import Claims
from resources.database import jobs, scripts
from resources.database.connection import Connect, Connection
from resources.database.records import Job

bearer = HTTPBearer(
    bearerFormat="JWT", description="An access token of Supabase Auth (see `auth_url` in `/config`).", auto_error=False
)


def services_of(request: Request) -> Services:
    return cast(Services, request.state.services)


ServicesOf = Annotated[Services, Depends(services_of)]


async def current_user(
    services: ServicesOf, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Claims:
    if credentials is None:
        raise RecastError(ErrorCode.UNAUTHENTICATED)
    claims = await services.verifier.verify(credentials.credentials)
    structlog.contextvars.bind_contextvars(user_id=str(claims.sub))
    return claims


User = Annotated[Claims, Depends(current_user)]


class Launches:
    """Jobs to launch once the request's transaction is committed."""

    def __init__(self) -> None:
        self.job_ids: list[UUID] = []

    def add(self, job_id: UUID) -> None:
        self.job_ids.append(job_id)


async def launches_after_commit(services: ServicesOf, user: User) -> AsyncIterator[Launches]:
    launches = Launches()
    yield launches
    for job_id in launches.job_ids:
        await services.launcher.launch(partial(services.database.as_user, user.sub, user.email), job_id)


LaunchesAfterCommit = Annotated[Launches, Depends(launches_after_commit, scope="function")]


@asynccontextmanager
async def transaction_of(services: Services, user: Claims) -> AsyncIterator[Connection]:
    """A transaction in the user's name, whose row in `users` is there; rolled back on any error."""
    try:
        async with services.database.as_user(user.sub, user.email) as connection:
            if user.sub not in services.known_users:
                await scripts.ensure_user(connection, user.sub, user.email or "")
            yield connection
    except psycopg.errors.ForeignKeyViolation:
        # The row may have been deleted since it was seen; the next request makes it again.
        services.known_users.discard(user.sub)
        raise
    services.remember(user.sub)


async def user_transaction(
    services: ServicesOf, user: User, _launches: LaunchesAfterCommit
) -> AsyncIterator[Connection]:
    """One transaction in the user's name, committed before the answer is sent and rolled back on any error.

    It asks for the launches only to be inside them: they follow its commit.
    """
    async with transaction_of(services, user) as connection:
        yield connection


Transaction = Annotated[Connection, Depends(user_transaction, scope="function")]


def user_connect(services: ServicesOf, user: User) -> Connect:
    return partial(transaction_of, services, user)


Transactions = Annotated[Connect, Depends(user_connect)]
"""For a request that waits for somebody else between its statements: a transaction each, and none held meanwhile."""


async def own_job(connection: Transaction, job_id: Annotated[UUID, Path(description="A job of yours.")]) -> Job:
    if job := await jobs.find_job(connection, job_id):
        structlog.contextvars.bind_contextvars(job_id=str(job.id))
        return job
    raise RecastError(ErrorCode.NOT_FOUND)


OwnJob = Annotated[Job, Depends(own_job, scope="function")]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="Chosen by you, new for each thing you want done. The same request with the same key is done once,"
        " however often it is sent.",
        examples=["8d7bb1a2-5f0c-4f3e-9d5e-2f6c1e0a7a11"],
    ),
]


def page_cursor(
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> Cursor | None:
    return Cursor.decode(cursor) if cursor else None


PageCursor = Annotated[Cursor | None, Depends(page_cursor)]
