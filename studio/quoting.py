"""Quoting: what a film would cost its user, and setting that aside when it is ordered."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from domain.characters import CastMember
from domain.director import direct
from domain.errors import ErrorCode, RecastError
from domain.quote import Item, Quote, quote
from domain.scenes import Scene
from domain.script import Script
from domain.shots import Shot
from domain.states import SceneStatus
from resources.database import budgets, characters, clips, scenes, scripts
from resources.database.connection import Connection
from resources.database.records import Job, JobOptions
from resources.video.cameras import Cameras
from studio.directing import split
from studio.shots import profile_of, shot_of


async def quote_film(
    connection: Connection, cameras: Cameras, user_id: UUID, script_id: UUID, options: JobOptions
) -> Quote:
    """The price of filming a script as it is now, with its present cast. Scenes whose clips the user owns are free.

    Raises NOT_FOUND, NOT_READY (not imported yet), EMPTY_CAST and UNKNOWN_MODEL.
    """
    script = await scripts.find_script(connection, script_id)
    if script is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    if script.normalized_script is None:
        raise RecastError(ErrorCode.NOT_READY, "The video of this script is not imported yet.")
    cast = [character.as_member() for character in await scripts.list_cast(connection, script_id)]
    return await _priced(connection, user_id, _items(cameras, script.normalized_script, options, cast))


async def quote_rest(connection: Connection, cameras: Cameras, job: Job) -> Quote:
    """The price of what is not filmed yet of a job."""
    rows = await scenes.list_scenes(connection, job.id)
    if not rows:
        return await quote_film(connection, cameras, job.user_id, job.script_id, job.options)
    cast = {member.character_id: member for member in await characters.list_job_cast(connection, job.id)}
    items = []
    for row in rows:
        if row.status is SceneStatus.SUCCEEDED:
            continue
        profile = profile_of(cameras, job.options, row)
        shot = shot_of(profile, job.options, row.prompt, row.scene.duration, cast) if row.prompt else None
        items.append(
            Item(
                scene_index=row.scene_index,
                what="clip",
                key=shot.clip_key if shot else None,
                profile=profile,
                seconds=profile.ordered_seconds(row.scene.duration),
            )
        )
    return await _priced(connection, job.user_id, items)


async def reserve(connection: Connection, job_id: UUID, amount: Decimal) -> None:
    """Set the most that a job may cost aside. Raises BUDGET_EXCEEDED, and then nothing of the transaction stands."""
    if amount and not await budgets.reserve_for_job(connection, job_id, amount):
        budget = await budgets.my_budget(connection)
        raise RecastError(
            ErrorCode.BUDGET_EXCEEDED,
            f"This costs up to ${amount:.2f}, and ${budget.left_usd:.2f} of this month's budget are left.",
        )


def _items(cameras: Cameras, script: Script, options: JobOptions, cast: Sequence[CastMember]) -> list[Item]:
    if not cast:
        raise RecastError(ErrorCode.EMPTY_CAST)
    profile = cameras.profile(options.provider, options.model)
    profile.require_aspect(options.aspect)
    plan = split(script, options, profile)
    prompts = direct(plan, cast, style=options.style, seed=options.seed)
    members = {member.character_id: member for member in cast}

    def shot(scene: Scene, number: int) -> Shot:
        return shot_of(profile, options, prompts[number], scene.duration, members)

    return [
        Item(
            scene_index=scene.index,
            what="clip",
            key=shot(scene, number).clip_key,
            profile=profile,
            seconds=profile.ordered_seconds(scene.duration),
        )
        for number, scene in enumerate(plan)
    ]


async def _priced(connection: Connection, user_id: UUID, items: Sequence[Item]) -> Quote:
    owned = await clips.list_owned(connection, user_id, [item.key for item in items if item.key])
    return quote(items, owned)
