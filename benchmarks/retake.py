"""Retaking, measured: one scene of a finished film, filmed again: what is bought, and how soon the new film is there.

Runs a stack of its own in a temporary folder and films through the sandbox's Replicate.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from benchmarks.customers import new_customer
from benchmarks.report import tell
from benchmarks.surroundings import surroundings
from cli.stack.background import running_stack
from cli.stack.stack import Stack
from resources.database import scenes
from resources.database.connection import Connection, Database
from resources.settings import Settings
from resources.storage import Storage

VIDEO = "talk0000001"
MODEL = "minimax/video-01"
POLL_SECONDS = 0.1

MEANINGS = {
    "scenes": "of the finished film",
    "bought": "attempts that were paid for by the retake",
    "retake_s": "from POST …/retry until the new film is there",
    "film_s": "from POST /jobs until the first film was there, for comparison",
    "changed_clips": "other scenes whose clip is another object, or another version of it",
}
AIMS = {"bought": 1.0, "changed_clips": 0.0}


async def measure(stack: Stack, scene_count: int, scene: int) -> Mapping[str, float]:
    storage = Storage(Settings())
    database = Database(stack.environment()["RECAST_DATABASE_URL"])
    async with database.connect() as connection, new_customer(stack) as user:
        await user.raise_budget()
        script_id = await user.import_video(VIDEO)
        began = time.monotonic()
        options = {"max_scenes": scene_count, "provider": "replicate", "model": MODEL}
        job_id = (await user.api.generate(script_id, options)).id
        await user.finish(job_id, poll_seconds=POLL_SECONDS)
        film_seconds = time.monotonic() - began
        before, paid = await clips(connection, storage, job_id), await paid_attempts(connection, job_id)
        began = time.monotonic()
        await user.api.retake(job_id, scene, {})
        job = await user.finish(job_id, poll_seconds=POLL_SECONDS)
        retake_seconds = time.monotonic() - began
        if job.status != "succeeded":
            raise SystemExit(f"The retake ended as {job.status}: {job.error}")
        after, paid_after = await clips(connection, storage, job_id), await paid_attempts(connection, job_id)
    return {
        "scenes": len(before),
        "bought": paid_after - paid,
        "retake_s": round(retake_seconds, 1),
        "film_s": round(film_seconds, 1),
        "changed_clips": sum(before[index] != after[index] for index in before if index != scene),
    }


async def clips(connection: Connection, storage: Storage, job_id: UUID) -> dict[int, tuple[str | None, str | None]]:
    """Key and S3 version of each scene's clip."""
    found = {}
    for row in await scenes.list_scenes(connection, job_id):
        stored = await storage.head(row.s3_key or "")
        found[row.scene_index] = (row.clip_key, stored.version if stored else None)
    return found


async def paid_attempts(connection: Connection, job_id: UUID) -> int:
    cursor = await connection.execute(
        "select count(*) from provider_attempts where job_id = %s and cost_usd > 0", (job_id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.retake")
    parser.add_argument("--scenes", type=int, default=14, help="of the film")
    parser.add_argument("--scene", type=int, default=7, help="which is filmed again")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="recast-retake-") as folder, surroundings():
        with running_stack(folder, ephemeral=True) as stack, surroundings(**stack.environment()):
            figures = asyncio.run(measure(stack, given.scenes, given.scene))
        stack.folder.remove()
    tell(f"One of {given.scenes} scenes filmed again", figures, MEANINGS, AIMS)
    if any(figures[name] > aim for name, aim in AIMS.items()):
        sys.exit("The retake cost more than one scene.")


if __name__ == "__main__":
    main()
