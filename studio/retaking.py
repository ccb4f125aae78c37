"""Retaking: one scene of an ended film, made again or shown in an older take; the rest stays as it is."""

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
    others = [row for row in await scenes.list_scenes(connection, job.id) if row.scene_index != index]
    if missing := [row.scene_index for row in others if row.status is not SceneStatus.SUCCEEDED]:
        raise RecastError(
            ErrorCode.CONFLICT,
            f"Scene {missing[0]} is not filmed. Try the job again first; choosing a take buys nothing.",
        )
    queued = await jobs.choose_take(connection, job.id, index, take)
    if queued is None:
        raise RecastError(ErrorCode.NOT_FOUND, f"Scene {index} has no take {take}.")
    return queued


async def _scene(connection: Connection, job: Job, index: int) -> JobScene:
    if job.status not in JOB_TERMINAL:
        raise RecastError(ErrorCode.CONFLICT, "The job is under way; wait for its end or cancel it.")
    row = await scenes.find_scene(connection, job.id, index)
    if row is None:
        raise RecastError(ErrorCode.NOT_FOUND, f"The job has no scene {index}.")
    return row
