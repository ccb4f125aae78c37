"""Retaking: one scene of an ended film, made again, spoken again or shown in an older take; the rest stays as it is."""

from collections.abc import Iterable

from domain.errors import ErrorCode, RecastError
from domain.states import JOB_TERMINAL, SceneStatus
from resources.database import jobs, scenes
from resources.database.connection import Connection
from resources.database.records import Job, JobScene
from resources.video.cameras import Cameras
from resources.voices.engines import Voices
from studio.changes import Changes
from studio.quoting import quote_rest, reserve


async def retake(
    connection: Connection,
    cameras: Cameras,
    job: Job,
    index: int,
    changes: Changes,
    *,
    voices: Voices | None = None,
) -> Job:
    """Have scene ``index`` filmed again. What it may cost is set aside, with what is not spoken yet by ``voices``.
    Raises NOT_FOUND, CONFLICT (the job is under way), UNKNOWN_MODEL, PROVIDER_NOT_CONFIGURED and BUDGET_EXCEEDED."""
    row = await _scene(connection, job, index)
    if row.prompt is None:
        raise RecastError(ErrorCode.CONFLICT, "The scene was never directed; try the whole job again.")
    profile = changes.profile(cameras, job.options, row)
    provider, model = (profile.provider, profile.model) if profile else (row.provider, row.model)
    queued = await jobs.retake_scene(connection, job.id, index, changes.prompt(row.prompt), provider, model)
    if queued is None:
        raise RecastError(ErrorCode.CONFLICT, "The job is under way.")
    await reserve(connection, job.id, (await quote_rest(connection, cameras, queued, voices=voices)).high_usd)
    return await jobs.find_job(connection, job.id) or queued


async def choose_take(connection: Connection, job: Job, index: int, take: int) -> Job:
    """Show an older take of scene ``index``, at no cost. Raises NOT_FOUND and CONFLICT (the job is under way, or other
    scenes of it are not filmed)."""
    await _scene(connection, job, index)
    rows = await scenes.list_scenes(connection, job.id)
    require_filmed([row for row in rows if row.scene_index != index], "buys nothing")
    queued = await jobs.choose_take(connection, job.id, index, take)
    if queued is None:
        raise RecastError(ErrorCode.NOT_FOUND, f"Scene {index} has no take {take}.")
    return queued


async def speak_again(
    connection: Connection, cameras: Cameras, job: Job, index: int, *, voices: Voices | None = None
) -> Job:
    """Have the lines of scene ``index`` spoken once more, which a service does otherwise each time; nothing is filmed.
    What that may cost is set aside. Raises NOT_FOUND, CONFLICT (the job is under way, scenes of it are not filmed, or
    nobody speaks in this one), PROVIDER_NOT_CONFIGURED and BUDGET_EXCEEDED."""
    await _scene(connection, job, index)
    require_filmed(await scenes.list_scenes(connection, job.id), "films nothing")
    queued = await jobs.speak_again(connection, job.id, index)
    if queued is None:
        raise RecastError(ErrorCode.CONFLICT, f"Nobody speaks in scene {index}.")
    await reserve(connection, job.id, (await quote_rest(connection, cameras, queued, voices=voices)).high_usd)
    return await jobs.find_job(connection, job.id) or queued


def require_filmed(rows: Iterable[JobScene], promise: str) -> None:
    """Raises CONFLICT for a scene that would have to be bought by the way of something else, which keeps a
    ``promise``."""
    if missing := [row.scene_index for row in rows if row.status is not SceneStatus.SUCCEEDED]:
        raise RecastError(
            ErrorCode.CONFLICT,
            f"Scene {missing[0]} is not filmed. Try the job again first, or choose an older take: this {promise}.",
        )


async def _scene(connection: Connection, job: Job, index: int) -> JobScene:
    if job.status not in JOB_TERMINAL:
        raise RecastError(ErrorCode.CONFLICT, "The job is under way; wait for its end or cancel it.")
    row = await scenes.find_scene(connection, job.id, index)
    if row is None:
        raise RecastError(ErrorCode.NOT_FOUND, f"The job has no scene {index}.")
    return row
