"""Casting: who plays in a film, frozen at the moment it is made."""

from collections.abc import Sequence

from domain.characters import CastMember
from domain.errors import ErrorCode, RecastError
from resources.database import characters, scripts
from resources.storage import Storage
from studio.work import Work


async def cast_job(work: Work) -> Sequence[CastMember]:
    """Freeze the cast of the job's script. A cast that is frozen already stays. Raises EMPTY_CAST."""
    if frozen := await characters.list_job_cast(work.connection, work.job.id):
        return frozen
    chosen = await scripts.list_cast(work.connection, work.job.script_id)
    if not chosen:
        raise RecastError(ErrorCode.EMPTY_CAST)
    await characters.freeze_cast(
        work.connection, work.job.id, work.job.user_id, [character.as_member() for character in chosen]
    )
    return await characters.list_job_cast(work.connection, work.job.id)


async def require_portraits(storage: Storage, members: Sequence[CastMember]) -> None:
    """Raises CHARACTER_NOT_READY when a portrait is not in storage: filming would fail scene after scene."""
    for member in members:
        if member.portrait_key and await storage.head(member.portrait_key) is None:
            raise RecastError(
                ErrorCode.CHARACTER_NOT_READY, f"The picture of {member.name} is not there.", cause=member.portrait_key
            )
