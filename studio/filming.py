"""Filming: one accepted clip per scene, several scenes at once, each filmed at most once per clip key."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import structlog

from domain.characters import CastMember
from domain.errors import ErrorCode, RecastError
from domain.shots import Shot
from domain.states import SceneStatus
from resources.database import characters, clips, scenes
from resources.database.connection import Database
from resources.database.records import JobScene
from resources.storage import MP4, Storage, clip_object_key
from resources.video.protocol import Camera, Handle, Take, TakeStatus
from resources.video.registry import camera
from studio.casting import require_portraits
from studio.directing import direct_scenes
from studio.finishing import accept
from studio.work import Work, as_recast_error

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
CANCEL_CHECK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class FilmedScene:
    """How one scene ended. ``reused`` is true when the user owned the clip already; ``seconds`` is wall time."""

    scene: JobScene
    clip_key: str | None
    seconds: float
    cost_usd: Decimal = Decimal(0)
    reused: bool = False
    error: RecastError | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """``at_once`` scenes are filmed together; each has ``scene_seconds`` before SCENE_TIMEOUT."""

    at_once: int
    scene_seconds: float


async def film(
    work: Work,
    database: Database,
    storage: Storage,
    limits: Limits,
    *,
    again: Collection[int] = (),
    report: Callable[[FilmedScene], None] = lambda scene: None,
) -> Sequence[FilmedScene]:
    """Film every scene of the job that is not done; with ``again``, film those scenes once more as a new take.

    Returns all scenes of the job in order: a failed one carries its error and costs its siblings nothing. ``report``
    hears of each as it ends. Raises JOB_CANCELED when the user asks the job to stop, and INVALID_REQUEST for an index
    that the job does not have.
    """
    await scenes.requeue_scenes(work.connection, work.job.id)
    rows = await direct_scenes(work)
    await _ask_for_new_takes(work, rows, again)
    rows = await scenes.list_scenes(work.connection, work.job.id)
    cast = {member.character_id: member for member in await characters.list_job_cast(work.connection, work.job.id)}
    done = [FilmedScene(row, row.clip_key, 0.0, reused=True) for row in rows if row.status is SceneStatus.SUCCEEDED]
    waiting = [row for row in rows if row.status is not SceneStatus.SUCCEEDED]
    set_ = _Set(
        work, database, storage, camera(work.job.options.provider), cast, await _portraits(storage, cast), limits
    )
    slots = asyncio.Semaphore(limits.at_once)
    finished = [*done]

    async def one(row: JobScene) -> None:
        async with slots:
            filmed = await _film_scene(set_, row)
        finished.append(filmed)
        try:
            report(filmed)
        except Exception:
            log.exception("a scene's end could not be reported", scene_index=row.scene_index)
        await work.progress(len(finished) / len(rows))

    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_stop_when_canceled(work))
            await asyncio.gather(*(group.create_task(one(row)) for row in waiting))
            watch.cancel()
    except BaseExceptionGroup as failures:
        # Scenes keep their own failures; what ends the group is one thing that happened to the whole job.
        raise failures.exceptions[0] from None
    return sorted(finished, key=lambda filmed: filmed.scene.scene_index)


@dataclass(frozen=True, slots=True)
class _Set:
    """What all scenes share. Single statements go through the work's one connection, from many tasks at once; what
    belongs together in a transaction needs a connection of its own, or it would mix with the other scenes'."""

    work: Work
    database: Database
    storage: Storage
    camera: Camera
    cast: Mapping[UUID, CastMember]
    portraits: Mapping[UUID, bytes]
    limits: Limits

    def shot(self, row: JobScene) -> Shot:
        assert row.prompt
        options = self.work.job.options
        return Shot(
            provider=self.camera.name,
            model=self.camera.model,
            model_version=self.camera.model_version,
            prompt=row.prompt,
            duration_seconds=row.scene.duration,
            profile=options.profile,
            cast=tuple(self.cast[character_id] for character_id in row.prompt.characters),
        )


async def _ask_for_new_takes(work: Work, rows: Sequence[JobScene], again: Collection[int]) -> None:
    """A new take is the same prompt with the next seed, so it has a clip key of its own and the old clip is kept."""
    by_index = {row.scene_index: row for row in rows}
    if missing := sorted(set(again) - by_index.keys()):
        raise RecastError(ErrorCode.INVALID_REQUEST, f"The job has {len(rows)} scenes; there is no scene {missing[0]}.")
    for index in sorted(set(again)):
        row = by_index[index]
        assert row.prompt
        await scenes.queue_new_take(
            work.connection, row.id, row.prompt.model_copy(update={"seed": row.prompt.seed + 1})
        )


