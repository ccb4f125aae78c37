"""Casting: who plays in a film, trained where need be, and frozen at the moment it is made."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.characters import CastMember, CharacterStatus, why_not_ready
from domain.errors import ErrorCode, RecastError
from domain.proposal import SpeakingPart, propose_cast, proposed_company, speaking_parts
from resources.database import characters, scripts
from resources.database.connection import Connection, Database
from resources.database.records import CastCharacter, Character
from resources.storage import Storage
from resources.video.cameras import Cameras
from studio.purchasing import Patience
from studio.training import Training, train
from studio.work import Work


def require_castable(cast: Sequence[Character]) -> None:
    """Raises CHARACTER_NOT_READY, with its progress, for the first who cannot be chosen or ordered as they are."""
    for character in cast:
        if not character.status.can_be_cast:
            raise _not_ready(character)


def require_ready(cast: Sequence[Character]) -> None:
    """Raises CHARACTER_NOT_READY, with its progress, for the first who cannot be filmed as they are."""
    for character in cast:
        if character.status is not CharacterStatus.READY:
            raise _not_ready(character)


def require_pictures(cast: Sequence[Character]) -> None:
    """Raises CHARACTER_NOT_READY for the first whose pictures are not all there."""
    for character in cast:
        if character.status is CharacterStatus.UPLOADING:
            raise _not_ready(character)


async def cast_job(
    work: Work,
    database: Database,
    storage: Storage,
    cameras: Cameras,
    patience: Patience,
    *,
    report: Callable[[Sequence[Training]], None] = lambda trainings: None,
) -> Sequence[CastMember]:
    """Freeze the cast of the job's script, once everybody is trained whom the film needs trained. A cast that is frozen
    already stays. ``report`` hears of the trainings, also when one has failed.

    Raises EMPTY_CAST, CHARACTER_NOT_READY, JOB_CANCELED, and whatever comes in the way of a training.
    """
    if frozen := await characters.list_job_cast(work.connection, work.job.id):
        return frozen
    chosen = await _chosen(work)
    await train(work, database, storage, cameras, patience, chosen, report)
    chosen = await _chosen(work)
    film = cameras.profile(work.job.options.provider, work.job.options.model)
    if film.likeness.takes_pictures:
        require_ready(chosen)
    else:
        require_pictures(chosen)
    await characters.freeze_cast(
        work.connection, work.job.id, work.job.user_id, [character.as_member() for character in chosen]
    )
    return await characters.list_job_cast(work.connection, work.job.id)


async def _chosen(work: Work) -> Sequence[CastCharacter]:
    chosen = await scripts.list_cast(work.connection, work.job.script_id)
    if not chosen:
        raise RecastError(ErrorCode.EMPTY_CAST)
    return chosen


@dataclass(frozen=True, slots=True)
class Proposal:
    """``parts`` are the speakers, the most talkative first; ``speakers`` says who of the ``cast`` plays each."""

    cast: Sequence[Character]
    parts: Sequence[SpeakingPart]
    speakers: Mapping[str, UUID]


async def propose(connection: Connection, script_id: UUID) -> Proposal:
    """Who could play in a script: the user's own characters for speakers of their names, else the pre-made ones. Raises
    NOT_FOUND, and NOT_READY while the script is not imported."""
    row = await scripts.find_script(connection, script_id)
    if row is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    if row.normalized_script is None:
        raise RecastError(ErrorCode.NOT_READY, "The video of this script is not imported yet.")
    lines = row.normalized_script.lines
    parts = speaking_parts(lines)
    offered = [one for one in await characters.list_characters(connection) if one.status.can_be_cast]
    known = {one.id: one for one in offered}
    # A likeness of somebody is proposed for nobody but them.
    members = [
        member
        for one, member in ((one, one.as_member()) for one in offered)
        if one.is_premade or any(member.is_called(part.speaker) for part in parts)
    ]
    members.sort(key=lambda member: known[member.character_id].is_premade)
    return Proposal(
        cast=[known[member.character_id] for member in proposed_company(lines, members)],
        parts=parts,
        speakers={speaker: member.character_id for speaker, member in propose_cast(lines, members).items()},
    )


async def require_portraits(storage: Storage, members: Sequence[CastMember]) -> None:
    """Raises CHARACTER_NOT_READY when a picture is not in storage: filming would fail scene after scene."""
    needed = [(member, key) for member in members for key in member.pictures]
    found = await asyncio.gather(*(storage.head(key) for _, key in needed))
    for (member, key), stored in zip(needed, found, strict=True):
        if stored is None:
            raise RecastError(
                ErrorCode.CHARACTER_NOT_READY,
                f"The pictures of {member.name} are not there: the character may have been deleted.",
                cause=key,
            )


def _not_ready(character: Character) -> RecastError:
    return RecastError(
        ErrorCode.CHARACTER_NOT_READY,
        why_not_ready(character.name, character.status, character.training_progress, character.error_message),
    )
