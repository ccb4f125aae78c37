"""Retaking: one scene of an ended film, made again or shown in an older take; the rest stays as it is."""

from dataclasses import dataclass

from domain.errors import ErrorCode, RecastError
from domain.shots import ShotPrompt, next_take
from domain.states import JOB_TERMINAL
from resources.database import jobs, scenes
from resources.database.connection import Connection
from resources.database.records import Job, JobScene
from resources.video.cameras import Cameras
from studio.quoting import quote_rest, reserve


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different; None leaves it. Nothing different at all asks for another take of the same."""

    text: str | None = None
    seed: int | None = None
    provider: str | None = None
    model: str | None = None


async def retake(connection: Connection, cameras: Cameras, job: Job, index: int, changes: Changes) -> Job:
    """Have scene ``index`` filmed again. What it may cost is set aside. Raises NOT_FOUND, CONFLICT (the job is under
    way), UNKNOWN_MODEL and BUDGET_EXCEEDED."""
    row = await _scene(connection, job, index)
    if row.prompt is None:
        raise RecastError(ErrorCode.CONFLICT, "The scene was never directed; try the whole job again.")
    provider, model = row.provider, row.model
    if changes.provider or changes.model:
        profile = cameras.profile(changes.provider or provider or job.options.provider, changes.model)
        profile.require_aspect(job.options.aspect)
        provider, model = profile.provider, profile.model
    queued = await jobs.retake_scene(connection, job.id, index, _changed(row.prompt, changes), provider, model)
    if queued is None:
        raise RecastError(ErrorCode.CONFLICT, "The job is under way.")
    await reserve(connection, job.id, (await quote_rest(connection, cameras, queued)).high_usd)
    return await jobs.find_job(connection, job.id) or queued


async def choose_take(connection: Connection, job: Job, index: int, take: int) -> Job:
    """Show an older take of scene ``index``, at no cost. Raises NOT_FOUND and CONFLICT (the job is under way)."""
    await _scene(connection, job, index)
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


def _changed(prompt: ShotPrompt, changes: Changes) -> ShotPrompt:
    if changes.text is not None:
        prompt = prompt.model_copy(update={"text": changes.text})
    if changes.seed is not None:
        return prompt.model_copy(update={"seed": changes.seed})
    if changes.text is None and changes.provider is None and changes.model is None:
        return next_take(prompt)
    return prompt
