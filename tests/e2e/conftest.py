"""The whole stack, real in every part, once per worker and only while it is tested with; and a user of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from benchmarks.paid_once import Plan
from cli.api_client import ApiClient, JobView
from domain.premade import PREMADE
from domain.profile import Aspect
from resources.auth import AuthClient, Session
from resources.database.connection import Connection, Database
from resources.settings import Settings
from resources.storage import Storage
from tests.e2e.recast import Recast

SHORT = "https://www.youtube.com/watch?v=short000001"
"""Scenes of two seconds: what is tested is not how long they take to draw."""
JOB_SECONDS = 150


PAID_ONCE = Plan(scenes=16, scenes_a_job=8, scenes_a_blow=4, lost_answers=0.25, deadline_seconds=600)
"""The stack is as impatient as this test of it needs; a film by this machine does not notice."""


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recast]:
    """In a folder with a space in its name, as some checkouts have."""
    stack = Recast(tmp_path_factory.mktemp("e2e") / "a stack", PAID_ONCE.settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.remove()


@pytest.fixture
def settings(stack: Recast, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[Connection]:
    async with Database(settings.database_url.get_secret_value()).connect() as connection:
        yield connection


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return Storage(settings)


@dataclass(frozen=True)
class Creator:
    """A user who has just signed up, and what they do through the API."""

    user_id: UUID
    api: ApiClient
    http: httpx.AsyncClient
    imported: dict[str, UUID] = field(default_factory=dict)

    async def import_short(self) -> UUID:
        """The script of a video, imported when it is first needed."""
        if SHORT not in self.imported:
            imported = await self.api.import_video(SHORT)
            assert (await self.finish(imported.job_id)).status == "succeeded"
            self.imported[SHORT] = imported.script_id
        return self.imported[SHORT]

    async def order(
        self, script_id: UUID, *, scenes: int, seed: int | None = None, aspect: Aspect = Aspect.SQUARE
    ) -> JobView:
        """A film of two characters, small unless told. The seed is one of its own, so that no clip is owned already."""
        await self.api.cast(script_id, [PREMADE[0].character_id, PREMADE[1].character_id])
        seed = uuid4().int % 1_000_000 if seed is None else seed
        return await self.api.generate(script_id, {"max_scenes": scenes, "seed": seed, "aspect": aspect})

    async def finish(self, job_id: UUID) -> JobView:
        return await self.until(job_id, lambda job: job.is_over)

    async def until(self, job_id: UUID, reached: Callable[[JobView], bool]) -> JobView:
        until = time.monotonic() + JOB_SECONDS
        while time.monotonic() < until:
            try:
                job = await self.api.job(job_id)
            except Exception as error:  # a service that was killed is on its way back
                if time.monotonic() > until:
                    raise error
            else:
                if reached(job):
                    return job
            await asyncio.sleep(0.2)
        pytest.fail(f"job {job_id} did not get there within {JOB_SECONDS} s: {job}")


@pytest.fixture(scope="package")
def account(stack: Recast) -> tuple[Session, dict[str, UUID]]:
    """One user, and the scripts they have imported: an import takes seconds, and no test changes one."""
    with AuthClient(stack.environment()["RECAST_AUTH_URL"]) as auth:
        return auth.sign_up(f"{uuid4()}@example.com", "correct horse battery"), {}


@pytest.fixture
async def creator(stack: Recast, account: tuple[Session, dict[str, UUID]]) -> AsyncIterator[Creator]:
    session, imported = account
    headers = {"Authorization": f"Bearer {session.access_token}"}
    async with httpx.AsyncClient(base_url=f"{stack.urls['api']}", headers=headers, timeout=30) as http:
        yield Creator(session.user_id, ApiClient(http), http, imported)


Launch = Callable[..., Coroutine[Any, Any, str]]


@pytest.fixture
def materialize(stack: Recast) -> Launch:
    """What the button *Materialize* of Dagster's page sends."""

    async def send(job_id: UUID, stages: list[str], config: dict[str, Any] | None = None) -> str:
        query = """
        mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
          __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
          ... on RunConfigValidationInvalid { errors { message } } } }"""
        params = {
            "selector": {
                "repositoryLocationName": "recast",
                "repositoryName": "__repository__",
                "pipelineName": "__ASSET_JOB",
                "assetSelection": [{"path": [stage]} for stage in stages],
            },
            "runConfigData": {"ops": config or {}},
            "mode": "default",
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": str(job_id)}]},
        }
        async with httpx.AsyncClient(timeout=30) as http:
            answer = await http.post(
                f"{stack.urls['dagster']}/graphql", json={"query": query, "variables": {"params": params}}
            )
        outcome = answer.json()["data"]["launchRun"]
        assert outcome["__typename"] == "LaunchRunSuccess", outcome
        run_id: str = outcome["run"]["runId"]
        return run_id

    return send
