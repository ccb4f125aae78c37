"""Films without Dagster: real PostgreSQL and S3, the sandbox's Replicate, and whatever goes wrong there."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from PIL import Image

from domain.characters import CastMember
from domain.models import ModelProfile
from domain.profile import Aspect
from domain.scenes import Scene
from domain.script import Line
from domain.shots import Camera as Move
from domain.shots import Light, Setting, ShotPrompt
from domain.stages import JobType, Stage
from resources.database import attempts, characters, jobs, scenes, scripts
from resources.database.connection import Connection, Database
from resources.database.records import Attempt, JobOptions, JobScene
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.video.protocol import Camera, Confirm, Handle, Order
from studio.filming import FilmedScene, Limits, film
from studio.work import Work, stage_work
from tests.conftest import DatabaseUrls
from tests.integration.sandbox.conftest import Running, serve

ADA = UUID(int=1)
SCENE_SECONDS = 2.0
LIMITS = Limits(local_at_once=2, scene_seconds=60, absent_seconds=3, sign_seconds=4)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    """One of the test's own, so that its bill is the test's alone."""
    with serve(tmp_path / "sandbox", hold_seconds=20, slow_prediction_seconds=4) as running:
        yield running


@pytest.fixture
def settings(
    sandbox: Running, database_urls: DatabaseUrls, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Settings:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return Settings(
        database_url=database_urls.worker,
        api_database_url=database_urls.api,
        cdn_url="http://localhost/cdn",
        cdn_key_pair_id="K1",
        cdn_private_key_path=tmp_path / "key.pem",
        dagster_url="http://localhost",
        auth_url="http://localhost/auth",
        replicate_api_token="r8_sandbox",
        replicate_base_url=f"{sandbox.url}/replicate/v1",
        fal_key="sandbox:fal",
        fal_base_url=f"{sandbox.url}/fal",
        provider_submit_timeout_seconds=1,
    )


@dataclass(frozen=True)
class Set:
    """A user's job of scenes that are directed, and how to film it."""

    job_id: UUID
    user_id: UUID
    database: Database
    storage: Storage
    cameras: Cameras
    limits: Limits = LIMITS
    reported: list[FilmedScene] = field(default_factory=list)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with stage_work(
            self.database, self.job_id, Stage.CLIPS, run_id=f"run-{uuid4()}", launch_number=None
        ) as work:
            yield work

    async def film(self, *, again: Sequence[int] = (), limits: Limits | None = None) -> Sequence[FilmedScene]:
        async with self.work() as work:
            return await film(work, self.database, self.storage, self.cameras, limits or self.limits, again=again)

    async def attempts(self) -> Sequence[Attempt]:
        async with self.database.connect() as connection:
            return await attempts.list_job_attempts(connection, self.job_id)

    async def states(self) -> list[str]:
        return [attempt.state.value for attempt in await self.attempts()]

    async def rows(self) -> Sequence[JobScene]:
        async with self.database.connect() as connection:
            return await scenes.list_scenes(connection, self.job_id)

    async def until(self, state: str, *, count: int = 1) -> Sequence[Attempt]:
        async with asyncio.timeout(30):
            while len(found := [one for one in await self.attempts() if one.state.value == state]) < count:
                await asyncio.sleep(0.02)
        return found

    def with_limits(self, **changes: float) -> "Set":
        return replace(self, limits=replace(self.limits, **changes))


class Died(BaseException):
    """The process is gone: nobody catches this, and nothing is tidied up."""


@dataclass
class DyingCameras(Cameras):
    """Cameras in whose hands the process dies once, right before or right after a shot was submitted."""

    is_after: bool = False

    def camera(self, profile: ModelProfile) -> Camera:
        camera = super().camera(profile)
        submit = camera.submit

        async def die(order: Order, portraits: Mapping[UUID, Sequence[bytes]], confirm: Confirm) -> Handle:
            if self.is_after:
                await submit(order, portraits, confirm)
            raise Died

        camera.submit = die  # type: ignore[method-assign]
        return camera


