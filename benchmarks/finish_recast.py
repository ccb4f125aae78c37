"""Recast finishes: the clips of a job in a running stack become mezzanines as they would on arrival, and then a film.

Run by `benchmarks.finish` as a process of its own, with the settings of the stack in its environment.
"""

import argparse
import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from benchmarks import finish_material
from benchmarks.finish_material import LINE_START_SECONDS, Material
from benchmarks.shots import a_shot
from domain.finish import Finish
from domain.scenes import Scene
from domain.script import Line
from domain.speech import PlacedLine, SpokenLine
from domain.stages import JobType, Stage
from resources.cores import Cores
from resources.database import jobs, scenes, scripts
from resources.database.connection import Connection, Database
from resources.database.records import Job, JobOptions, JobScene
from resources.settings import Settings
from resources.storage import MP4, Storage, source_object_key, speech_object_key
from studio.accepting import accept
from studio.captioning import FilmCaptions
from studio.delivering import deliver_scenes
from studio.mezzanines import fetch_mezzanine, wanted_mezzanine
from studio.work import stage_work

PARTS = ("arrive", "deliver")


@dataclass(frozen=True)
class Prepared:
    """A job whose clips have come, and lie in storage as their provider has sent them."""

    job_id: UUID
    user_id: UUID


async def prepare(material: Material, settings: Settings) -> Prepared:
    storage = Storage(settings)
    async with Database(settings.database_url.get_secret_value()).connect() as connection:
        user_id = uuid4()
        await scripts.ensure_user(connection, user_id, f"{user_id}@example.com")
        project = await scripts.insert_project(connection, user_id, "A film")
        row = await scripts.insert_script(connection, user_id, project, "https://youtu.be/demo0000001", "demo0000001")
        job = await jobs.insert_job(
            connection,
            user_id=user_id,
            project_id=project,
            script_id=row.id,
            job_type=JobType.GENERATION,
            options=JobOptions(),
        )
        assert job
        await scenes.plan_scenes(connection, job.id, user_id, [_scene(material, n) for n in range(len(material.clips))])
        for scene, clip in zip(await scenes.list_scenes(connection, job.id), material.clips, strict=True):
            await show(connection, storage, scene, f"{scene.scene_index:064x}", Path(clip))
    for line in {line.text: line for line in material.lines}.values():
        content = await asyncio.to_thread(Path(line.sound).read_bytes)
        await storage.put_bytes(speech_object_key(user_id, _key(line)), content, "audio/wav")
    return Prepared(job.id, user_id)


async def show(connection: Connection, storage: Storage, scene: JobScene, clip_key: str, clip: Path) -> None:
    """Have a scene show ``clip``, as it came."""
    stored = await storage.upload(clip, source_object_key(scene.user_id, clip_key), MP4)
    await scenes.requeue_scene(connection, scene.id)
    await scenes.start_scene(connection, scene.id)
    await scenes.succeed_scene(connection, scene.id, clip_key=clip_key, s3_key=stored.key)


async def set_finish(connection: Connection, job_id: UUID, finish: Finish) -> None:
    await connection.execute(
        "update jobs set options = jsonb_set(options, '{finish}', %s) where id = %s",
        (Jsonb(finish.model_dump(mode="json")), job_id),
    )


async def main(material: Material, job_id: UUID, part: str) -> None:
    settings = Settings()
    storage, database = Storage(settings), Database(settings.database_url.get_secret_value())
    async with database.connect() as connection:
        job = await jobs.find_job(connection, job_id)
        assert job
        rows = [_spoken(material, row) for row in await scenes.list_scenes(connection, job_id)]
    if part == "arrive":
        await _arrive(material, job, storage, rows, settings.fonts_dir)
        return
    async with stage_work(database, job_id, Stage.FINAL_MP4, run_id=f"{uuid4()}", launch_number=None) as work:
        pieces = Path(material.music).parent
        await deliver_scenes(work, storage, rows, cdn_url="", pieces=pieces, fonts=settings.fonts_dir)


async def _arrive(material: Material, job: Job, storage: Storage, rows: Sequence[JobScene], fonts: Path | None) -> None:
    """Every clip is looked at and encoded as when it comes, so many at once as there are cores."""
    captions = FilmCaptions(job.options.profile, job.options.finish.captions, fonts)
    cores = Cores()
    with TemporaryDirectory(prefix="recast-arriving-") as folder:

        async def one(row: JobScene) -> None:
            wanted = wanted_mezzanine(row, job.options, row.clip_key or "", captions.burned_in)
            path = Path(folder) / f"{row.scene_index}.mp4"
            async with cores.place():
                await accept(
                    Path(material.clips[row.scene_index - 1]), a_shot(float(material.clip_seconds), job.options.profile)
                )
            await fetch_mezzanine(storage, job.user_id, wanted, row.s3_key or "", path, cores=cores, fonts=fonts)
            path.unlink()

        waiting = asyncio.Semaphore(2 * (os.cpu_count() or 1))

        async def in_turn(row: JobScene) -> None:
            async with waiting:
                await one(row)

        await asyncio.gather(*map(in_turn, rows))


def _scene(material: Material, number: int) -> Scene:
    start = float(material.clip_seconds * number)
    line = Line(text=material.lines[number].text, start=start, end=start + material.clip_seconds)
    return Scene(index=number + 1, start=line.start, end=line.end, lines=(line,))


def _key(line: finish_material.Line) -> str:
    return Path(line.sound).stem


def _spoken(material: Material, row: JobScene) -> JobScene:
    line = material.lines[row.scene_index - 1]
    spoken = SpokenLine(line_id=1, character_id=None, text=line.text, key=_key(line), seconds=line.seconds)
    placed = PlacedLine(line=spoken, start=LINE_START_SECONDS)
    return row.model_copy(update={"speech": (placed,), "film_seconds": row.scene.duration})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("material", type=Path)
    parser.add_argument("job_id", type=UUID)
    parser.add_argument("part", choices=PARTS)
    given = parser.parse_args()
    asyncio.run(main(finish_material.load(given.material), given.job_id, given.part))
