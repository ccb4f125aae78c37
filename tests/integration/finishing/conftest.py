"""Films to finish: jobs whose scenes are filmed, over a real database and a real object store."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from domain.caption_styles import CaptionStyle
from domain.finish import Finish
from domain.profile import Aspect, Profile
from domain.scenes import Scene
from domain.script import Line
from domain.stages import JobType, Stage
from resources import ffmpeg
from resources.database import jobs, scenes, scripts
from resources.database.connection import Connection, Database
from resources.database.records import Job, JobOptions, JobScene
from resources.mezzanine import PRESET
from resources.settings import Settings
from resources.storage import MP4, Storage, mezzanine_object_key
from studio.delivering import Delivery, deliver, deliver_scenes
from studio.mezzanines import wanted_mezzanine
from studio.work import Work, stage_work
from tests.conftest import DatabaseUrls
from tests.integration.finishing.clips import BEEP, MOVING, TINY, Make, render

SQUARE = Profile.of(Aspect.SQUARE)
SECONDS = 2.0
"""Of every scene: no film's is shorter."""
FRAMES = 60


def plain(**choices: object) -> Finish:
    """A finish without captions, so that the clips of a film are shown as they are."""
    return Finish.model_validate({"captions": CaptionStyle.NONE, **choices})


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mezzanine of two seconds, with a beep from its first sample."""
    picture = f"testsrc=s=180x180:r=30:d={SECONDS},scale={SQUARE.width}:{SQUARE.height}:flags=neighbor,setsar=1"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"{BEEP.format(rate=48_000)},atrim=end={SECONDS}"]
    return render(tmp_path_factory.mktemp("clips") / "clip.mp4", *inputs, *ffmpeg.mezzanine(SQUARE, preset=PRESET))


@pytest.fixture
def settings(
    database_urls: DatabaseUrls,
    s3: dict[str, str],
    settings_for: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    bucket = s3["RECAST_S3_BUCKET"]
    return settings_for(database_url=database_urls.worker, api_database_url=database_urls.api, s3_bucket=bucket)


@pytest.fixture
async def connection(database_urls: DatabaseUrls) -> AsyncIterator[Connection]:
    async with Database(database_urls.worker).connect() as connection:
        yield connection


@dataclass
class Film:
    """A job of filmed scenes, and how to finish it."""

    job_id: UUID
    user_id: UUID
    database: Database
    storage: Storage
    connection: Connection
    pieces: Path

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with stage_work(
            self.database, self.job_id, Stage.FINAL_MP4, run_id=f"run-{uuid4()}", launch_number=None
        ) as work:
            yield work

    async def finish(self, finish: Finish | None = None) -> None:
        """What the film is to be made by from now on."""
        await self.connection.execute(
            "update jobs set options = jsonb_set(options, '{finish}', %s) where id = %s",
            (Jsonb((finish or plain()).model_dump(mode="json")), self.job_id),
        )

    async def deliver(self, finish: Finish | None = None) -> Delivery:
        if finish:
            await self.finish(finish)
        async with self.work() as work:
            return await deliver(work, self.storage, cdn_url="http://cdn", pieces=self.pieces)

    async def deliver_scenes(self, rows: Sequence[JobScene]) -> Delivery:
        async with self.work() as work:
            return await deliver_scenes(work, self.storage, rows, cdn_url="http://cdn", pieces=self.pieces)

    async def rows(self) -> Sequence[JobScene]:
        return await scenes.list_scenes(self.connection, self.job_id)

    async def job(self) -> Job:
        job = await jobs.find_job(self.connection, self.job_id)
        assert job
        return job

    async def fetch(self, path: Path, version: str | None = None) -> Path:
        job = await self.job()
        await self.storage.download(job.result_s3_key or "", path, version)
        return path


@pytest.fixture(scope="session")
def made_clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[object, Path]]:
    """A folder, and what is in it: nobody changes a clip, so one that is made like another is the same."""
    return tmp_path_factory.mktemp("made"), {}


@pytest.fixture
def make(made_clips: tuple[Path, dict[object, Path]]) -> Make:
    """Make clips in the mezzanine of a profile, each with a beep from its first sample."""
    folder, made = made_clips

    def clip(
        frames: int,
        profile: Profile = TINY,
        *,
        picture: str = MOVING,
        sound: str | None = BEEP,
        extra: tuple[str, ...] = (),
        preset: str = PRESET,
    ) -> Path:
        description = (frames, profile, picture, sound, extra, preset)
        if description not in made:
            source = picture.format(w=profile.width, h=profile.height, r=profile.frame_rate)
            inputs = ["-f", "lavfi", "-i", source]
            if sound:
                samples = frames * profile.sample_rate // profile.frame_rate
                heard = f"{sound.format(rate=profile.sample_rate)},atrim=end_sample={samples}"
                inputs += ["-f", "lavfi", "-i", heard]
            arguments = [*inputs, "-frames:v", str(frames), *ffmpeg.mezzanine(profile, preset=preset), *extra]
            made[description] = render(folder / f"{len(made)}.mp4", *arguments)
        return made[description]

    return clip


MakeFilm = Callable[..., "AsyncIterator[Film]"]


@pytest.fixture(scope="session")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where music is kept once it is played."""
    return tmp_path_factory.mktemp("pieces")


@pytest.fixture
def a_film(connection: Connection, settings: Settings, clip: Path, pieces: Path) -> MakeFilm:
    """Makes a film of so many scenes, whose clips are those of ``clip``; ``titles`` are their chapters."""

    async def make(count: int = 3, titles: Sequence[str | None] = ()) -> Film:
        storage = Storage(settings)
        user_id = uuid4()
        await scripts.ensure_user(connection, user_id, f"{user_id}@example.com")
        project = await scripts.insert_project(connection, user_id, "A film")
        script = await scripts.insert_script(
            connection, user_id, project, "https://youtu.be/demo0000001", "demo0000001"
        )
        job = await jobs.insert_job(
            connection,
            user_id=user_id,
            project_id=project,
            script_id=script.id,
            job_type=JobType.GENERATION,
            options=JobOptions(aspect=Aspect.SQUARE, finish=plain()),
        )
        assert job
        named = [*titles, *[None] * (count - len(titles))]
        plan = [scene(number, title) for number, title in enumerate(named, start=1)]
        await scenes.plan_scenes(connection, job.id, user_id, plan)
        for row in await scenes.list_scenes(connection, job.id):
            key = f"{row.scene_index:064}"
            wanted = wanted_mezzanine(row, job.options, key)
            stored = await storage.upload(clip, mezzanine_object_key(user_id, key, wanted.key), MP4)
            await scenes.start_scene(connection, row.id)
            await scenes.succeed_scene(connection, row.id, clip_key=key, s3_key=stored.key)
        database = Database(settings.database_url.get_secret_value())
        return Film(job.id, user_id, database, storage, connection, pieces)

    return make  # type: ignore[return-value]


def scene(number: int, title: str | None) -> Scene:
    start = SECONDS * (number - 1)
    line = Line(text=f"This is sentence number {number}.", start=start, end=start + SECONDS)
    return Scene(index=number, start=line.start, end=line.end, lines=(line,), title=title)