MakeSet = Callable[..., AsyncIterator[Set]]


@pytest.fixture
async def connection(database_urls: DatabaseUrls) -> AsyncIterator[Connection]:
    async with Database(database_urls.worker).connect() as connection:
        yield connection


@pytest.fixture
async def user_id(connection: Connection) -> UUID:
    user_id = uuid4()
    await scripts.ensure_user(connection, user_id, f"{user_id}@example.com")
    return user_id


@pytest.fixture
def a_set(connection: Connection, settings: Settings, user_id: UUID) -> Callable[..., "asyncio.Future[Set]"]:
    """Makes a job of one scene for each text that is given; a text may hold words that mean trouble."""

    async def make(
        *texts: str,
        provider: str = "replicate",
        model: str | None = "minimax/video-01",
        seed: int = 7,
        **options: object,
    ) -> Set:
        storage = Storage(settings)
        key = f"users/{user_id}/characters/{ADA}/ada.png"
        await storage.put_bytes(key, portrait(), "image/png")
        project = await scripts.insert_project(connection, user_id, "A film")
        script = await scripts.insert_script(
            connection, user_id, project, "https://youtu.be/demo0000001", "demo0000001"
        )
        chosen = JobOptions(provider=provider, model=model, aspect=Aspect.WIDE, **options)
        job = await jobs.insert_job(
            connection,
            user_id=user_id,
            project_id=project,
            script_id=script.id,
            job_type=JobType.GENERATION,
            options=chosen,
        )
        assert job
        await connection.execute(
            "insert into characters (id, name, is_premade) values (%s, 'Ada', true) on conflict do nothing", (ADA,)
        )
        await characters.freeze_cast(
            connection, job.id, user_id, [CastMember(character_id=ADA, name="Ada", style="", portrait_key=key)]
        )
        plan = [scene(number) for number in range(1, len(texts) + 1)]
        await scenes.plan_scenes(connection, job.id, user_id, plan)
        for row, text in zip(await scenes.list_scenes(connection, job.id), texts, strict=True):
            await scenes.save_prompt(connection, row.id, prompt(text, seed))
        return Set(job.id, user_id, Database(settings.database_url.get_secret_value()), storage, Cameras(settings))

    return make  # type: ignore[return-value]


def scene(number: int) -> Scene:
    start = SCENE_SECONDS * (number - 1)
    line = Line(text="Hello.", start=start, end=start + SCENE_SECONDS)
    return Scene(index=number, start=line.start, end=line.end, lines=(line,))


def prompt(text: str, seed: int) -> ShotPrompt:
    return ShotPrompt(
        text=text,
        caption="Hello.",
        setting=Setting.SEA,
        light=Light.DAY,
        camera=Move.STILL,
        style="ink",
        characters=(ADA,),
        speaker=ADA,
        seed=seed,
    )


def portrait() -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(encoded, "PNG")
    return encoded.getvalue()


@dataclass(frozen=True)
class Bill:
    """What the sandbox would have charged."""

    url: str

    def charges(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = httpx.get(f"{self.url}/billing").json()["charges"]
        return found

    def ids(self) -> list[object]:
        return [charge["id"] for charge in self.charges()]


@pytest.fixture
def bill(sandbox: Running) -> Bill:
    return Bill(sandbox.url)


@pytest.fixture
def books(database_urls: DatabaseUrls) -> Callable[[], dict[str, float]]:
    """Sums of the ledger: reserved and spent, of all jobs and of all budgets."""

    def read() -> dict[str, float]:
        with psycopg.connect(database_urls.admin) as admin:
            row = admin.execute(
                "select (select sum(reserved_usd) from jobs), (select sum(spent_usd) from jobs),"
                " (select sum(reserved_usd) from budgets), (select sum(spent_usd) from budgets)"
            ).fetchone()
        assert row
        names = ("job_reserved", "job_spent", "reserved", "spent")
        return {name: float(value or 0) for name, value in zip(names, row, strict=True)}

    return read
