"""The API as a real server on a free port, over a real PostgreSQL; Dagster and Auth's keys are stand-ins on HTTP."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

import api.app
from api.app import create_app
from api.services import State, lifespan_of
from resources.database.connection import Database
from resources.settings import Settings
from tests.conftest import DatabaseUrls
from tests.integration.api.pipeline import Pipeline
from tests.integration.api.standins import Dagster, Issuer, json_server

S3_SECRET = "s3-secret-that-must-not-leave"


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with json_server(issuer.answer) as url:
        issuer.url = url
        yield issuer


@pytest.fixture
def dagster() -> Iterator[Dagster]:
    dagster = Dagster()
    with json_server(dagster.answer) as url:
        dagster.url = url
        yield dagster


@pytest.fixture(scope="session")
def cdn_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cdn") / "private.pem"
    path.write_bytes(
        rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
def settings(database_urls: DatabaseUrls, issuer: Issuer, dagster: Dagster, cdn_key: Path) -> Settings:
    return Settings(
        database_url=database_urls.worker,
        api_database_url=database_urls.api,
        s3_bucket="recast",
        s3_endpoint_url="http://127.0.0.1:9",
        s3_access_key_id="AKIATEST",
        s3_secret_access_key=S3_SECRET,
        cdn_url="http://cdn.example",
        cdn_key_pair_id="K2TEST",
        cdn_private_key_path=cdn_key,
        dagster_url=dagster.url,
        dagster_public_url="https://dagster.example/",
        auth_url=f"{issuer.url}/auth/v1",
        public_url="https://recast.example",
        cors_origins=("https://app.example",),
    )


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[str]:
    """The address of ``app`` behind a real uvicorn, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=2))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class Served:
    """One application for all tests, each of which starts it with the settings of its own: to put its routes together
    takes longer than most tests."""

    def __init__(self, settings: Settings, page: Path) -> None:
        self.settings = settings
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api.app, "lifespan_of", lambda _: self._lifespan)
            self.app = create_app(settings, page=page)

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[State]:
        async with lifespan_of(self.settings)(app) as state:
            yield state


@pytest.fixture(scope="session")
def served() -> list[Served]:
    return []


@pytest.fixture
async def address(settings: Settings, served: list[Served], tmp_path: Path) -> AsyncIterator[str]:
    if not served:
        served.append(Served(settings, tmp_path / "no-page"))
    served[0].settings = settings
    async with running(served[0].app) as url:
        yield url


@pytest.fixture
async def anybody(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in."""
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        yield client


@pytest.fixture
def sign_in(issuer: Issuer, anybody: httpx.AsyncClient) -> Callable[[], "SignedIn"]:
    """Each call is another user."""
    return lambda: SignedIn(anybody, issuer)


class SignedIn:
    """One user of the API, and the steps that most tests begin with."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.user_id: UUID = uuid.uuid4()
        self.token = issuer.token(self.user_id)
        self._client = client

    async def get(self, path: str, **options: object) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: object = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.request("POST", path, json=json, headers=named)

    async def request(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}  # type: ignore[dict-item]
        return await self._client.request(method, f"/api/v1{path}", headers=headers, **options)  # type: ignore[arg-type]

    async def import_video(self, video_id: str = "demo0000001") -> dict[str, str]:
        answer = await self.post("/youtube/import", {"youtube_url": f"https://youtu.be/{video_id}"})
        assert answer.status_code == 202, answer.text
        imported: dict[str, str] = answer.json()
        return imported

    async def cast_script(self, pipeline: Pipeline) -> str:
        """A script of this user's, imported and cast."""
        imported = await self.import_video()
        await pipeline.finish_import(imported["job_id"], imported["script_id"])
        ids = [str(one) for one in (await pipeline.save_premade())[:2]]
        answer = await self.post(f"/scripts/{imported['script_id']}/characters", {"character_ids": ids})
        assert answer.status_code == 200, answer.text
        return imported["script_id"]

    async def order_film(self, pipeline: Pipeline, **options: object) -> str:
        """A queued generation job."""
        answer = await self.post("/jobs", {"script_id": await self.cast_script(pipeline), **options})
        assert answer.status_code == 202, answer.text
        film: str = answer.json()["id"]
        return film


@pytest.fixture
def alice(sign_in: Callable[[], SignedIn]) -> SignedIn:
    return sign_in()


@pytest.fixture
def mallory(sign_in: Callable[[], SignedIn]) -> SignedIn:
    return sign_in()


@pytest.fixture
def pipeline(database_urls: DatabaseUrls) -> Pipeline:
    return Pipeline(Database(database_urls.worker))


@pytest.fixture
async def cast_script(alice: SignedIn, pipeline: Pipeline) -> str:
    return await alice.cast_script(pipeline)


@pytest.fixture
async def film(alice: SignedIn, pipeline: Pipeline) -> str:
    """A queued generation job of Alice's."""
    return await alice.order_film(pipeline)