async def _portraits(storage: Storage, cast: Mapping[UUID, CastMember]) -> Mapping[UUID, bytes]:
    members = [member for member in cast.values() if member.portrait_key]
    await require_portraits(storage, members)
    pictures = await asyncio.gather(*(storage.get_bytes(member.portrait_key or "") for member in members))
    return {member.character_id: picture for member, picture in zip(members, pictures, strict=True)}


async def _stop_when_canceled(work: Work) -> None:
    while not await work.is_canceled():
        await asyncio.sleep(CANCEL_CHECK_SECONDS)
    raise RecastError(ErrorCode.JOB_CANCELED)


async def _film_scene(set_: _Set, row: JobScene) -> FilmedScene:
    """Film one scene, or find that its clip is there. Its failure is written down and returned, not raised; only the
    loss of the database is everybody's failure."""
    began = time.monotonic()
    connection = set_.work.connection
    shot = set_.shot(row)
    try:
        if await _own_clip(set_, row, shot):
            return FilmedScene(row, shot.clip_key, time.monotonic() - began, reused=True)
        await scenes.start_scene(connection, row.id)
        take = await _shoot(set_, row, shot)
        return FilmedScene(row, shot.clip_key, time.monotonic() - began, cost_usd=take.cost_usd)
    except Exception as raised:
        error = as_recast_error(raised)
        if connection.closed:
            raise error from raised
        log.error("scene failed", scene_index=row.scene_index, error_code=error.code.value, cause=error.cause)
        await scenes.fail_scene(connection, row.id, error.code, error.detail)
        await set_.work.note("scene_failed", error.detail, scene_index=row.scene_index, error_code=error.code)
        return FilmedScene(row, None, time.monotonic() - began, error=error)


async def _own_clip(set_: _Set, row: JobScene, shot: Shot) -> bool:
    """Whether the user owns this very clip and S3 still has it; then the scene is done."""
    user_id, connection = set_.work.job.user_id, set_.work.connection
    clip = await clips.find_clip(connection, user_id, shot.clip_key)
    if clip is None or await set_.storage.head(clip.s3_key) is None:
        return False
    await scenes.succeed_scene(connection, row.id, clip_key=shot.clip_key, s3_key=clip.s3_key)
    await set_.work.note("scene_reused", "This clip was filmed before", scene_index=row.scene_index)
    return True


async def _shoot(set_: _Set, row: JobScene, shot: Shot) -> Take:
    """Submit, wait, fetch, check, keep: in that order, so that only an accepted clip ever has a row."""
    work = set_.work
    with tempfile.TemporaryDirectory(prefix="recast-scene-") as folder:
        path = Path(folder) / "clip.mp4"
        take = await _take(set_, row, shot, path)
        facts = await accept(path, shot)
        key = clip_object_key(work.job.user_id, shot.clip_key)
        stored = await set_.storage.upload(path, key, MP4)
    metadata = {
        "provider": shot.provider,
        "model": shot.model,
        "model_version": shot.model_version,
        "duration_seconds": facts.duration,
        "frames": facts.frames,
        "size_bytes": stored.size_bytes,
        "s3_version": stored.version,
        **take.metadata,
    }
    async with set_.database.connect() as connection, connection.transaction():
        await clips.save_clip(connection, work.job.user_id, shot.clip_key, key, metadata)
        await scenes.succeed_scene(connection, row.id, clip_key=shot.clip_key, s3_key=key)
    await work.note("scene_filmed", "The scene is filmed", scene_index=row.scene_index)
    return take


async def _take(set_: _Set, row: JobScene, shot: Shot, path: Path) -> Take:
    """One take of the provider, at ``path``. Raises its error, or SCENE_TIMEOUT after the time budget."""
    handle: Handle | None = None
    try:
        async with asyncio.timeout(set_.limits.scene_seconds):
            handle = await set_.camera.submit(shot, set_.portraits)
            while not (take := await set_.camera.poll(handle)).status.is_final:
                await scenes.raise_scene_progress(set_.work.connection, row.id, take.progress)
                await asyncio.sleep(POLL_SECONDS)
            if take.status is not TakeStatus.SUCCEEDED:
                raise take.error or RecastError(
                    ErrorCode.AI_PROVIDER_FAILURE, cause=f"the provider's take ended as {take.status}"
                )
            await set_.camera.fetch(handle, path)
    except BaseException as error:
        # Whatever ends the wait, nobody will fetch this take any more.
        if handle:
            await asyncio.shield(set_.camera.cancel(handle))
        if isinstance(error, TimeoutError):
            raise RecastError(
                ErrorCode.SCENE_TIMEOUT, f"The scene was not filmed within {set_.limits.scene_seconds:.0f} seconds."
            ) from None
        raise
    return take
