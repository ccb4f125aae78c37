"""Delivering: the job's clips, joined into its one film, in S3 with a preview."""

import asyncio
import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from domain.finish import Music
from domain.states import SceneStatus
from resources.database import jobs, scenes
from resources.database.records import JobResult, JobScene
from resources.media import MediaFacts
from resources.storage import MP4, REVALIDATE, Storage, final_object_key
from studio.finishing import SceneClip, assemble, thread
from studio.mixing import sound_track
from studio.work import Work

DOWNLOADS_AT_ONCE = 8


async def deliver(work: Work, storage: Storage, *, cdn_url: str) -> JobResult:
    """Join the clips of all scenes and keep the film. Raises SCENES_FAILED while a scene has no clip, STITCH_FAILED
    when the film is not exactly as long as its scenes. The preview's address is kept unsigned; readers sign it."""
    rows = await scenes.list_scenes(work.connection, work.job.id)
    if unfilmed := [row.scene_index for row in rows if row.status is not SceneStatus.SUCCEEDED]:
        raise RecastError(
            ErrorCode.SCENES_FAILED, f"Scenes without a clip: {', '.join(map(str, unfilmed))}. Film them first."
        )
    key = final_object_key(work.job.user_id, work.job.id)
    with tempfile.TemporaryDirectory(prefix="recast-final-") as folder:
        clips = await _download(storage, rows, Path(folder))
        film = Path(folder) / "final.mp4"
        reel = await thread(clips, profile=work.job.options.profile)
        sound = Path(folder) / "sound.mp4"
        await sound_track(reel, (), sound, music=Music(), upload=None, keeps_clip_sound=True, pieces=Path(folder))
        facts = await assemble(reel, Path(folder), sound, film)
        check_length(rows, facts, work.job.options.profile.frame_rate)
        digest = await asyncio.to_thread(_sha256, film)
        stored = await storage.upload(film, key, MP4, cache=REVALIDATE)
    result = JobResult(
        duration_seconds=facts.duration,
        scenes=len(rows),
        width=facts.width,
        height=facts.height,
        size_bytes=stored.size_bytes,
        sha256=digest,
        s3_version=stored.version,
        placeholders=tuple(row.scene_index for row in rows if row.is_placeholder),
    )
    await jobs.save_result(work.connection, work.job.id, s3_key=key, preview_url=f"{cdn_url}/{key}", result=result)
    return result


def check_length(rows: Sequence[JobScene], facts: MediaFacts, frame_rate: int) -> None:
    """The film lasts as long as its scenes together, within one frame. Raises STITCH_FAILED."""
    frames = sum(max(1, round(row.scene.duration * frame_rate)) for row in rows)
    if abs(facts.frames - frames) > 1 or facts.start_time != 0:
        raise RecastError(
            ErrorCode.STITCH_FAILED,
            f"The film has {facts.frames} frames, its scenes together {frames}.",
            cause=f"start time {facts.start_time} s",
        )


async def _download(storage: Storage, rows: Sequence[JobScene], folder: Path) -> list[SceneClip]:
    slots = asyncio.Semaphore(DOWNLOADS_AT_ONCE)

    async def one(row: JobScene) -> SceneClip:
        path = folder / f"{row.scene_index:04}.mp4"
        async with slots:
            await storage.download(row.s3_key or "", path)
        return SceneClip(path, row.s3_key or "", row.scene.title)

    return list(await asyncio.gather(*(one(row) for row in rows)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
