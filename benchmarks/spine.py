"""The spine, measured: from POST to first step, the stages' own overhead, filming and joining, memory at rest.

Runs a stack of its own in a temporary folder, with the real services and the sandbox's videos.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import LiteralString
from uuid import UUID, uuid4

import httpx
from rich.console import Console

from benchmarks.report import tell
from cli.api_client import ApiClient
from cli.stack.processes import marked_processes
from cli.stack.stack import Stack
from domain.premade import PREMADE
from domain.profile import Aspect, Profile
from resources.auth import AuthClient
from resources.database.connection import Database
from resources.ffmpeg import mezzanine, output_file, run
from resources.mixing import Tracks, mix
from studio.finishing import SceneClip, join, thread

VIDEOS = {"3min": "talk0000001", "20min": "lecture0001"}
JOIN_CLIPS = 20
CLIP_SECONDS = 5
REST_SECONDS = 10
POLL_SECONDS = 0.2

AIMS = {"post_to_first_step_s": 2.5, "stage_overhead_s": 3.5, "join_20_clips_cpu_s": 1.0}
MEANINGS = {
    "post_to_first_step_s": "from POST /jobs to the first stage's start, median",
    "stage_overhead_s": "first stage's start to the job's end, less filming, for a film whose clips are owned",
    "join_20_clips_cpu_s": f"CPU seconds to join {JOIN_CLIPS} clips of {CLIP_SECONDS} s, 720p30 with sound",
    "stack_rss_mb": "resident memory of the whole stack at rest",
    "import_3min_s": "POST to script, 3-minute video",
    "import_20min_s": "POST to script, 20-minute video",
    "film_3min_s": "POST to MP4, 3-minute video, all scenes filmed",
    "film_20min_s": "POST to MP4, 20-minute video, all scenes filmed",
    "filming_3min_s": "of that, the stage clips",
    "filming_20min_s": "of that, the stage clips",
    "joining_3min_s": "of that, the stage final_mp4",
    "joining_20min_s": "of that, the stage final_mp4",
    "scenes_3min": "scenes of the film",
    "scenes_20min": "scenes of the film",
}


@dataclass(frozen=True)
class Bench:
    stack: Stack
    api: ApiClient
    database: Database

    async def imported(self, video: str) -> tuple[UUID, float]:
        began = time.monotonic()
        imported = await self.api.import_video(f"https://www.youtube.com/watch?v={video}")
        await self.finish(imported.job_id)
        return imported.script_id, time.monotonic() - began

    async def film(self, script_id: UUID, **options: object) -> tuple[UUID, float]:
        await self.api.cast(script_id, [PREMADE[0].character_id, PREMADE[1].character_id])
        began = time.monotonic()
        job = await self.api.generate(script_id, dict(options))
        await self.finish(job.id)
        return job.id, time.monotonic() - began

    async def finish(self, job_id: UUID) -> None:
        while not (job := await self.api.job(job_id)).is_over:
            await asyncio.sleep(POLL_SECONDS)
        if job.status != "succeeded":
            raise SystemExit(f"job {job_id} ended as {job.status}: {job.error}")

    async def seconds(self, job_id: UUID, sql: LiteralString, **values: str) -> float:
        async with self.database.connect() as connection:
            cursor = await connection.execute(sql, {"job": job_id, **values})
            row = await cursor.fetchone()
        return float(row[0]) if row else 0.0

    async def first_step(self, job_id: UUID) -> float:
        return await self.seconds(
            job_id,
            "select extract(epoch from min(e.created_at) - min(j.created_at)) from job_events e"
            " join jobs j on j.id = e.job_id where e.job_id = %(job)s and e.kind = 'stage_started'",
        )

    async def work(self, job_id: UUID) -> float:
        return await self.seconds(
            job_id,
            "select extract(epoch from max(created_at) - min(created_at)) from job_events where job_id = %(job)s",
        )

    async def stage(self, job_id: UUID, stage: str) -> float:
        return await self.seconds(
            job_id,
            "select extract(epoch from max(created_at) - min(created_at)) from job_events"
            " where job_id = %(job)s and stage = %(stage)s",
            stage=stage,
        )


async def measure(videos: Sequence[str], repeats: int, console: Console) -> dict[str, float]:
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="recast-bench-") as folder:
        async with Stack(folder, ephemeral=True) as stack:
            await asyncio.sleep(REST_SECONDS)
            figures["stack_rss_mb"] = round(resident_mb(stack), 0)
            with AuthClient(f"{stack.urls['sandbox']}/auth/v1") as auth:
                session = auth.sign_up(f"{uuid4()}@example.com", "a benchmark's password")
            headers = {"Authorization": f"Bearer {session.access_token}"}
            async with httpx.AsyncClient(base_url=stack.urls["api"], headers=headers, timeout=60) as http:
                bench = Bench(stack, ApiClient(http), Database(stack.environment()["RECAST_DATABASE_URL"]))
                figures |= await measure_overhead(bench, repeats, console)
                for video in videos:
                    figures |= await measure_video(bench, video, console)
        stack.folder.remove()
    figures["join_20_clips_cpu_s"] = round(await join_cpu_seconds(), 3)
    return figures


async def measure_overhead(bench: Bench, repeats: int, console: Console) -> dict[str, float]:
    """A film whose clips its user owns already is nothing but overhead."""
    script_id, _ = await bench.imported(VIDEOS["3min"])
    await bench.film(script_id, max_scenes=3)
    first_steps, overheads = [], []
    for number in range(repeats):
        job_id, _ = await bench.film(script_id, max_scenes=3)
        first_steps.append(await bench.first_step(job_id))
        overheads.append(await bench.work(job_id))
        console.print(f"  run {number + 1}: first step {first_steps[-1]:.2f} s, stages {overheads[-1]:.2f} s")
    return {
        "post_to_first_step_s": round(median(first_steps), 2),
        "stage_overhead_s": round(median(overheads), 2),
    }


async def measure_video(bench: Bench, name: str, console: Console) -> dict[str, float]:
    script_id, import_seconds = await bench.imported(VIDEOS[name])
    job_id, film_seconds = await bench.film(script_id, seed=1)
    scenes = len((await bench.api.job(job_id)).scenes)
    console.print(f"  {name}: {scenes} scenes in {film_seconds:.0f} s")
    return {
        f"scenes_{name}": scenes,
        f"import_{name}_s": round(import_seconds, 1),
        f"film_{name}_s": round(film_seconds, 1),
        f"filming_{name}_s": round(await bench.stage(job_id, "clips"), 1),
        f"joining_{name}_s": round(await bench.stage(job_id, "final_mp4"), 2),
    }


def resident_mb(stack: Stack) -> float:
    """Of every process of the stack but this one; pages that several share are counted for each."""
    return sum(process.memory_info().rss for process in marked_processes(stack.key)) / 2**20


async def join_cpu_seconds() -> float:
    """The join alone, with its checks, on synthetic clips; encoding those is not counted."""
    profile = Profile.of(Aspect.WIDE)
    with tempfile.TemporaryDirectory(prefix="recast-join-") as folder:
        clips = [Path(folder) / f"{number:02}.mp4" for number in range(JOIN_CLIPS)]
        first = clips[0]
        picture = f"testsrc2=size={profile.width}x{profile.height}:rate={profile.frame_rate}:duration={CLIP_SECONDS}"
        tone = f"sine=frequency=440:sample_rate={profile.sample_rate}:duration={CLIP_SECONDS}"
        inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone]
        await run([*inputs, *mezzanine(profile), output_file(first)], timeout_seconds=120)
        for clip in clips[1:]:
            clip.write_bytes(first.read_bytes())
        scenes = [SceneClip(clip, clip.name) for clip in clips]
        sound = Path(folder) / "sound.mp4"
        await mix(Tracks((await thread(scenes, profile=profile)).samples, profile.sample_rate), sound)
        before = cpu_seconds()
        await join(scenes, sound, Path(folder) / "film.mp4", profile=profile)
        return cpu_seconds() - before


def cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.spine")
    parser.add_argument("--videos", nargs="*", default=list(VIDEOS), choices=list(VIDEOS), help="which to film whole")
    parser.add_argument("--repeats", type=int, default=5, help="runs for the median of the first step")
    given = parser.parse_args(arguments)
    figures = asyncio.run(measure(given.videos, given.repeats, Console()))
    tell("The spine", figures, MEANINGS, AIMS)


if __name__ == "__main__":
    main()
