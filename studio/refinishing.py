"""Refinishing: an ended film, finished another way of the clips that it has."""

from uuid import UUID

from domain.errors import ErrorCode, RecastError
from domain.finish import Finish, Music
from domain.states import JOB_TERMINAL, JobStatus
from resources.database import jobs, scenes, uploads
from resources.database.connection import Connection
from resources.database.records import Job
from studio.retaking import require_filmed


async def change_finish(connection: Connection, job: Job, finish: Finish) -> Job:
    """Have the film of ``job`` finished as ``finish`` says, at no cost: its clips are kept, and so is the film until
    the new one is there. Nothing happens where it is finished so already, and nothing has failed since.

    Raises CONFLICT (the job is under way, or scenes of it are not filmed), INVALID_REQUEST for the number of a scene
    that it does not have, and NOT_FOUND for music that is not the user's.
    """
    if job.status not in JOB_TERMINAL:
        raise RecastError(ErrorCode.CONFLICT, "The job is under way; wait for its end or cancel it.")
    rows = await scenes.list_scenes(connection, job.id)
    require_filmed(rows, "buys nothing")
    numbers = {row.scene_index for row in rows}
    if missing := [number for number in finish.order if number not in numbers]:
        raise RecastError(ErrorCode.INVALID_REQUEST, f"The job has no scene {missing[0]}.")
    await require_music(connection, job.user_id, finish.music)
    is_there = job.result is not None and job.result.finish == finish == job.options.finish
    if job.status is JobStatus.SUCCEEDED and is_there and job.error_code is None:
        return job
    queued = await jobs.change_finish(connection, job.id, finish)
    if queued is None:
        raise RecastError(ErrorCode.CONFLICT, "The job has no film to finish, or is under way.")
    return queued


async def require_music(connection: Connection, user_id: UUID, music: Music) -> None:
    """Raises NOT_FOUND for music that this user has not sent, or that was not looked at."""
    if music.upload_key and not music.piece and await uploads.find_music(connection, user_id, music.upload_key) is None:
        raise RecastError(ErrorCode.NOT_FOUND, "You have no such music; send it first, and complete its upload.")
