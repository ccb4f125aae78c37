"""A sandbox that speaks over real HTTP, and a user's film to be narrated, with a real database and object store."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from domain.characters import CastMember
from domain.premade import PREMADE
from domain.scenes import Scene
from domain.script import Line, Script
from domain.speech import PlacedLine
from domain.stages import JobType, Stage
from resources.database import attempts, characters, events, jobs, scenes, scripts
from resources.database.connection import Database
from resources.database.records import Attempt, JobEvent, JobOptions, JobScene
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.voices.engines import known_models
from resources.voices.openai import OpenAIVoices, profile_of
from resources.voices.protocol import VoiceEngine
from studio.directing import direct_scenes
from studio.narrating import Narration, narrate
from studio.purchasing import Patience
from studio.settling import Settler
from studio.work import Work, stage_work
from tests.conftest import DatabaseUrls
from tests.integration.sandbox.conftest import Running, serve


@pytest.fixture(scope="session")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(tmp_path_factory.mktemp("speaking"), hold_seconds=20) as running:
        yield running


def charges(sandbox: Running, prompt: str = "") -> list[dict[str, object]]:
    """What the sandbox has charged for lines that have ``prompt`` in them."""
    answer = httpx.get(f"{sandbox.url}/billing", params={"prompt": prompt}, trust_env=False).json()
    found: list[dict[str, object]] = answer["charges"]
    return found


def voices(
    sandbox: Running | str,
    model: str = "tts-1",
    *,
    key: str = "sk-sandbox-1",
    timeout_seconds: float = 20,
    at_once: int = 2,
    is_free: bool = False,
) -> OpenAIVoices:
    return OpenAIVoices(
        profile_of(model, known_models(), Decimal(0) if is_free else None),
        base_url=f"{sandbox if isinstance(sandbox, str) else sandbox.url}/openai/v1",
        api_key=SecretStr(key),
        timeout_seconds=timeout_seconds,
        at_once=at_once,
    )


PATIENCE = Patience(take_seconds=60, absent_seconds=0.5, sign_seconds=60)
ADA, BRUNO = (
    CastMember(character_id=one.character_id, name=one.name, style="", portrait_key=None, voice=one.voice)
    for one in PREMADE[:2]
)


def line(text: str, start: float, end: float, speaker: str | None = None) -> Line:
    return Line(text=text, start=start, end=end, speaker=speaker)


@dataclass
class Desk:
    """Where a user's film is narrated. ``job`` is the one that is worked on."""

    database: Database
    storage: Storage
    user_id: UUID
    job_id: UUID

    async def plan(self, *scenes_of: Sequence[Line], language: str = "en", options: JobOptions | None = None) -> "Desk":
        """A job whose scenes have these lines."""
        numbered = Script(title="A film", language=language, lines=tuple(one for lines in scenes_of for one in lines))
        places = iter(numbered.lines)
        plan = [
            Scene(index=index, start=lines[0].start, end=lines[-1].end, lines=tuple(next(places) for _ in lines))
            for index, lines in enumerate(scenes_of, start=1)
        ]
        async with self.database.connect() as connection:
            await scripts.ensure_user(connection, self.user_id, f"{self.user_id}@example.com")
            project = await scripts.insert_project(connection, self.user_id, "A film")
            script = await scripts.insert_script(connection, self.user_id, project, "https://youtu.be/x", "talk0000001")
            await scripts.save_first_version(connection, script.id, numbered)
            job = await jobs.insert_job(
                connection,
                user_id=self.user_id,
                project_id=project,
                script_id=script.id,
                script_version=1,
                job_type=JobType.GENERATION,
                options=options or JobOptions(),
            )
            assert job
            for one in PREMADE[:2]:
                await characters.save_premade(
                    connection,
                    character_id=one.character_id,
                    name=one.name,
                    description=one.personality,
                    style=one.style,
                    image_url=f"premade/{one.slug}/1.png",
                    model_ref=one.model_ref,
                    voice=one.voice,
                )
            await characters.freeze_cast(connection, job.id, self.user_id, [ADA, BRUNO])
            await scenes.plan_scenes(connection, job.id, self.user_id, plan)
        return replace(self, job_id=job.id)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with stage_work(
            self.database, self.job_id, Stage.NARRATION, run_id=f"run-{uuid4()}", launch_number=None
        ) as work:
            await direct_scenes(work)
            yield work

    async def narrate(
        self,
        by: VoiceEngine,
        *,
        storage: Storage | None = None,
        clip_seconds: Callable[[JobScene], float] = lambda row: row.scene.duration,
        patience: Patience = PATIENCE,
    ) -> Narration:
        async with self.work() as work:
            return await narrate(
                work,
                open_engine=lambda: by,
                storage=storage or self.storage,
                database=self.database,
                patience=patience,
                clip_seconds=clip_seconds,
            )

    async def settle(self, settings: Settings) -> list[str]:
        """What has been left behind for an hour is settled, as the sensor does it."""
        async with self.database.connect() as connection:
            await connection.execute("update provider_attempts set created_at = created_at - interval '1 hour'")
        return await Settler(self.database, self.storage, Cameras(settings), PATIENCE).settle_left_behind()

    async def attempts(self) -> list[Attempt]:
        async with self.database.connect() as connection:
            return list(await attempts.list_job_attempts(connection, self.job_id))

    async def states(self) -> list[str]:
        return sorted(attempt.state.value for attempt in await self.attempts())

    async def scenes(self) -> list[JobScene]:
        async with self.database.connect() as connection:
            return list(await scenes.list_scenes(connection, self.job_id))

    async def spoken(self) -> list[PlacedLine]:
        return [placed for row in await self.scenes() for placed in row.speech or ()]

    async def events(self, kind: str) -> list[JobEvent]:
        async with self.database.connect() as connection:
            return [one for one in await events.list_events(connection, self.job_id, after=0) if one.kind == kind]

    async def told(self) -> list[str]:
        async with self.database.connect() as connection:
            return [event.kind for event in await events.list_events(connection, self.job_id, after=0)]

    async def cancel(self) -> None:
        async with self.database.connect() as connection:
            await connection.execute("update jobs set cancel_requested_at = now() where id = %s", (self.job_id,))

    async def spent(self) -> Decimal:
        async with self.database.connect() as connection:
            job = await jobs.find_job(connection, self.job_id)
        assert job
        return job.spent_usd


@pytest.fixture
def settings(settings_for: Callable[..., Settings], s3: dict[str, str], database_urls: DatabaseUrls) -> Settings:
    store = {name.removeprefix("RECAST_").lower(): value for name, value in s3.items()}
    return settings_for(database_url=database_urls.worker, api_database_url=database_urls.api, **store)


@pytest.fixture
def desk(settings: Settings, database_urls: DatabaseUrls) -> Desk:
    return Desk(Database(database_urls.worker), Storage(settings), uuid4(), uuid4())
