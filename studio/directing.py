"""Directing: the script becomes scenes, and each scene an instruction to the camera."""

from collections.abc import Sequence

from domain.director import direct
from domain.errors import ErrorCode, RecastError
from domain.scenes import MAX_SCENE_SECONDS, Scene, split_scenes
from domain.script import Script
from resources.database import characters, scenes, scripts
from resources.database.records import JobOptions, JobScene
from resources.video.registry import model_profile
from studio.work import Work


async def plan_scenes(work: Work) -> Sequence[Scene]:
    """Split the job's script into scenes and lay them down. The same script gives the same plan."""
    script = await scripts.find_version(work.connection, work.job.script_id, work.job.script_version or 0)
    if script is None:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    plan = split(script, work.job.options)
    await scenes.plan_scenes(work.connection, work.job.id, work.job.user_id, plan)
    return plan


def split(script: Script, options: JobOptions) -> Sequence[Scene]:
    """The scenes of a film: none longer than its model can film. Raises UNKNOWN_MODEL."""
    longest = min(MAX_SCENE_SECONDS, model_profile(options.provider, options.model).max_seconds)
    plan = split_scenes(script.lines, max_seconds=longest, chapters=script.chapters)
    return plan[: options.max_scenes] if options.max_scenes else plan


async def direct_scenes(work: Work) -> Sequence[JobScene]:
    """The scenes of the job, each with its prompt. Prompts that exist are kept: a user or a retake may own them."""
    rows = await scenes.list_scenes(work.connection, work.job.id)
    if not rows:
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "The job has no scenes yet; run the stage 'scenes' first.")
    if all(row.prompt for row in rows):
        return rows
    cast = await characters.list_job_cast(work.connection, work.job.id)
    if not cast:
        raise RecastError(ErrorCode.EMPTY_CAST)
    options = work.job.options
    prompts = direct([row.scene for row in rows], cast, style=options.style, seed=options.seed)
    async with work.connection.transaction():
        for row, prompt in zip(rows, prompts, strict=True):
            if row.prompt is None:
                await scenes.save_prompt(work.connection, row.id, prompt)
    return await scenes.list_scenes(work.connection, work.job.id)
