"""Two users with one job each, made as the pipeline makes them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from domain.stages import JobType
from resources.database import jobs, scripts
from resources.database.connection import Connection, Database, UserDatabase
from resources.database.records import JobOptions
from tests.conftest import DatabaseUrls


@dataclass(frozen=True)
class Tenant:
    user_id: UUID
    project_id: UUID
    script_id: UUID
    job_id: UUID


@pytest.fixture
async def worker(database_urls: DatabaseUrls) -> AsyncIterator[Connection]:
    async with Database(database_urls.worker).connect() as connection:
        yield connection


@pytest.fixture
async def users(database_urls: DatabaseUrls) -> AsyncIterator[UserDatabase]:
    database = UserDatabase(database_urls.api, max_connections=4)
    await database.open()
    yield database
    await database.close()


async def make_tenant(connection: Connection) -> Tenant:
    user_id = uuid4()
    await scripts.ensure_user(connection, user_id, f"{user_id}@example.com")
    project_id = await scripts.insert_project(connection, user_id, "A film")
    script = await scripts.insert_script(connection, user_id, project_id, "https://youtu.be/demo0000001", "demo0000001")
    job = await jobs.insert_job(
        connection,
        user_id=user_id,
        project_id=project_id,
        script_id=script.id,
        job_type=JobType.IMPORT,
        options=JobOptions(),
    )
    assert job
    return Tenant(user_id, project_id, script.id, job.id)


@pytest.fixture
async def ann(worker: Connection) -> Tenant:
    return await make_tenant(worker)


@pytest.fixture
async def ben(worker: Connection) -> Tenant:
    return await make_tenant(worker)
