"""What the pipeline would have done by now, written as the pipeline writes it."""

from uuid import UUID

from domain.characters import Voice
from domain.errors import ErrorCode
from domain.premade import PREMADE
from domain.scenes import Scene
from domain.script import Line, Script
from resources.database import characters, events, jobs, scenes, scripts
from resources.database.connection import Database
from resources.database.records import JobResult, Thumbnail

LINES = (
    Line(text="Did you see that?", start=0.0, end=2.0, speaker="Mira"),
    Line(text="A comet, I think.", start=2.0, end=4.5, speaker="Jonas"),
)
RESULT = JobResult(
    duration_seconds=4.5,
    scenes=2,
    width=1280,
    height=720,
    size_bytes=1234,
    sha256="ab" * 32,
    poster_key="poster.jpg",
    poster_version="v1",
    thumbnails=(Thumbnail(scene=2, s3_key="2.webp"), Thumbnail(scene=1, s3_key="1.webp")),
)


class Pipeline:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_premade(self) -> list[UUID]:
        async with self._database.connect() as connection:
            for one in PREMADE:
                await characters.save_premade(
                    connection,
                    character_id=one.character_id,
                    name=one.name,
                    description=one.personality,
                    style=one.style,
                    image_url=f"premade/{one.slug}/1.png",
                    model_ref=one.model_ref,
                    voice=Voice(name="en"),
                )
        return [one.character_id for one in PREMADE]

    async def begin(self, job_id: str, stage: str | None = None, *, run_id: str | None = None) -> None:
        async with self._database.connect() as connection:
            job = await jobs.begin_job(connection, UUID(job_id), run_id or f"run-of-{job_id}", None)
            assert job
            if stage:
                await events.append_event(
                    connection, job.id, job.user_id, "stage_started", stage=stage, message=f"{stage} has started"
                )

    async def finish_import(self, job_id: str, script_id: str) -> None:
        await self.begin(job_id, "script")
        async with self._database.connect() as connection:
            script = Script(title="Comets, explained", language="en", lines=LINES)
            await scripts.save_first_version(connection, UUID(script_id), script)
            await jobs.succeed_job(connection, UUID(job_id), f"run-of-{job_id}")

    async def finish_film(self, job_id: str, result: JobResult = RESULT) -> None:
        await self.begin(job_id)
        async with self._database.connect() as connection:
            job = await jobs.find_job(connection, UUID(job_id))
            assert job
            await jobs.save_result(
                connection,
                job.id,
                s3_key=f"users/{job.user_id}/jobs/{job.id}/final.mp4",
                preview_url="",
                result=result,
            )
            await jobs.succeed_job(connection, job.id, job.dagster_run_id)

    async def plan_scenes(self, job_id: str) -> None:
        async with self._database.connect() as connection:
            job = await jobs.find_job(connection, UUID(job_id))
            assert job
            plan = [Scene(index=i, start=line.start, end=line.end, lines=(line,)) for i, line in enumerate(LINES, 1)]
            await scenes.plan_scenes(connection, job.id, job.user_id, plan)

    async def fail_scene(self, job_id: str, index: int) -> None:
        async with self._database.connect() as connection:
            row = (await scenes.list_scenes(connection, UUID(job_id)))[index - 1]
            await scenes.fail_scene(connection, row.id, ErrorCode.SCENE_TIMEOUT, "The scene took too long.")

    async def fail(self, job_id: str, stage: str, code: ErrorCode = ErrorCode.SCENES_FAILED) -> None:
        async with self._database.connect() as connection:
            job = await jobs.find_job(connection, UUID(job_id))
            assert job
            await jobs.fail_job(connection, job.id, code, "Scene 1 failed.", run_id=job.dagster_run_id)
            await events.append_event(
                connection, job.id, job.user_id, "stage_failed", stage=stage, message="Scene 1 failed."
            )

    async def lose_worker(self, job_id: str) -> None:
        async with self._database.connect() as connection:
            assert await jobs.requeue_job(connection, UUID(job_id), f"run-of-{job_id}")

    async def give_up(self, job_id: str) -> None:
        async with self._database.connect() as connection:
            job = await jobs.find_job(connection, UUID(job_id))
            assert job
            message = "The worker died again and again."
            await jobs.fail_job(connection, job.id, ErrorCode.RUN_LOST, message, run_id=job.dagster_run_id)

    async def note(self, job_id: str, kind: str, message: str) -> None:
        async with self._database.connect() as connection:
            job = await jobs.find_job(connection, UUID(job_id))
            assert job
            await events.append_event(connection, job.id, job.user_id, kind, message=message)

    async def carry_out_cancel(self, job_id: str) -> None:
        async with self._database.connect() as connection:
            await jobs.cancel_job(connection, UUID(job_id))
