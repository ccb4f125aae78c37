"""Quoting: what a film would cost its user, and setting that aside when it is ordered."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from domain.characters import CastMember
from domain.director import direct
from domain.errors import ErrorCode, RecastError
from domain.keyframes import keyframe_of
from domain.models import ModelProfile
from domain.narration import SceneOfLines
from domain.quote import Item, Quote, What, quote
from domain.script import Script
from domain.shots import Shot, ShotPrompt
from domain.states import SceneStatus
from domain.training import Likeness, likeness_of
from resources.database import budgets, characters, clips, scenes, scripts
from resources.database.connection import Connection
from resources.database.records import Character, Job, JobOptions, ScriptRow
from resources.video.cameras import Cameras
from resources.voices.engines import Voices
from studio.choosing import Choice, find_choice
from studio.directing import split
from studio.shots import profile_of, shot_of
from studio.speech_prices import speech_items
from studio.training import who_is_to_be_trained


async def quote_film(
    connection: Connection,
    cameras: Cameras,
    user_id: UUID,
    script_id: UUID,
    options: JobOptions,
    *,
    has_model: bool = False,
    voices: Voices | None = None,
) -> Quote:
    """The price of filming a script as it is now, with its present cast, who may have to be trained first. What the
    user owns is free. Nobody is asked: where a language model has still to choose the lines (``has_model``: one is
    configured), it is an estimate, of the lines that the rules would keep. ``voices`` are those that may speak.

    Raises NOT_FOUND, NOT_READY (not imported yet), EMPTY_CAST, UNKNOWN_MODEL, and PROVIDER_NOT_CONFIGURED when somebody
    has to be trained and nobody can, or the film is to be spoken by an engine that is not set up, or that does not
    speak its language.
    """
    script = await scripts.find_script(connection, script_id)
    if script is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    return await quote_version(connection, cameras, user_id, script, options, has_model=has_model, voices=voices)


async def quote_version(
    connection: Connection,
    cameras: Cameras,
    user_id: UUID,
    script: ScriptRow,
    options: JobOptions,
    *,
    has_model: bool = False,
    voices: Voices | None = None,
) -> Quote:
    """As `quote_film`, of a script as it was read."""
    if script.normalized_script is None:
        raise RecastError(ErrorCode.NOT_READY, "The video of this script is not imported yet.")
    cast = await _cast(connection, cameras, user_id, script.id, options)
    choice = await find_choice(
        connection, script.id, script.version, script.normalized_script, options, has_model=has_model
    )
    wanted, told = await asyncio.to_thread(_wanted, cameras, script.normalized_script, options, cast, choice)
    speech = await speech_items(
        connection, voices, options.narration, user_id, told, cast.members, script.normalized_script
    )
    return await _priced(connection, cameras, user_id, cast, wanted, speech, is_estimate=choice.is_open)


async def quote_rest(
    connection: Connection,
    cameras: Cameras,
    job: Job,
    *,
    has_model: bool = False,
    voices: Voices | None = None,
) -> Quote:
    """The price of what is not filmed or spoken yet of a job; ``has_model`` and ``voices`` as in `quote_film`."""
    rows = await scenes.list_scenes(connection, job.id)
    if not rows:
        return await quote_film(
            connection, cameras, job.user_id, job.script_id, job.options, has_model=has_model, voices=voices
        )
    frozen = await characters.list_job_cast(connection, job.id)
    cast = _Cast(frozen) if frozen else await _cast(connection, cameras, job.user_id, job.script_id, job.options)
    wanted = []
    for row in rows:
        if row.status is SceneStatus.SUCCEEDED:
            continue
        profile = profile_of(cameras, job.options, row)
        seconds = row.scene.duration
        shot = _shot(profile, job.options, row.prompt, seconds, cast) if row.prompt else None
        wanted.append(_Wanted(row.scene_index, profile, profile.ordered_seconds(seconds), shot))
    told = [
        SceneOfLines(row.scene, row.line_ids, row.prompt.speaker if row.prompt else None, row.reading) for row in rows
    ]
    script = await scripts.find_version(connection, job.script_id, job.script_version or 0)
    if script is None:
        return await _priced(connection, cameras, job.user_id, cast, wanted, ([], set()))
    said = {row.scene_index: row.speech for row in rows if row.speech is not None}
    speech = await speech_items(
        connection, voices, job.options.narration, job.user_id, told, cast.members, script, said=said
    )
    return await _priced(connection, cameras, job.user_id, cast, wanted, speech)


async def reserve(connection: Connection, job_id: UUID, amount: Decimal) -> None:
    """Set the most that a job may cost aside. Raises BUDGET_EXCEEDED, and then nothing of the transaction stands."""
    if amount and not await budgets.reserve_for_job(connection, job_id, amount):
        budget = await budgets.my_budget(connection)
        raise RecastError(
            ErrorCode.BUDGET_EXCEEDED,
            f"This costs up to ${amount:.2f}, and ${budget.left_usd:.2f} of this month's budget are left.",
        )


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who plays. ``training`` are the keys of the trainings that have to come first, by character: such a member counts
    as trained already, and what it is filmed with has no key yet."""

    members: Sequence[CastMember]
    training: Mapping[UUID, str] = field(default_factory=dict)

    def has_key(self, shot: Shot) -> bool:
        return not any(member.character_id in self.training for member in shot.cast)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A scene to be filmed; what it shows is not known before it is directed."""

    scene_index: int
    profile: ModelProfile
    seconds: float
    shot: Shot | None


async def _cast(connection: Connection, cameras: Cameras, user_id: UUID, script_id: UUID, options: JobOptions) -> _Cast:
    chosen = await scripts.list_cast(connection, script_id)
    if not chosen:
        raise RecastError(ErrorCode.EMPTY_CAST)
    film = cameras.profile(options.provider, options.model)
    training = await who_is_to_be_trained(connection, user_id, film, cameras.training, chosen)
    if training:
        cameras.require_configured(cameras.training.provider)
    return _Cast([_as_trained(one, training) for one in chosen], training)


def _as_trained(character: Character, training: Mapping[UUID, str]) -> CastMember:
    member = character.as_member()
    if key := training.get(character.id):
        return member.model_copy(update={"model_ref": key, "model_version": key})
    return member


def _wanted(
    cameras: Cameras, script: Script, options: JobOptions, cast: _Cast, choice: Choice
) -> tuple[list[_Wanted], list[SceneOfLines]]:
    """The scenes to be filmed, and what is said in them."""
    profile = cameras.profile(options.provider, options.model)
    profile.require_aspect(options.aspect)
    plan = split(script, options, profile, choice.line_ids)
    prompts = direct(plan, cast.members, style=options.style, seed=options.seed, script=script)
    wanted = [
        _Wanted(
            scene.index,
            profile,
            profile.ordered_seconds(scene.duration),
            _shot(profile, options, prompt, scene.duration, cast),
        )
        for scene, prompt in zip(plan, prompts, strict=True)
    ]
    told = [SceneOfLines(scene, scene.line_ids, prompt.speaker) for scene, prompt in zip(plan, prompts, strict=True)]
    return wanted, told


def _shot(profile: ModelProfile, options: JobOptions, prompt: ShotPrompt, seconds: float, cast: _Cast) -> Shot:
    return shot_of(profile, options, prompt, seconds, {member.character_id: member for member in cast.members})


async def _priced(
    connection: Connection,
    cameras: Cameras,
    user_id: UUID,
    cast: _Cast,
    wanted: Sequence[_Wanted],
    speech: tuple[Sequence[Item], Collection[str]],
    *,
    is_estimate: bool = False,
) -> Quote:
    keys = [key for one in wanted if one.shot and cast.has_key(one.shot) for key in _keys(one.shot, one.profile)]
    owned = await clips.list_owned(connection, user_id, keys)
    items = [*_trainings(cameras, cast), *(item for one in wanted for item in _items(cameras, cast, one, owned))]
    lines, spoken = speech
    return quote([*items, *lines], owned | set(spoken), is_estimate=is_estimate)


def _keys(shot: Shot, profile: ModelProfile) -> Iterator[str]:
    """Of all that a shot may be bought with."""
    yield shot.clip_key
    if likeness_of(shot, profile).how is Likeness.TRAINED:
        yield keyframe_of(shot).key


def _trainings(cameras: Cameras, cast: _Cast) -> Iterator[Item]:
    trainer = cameras.training
    for key in cast.training.values():
        yield Item(
            scene_index=None,
            what=What.TRAINING,
            key=key,
            provider=trainer.provider,
            model=trainer.model,
            price=trainer.price,
        )


def _items(cameras: Cameras, cast: _Cast, wanted: _Wanted, owned: Collection[str]) -> Iterator[Item]:
    """A scene's clip, and before it the keyframe that it is filmed from, if there is one and the clip is not there."""
    shot, profile, trainer = wanted.shot, wanted.profile, cameras.training
    has_key = shot is not None and cast.has_key(shot)
    key = shot.clip_key if shot and has_key else None
    if _may_have_keyframe(wanted, cast) and key not in owned:
        yield Item(
            scene_index=wanted.scene_index,
            what=What.KEYFRAME,
            key=keyframe_of(shot).key if shot and has_key else None,
            provider=trainer.provider,
            model=trainer.model,
            price=trainer.picture_price,
        )
    yield Item(
        scene_index=wanted.scene_index,
        what=What.CLIP,
        key=key,
        provider=profile.provider,
        model=profile.model,
        seconds=wanted.seconds,
        price=profile.price,
    )


def _may_have_keyframe(wanted: _Wanted, cast: _Cast) -> bool:
    """Before a scene is directed nobody knows whether somebody with a trained model is alone in it."""
    if wanted.shot:
        return likeness_of(wanted.shot, wanted.profile).how is Likeness.TRAINED
    return wanted.profile.likeness.takes_pictures and any(member.model_version for member in cast.members)
