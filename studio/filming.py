"""Filming: one accepted clip per scene, all scenes at once within the provider's limits, each bought at most once."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import structlog

from domain.attempts import Rule, rule_after
from domain.characters import CastMember
from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from domain.shots import next_take
from domain.states import SceneStatus
from resources.cores import Cores
from resources.database import attempts, characters, clips, providers, scenes
from resources.database.connection import Connection, Database
from resources.database.records import JobOptions, JobScene, SceneLikeness
from resources.storage import Storage, source_object_key
from resources.video.cameras import Cameras
from studio.captioning import FilmCaptions, captions_of
from studio.casting import require_portraits
from studio.changes import Changes
from studio.clips import Clip, ClipGoods
from studio.directing import direct_scenes
from studio.keyframes import with_keyframe
from studio.mezzanines import wanted_mezzanine
from studio.purchasing import Bought, Patience, PurchaseFailed, Till, buy
from studio.shots import profile_of, shot_of
from studio.work import Work, as_recast_error

log = structlog.get_logger(__name__)

CANCEL_CHECK_SECONDS = 2.0
TRIES = 4
"""How often a scene is asked for when asking costs nothing."""
TAKES = 3
"""How often a scene is paid for when what came could not be used."""
RETRY_SECONDS = 2.0
SAME_AGAIN = Changes()


@dataclass(frozen=True, slots=True)
class FilmedScene:
    """How one scene ended. ``reused`` is true when the user owned the clip already; ``seconds`` is wall time; ``cost``
    is what all its attempts in this run took."""

    scene: JobScene
    clip_key: str | None
    seconds: float
    cost_usd: Decimal = Decimal(0)
    reused: bool = False
    error: RecastError | None = None
    camera: str = ""
    is_placeholder: bool = False
    likeness: SceneLikeness | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """``local_at_once`` scenes are drawn together on this machine; a provider's own limits are in the database. Each
    scene has ``scene_seconds`` before SCENE_TIMEOUT."""

    local_at_once: int
    scene_seconds: float
    absent_seconds: float = 45.0
    sign_seconds: float = 300.0

    @property
    def patience(self) -> Patience:
        return Patience(self.scene_seconds, self.absent_seconds, self.sign_seconds)


async def film(
    work: Work,
    database: Database,
    storage: Storage,
    cameras: Cameras,
    limits: Limits,
    *,
    again: Collection[int] = (),
    changes: Changes = SAME_AGAIN,
    fonts: Path | None = None,
    report: Callable[[FilmedScene], None] = lambda scene: None,
) -> Sequence[FilmedScene]:
    """Film every scene of the job that is not done; with ``again``, film those scenes once more as a new take, with
    ``changes``.

    Returns all scenes of the job in order: a failed one carries its error and costs its siblings nothing. ``report``
    hears of each as it ends; ``fonts`` is a folder of fonts for captions. Raises JOB_CANCELED when the user asks the
    job to stop, and INVALID_REQUEST for an index that the job does not have.
    """
    await scenes.requeue_scenes(work.connection, work.job.id)
    rows = await direct_scenes(work)
    await _ask_for_new_takes(work, cameras, rows, again, changes)
    rows = await scenes.list_scenes(work.connection, work.job.id)
    cast = {member.character_id: member for member in await characters.list_job_cast(work.connection, work.job.id)}
    done = [
        FilmedScene(row, row.clip_key, 0.0, reused=True, likeness=row.likeness)
        for row in rows
        if row.status is SceneStatus.SUCCEEDED
    ]
    waiting = [row for row in rows if row.status is not SceneStatus.SUCCEEDED]
    till = Till(work.job.user_id, work.job.id, work.connection, database, limits.patience)
    pictures = await _pictures(storage, cast, _most_pictures(cameras, work.job.options, waiting))
    set_ = _Set(work, storage, cameras, till, cast, pictures, limits, await captions_of(work, fonts))
    await _open_tills(set_, waiting)
    finished = [*done]

    async def one(row: JobScene) -> None:
        filmed = await _film_scene(set_, row)
        if filmed.error and work.job.options.deliver_partial and filmed.error.code is not ErrorCode.JOB_CANCELED:
            filmed = await _stand_in(set_, filmed)
        finished.append(filmed)
        try:
            report(filmed)
        except Exception:
            log.exception("a scene's end could not be reported", scene_index=row.scene_index)
        await work.progress(len(finished) / len(rows))

    try:
        async with asyncio.TaskGroup() as group:
            watches = [group.create_task(_stop_when_canceled(work, till)), group.create_task(till.hear())]
            await asyncio.gather(*(group.create_task(one(row)) for row in waiting))
            for watch in watches:
                watch.cancel()
    except BaseExceptionGroup as failures:
        # Scenes keep their own failures; what ends the group is one thing that happened to the whole job.
        raise failures.exceptions[0] from None
    return sorted(finished, key=lambda filmed: filmed.scene.scene_index)


class _Set:
    """What all scenes share. Single statements go through the work's one connection, from many tasks at once; what
    belongs together in a transaction needs a connection of its own, or it would mix with the other scenes'."""

    def __init__(
        self,
        work: Work,
        storage: Storage,
        cameras: Cameras,
        till: Till,
        cast: Mapping[UUID, CastMember],
        pictures: Mapping[UUID, Sequence[bytes]],
        limits: Limits,
        captions: FilmCaptions,
    ) -> None:
        self.work, self.storage, self.cameras, self.till = work, storage, cameras, till
        self.cast, self.pictures, self.limits, self.captions = cast, pictures, limits, captions
        self.cores = Cores()
        self.drawing = asyncio.Semaphore(limits.local_at_once)

    def goods(self, row: JobScene, profile: ModelProfile | None = None) -> ClipGoods:
        """The scene's clip, by the model that is to film it unless ``profile`` names another."""
        assert row.prompt
        options = self.work.job.options
        profile = profile or profile_of(self.cameras, options, row)
        camera = self.cameras.camera(profile)
        shot = shot_of(profile, options, row.prompt, row.scene.duration, self.cast)
        connection = self.work.connection

        async def on_progress(progress: int) -> None:
            await scenes.raise_scene_progress(connection, row.id, progress)

        async def on_kept(transaction: Connection, clip: Clip) -> None:
            await scenes.succeed_scene(transaction, row.id, clip_key=clip.clip_key, s3_key=clip.s3_key)
            await scenes.save_take(transaction, row.id)

        return ClipGoods(
            camera=camera,
            storage=self.storage,
            user_id=self.work.job.user_id,
            shot=shot,
            mezzanine=wanted_mezzanine(row, options, shot.clip_key, self.captions.burned_in),
            scene_id=row.id,
            pictures=self.pictures,
            webhook_url=lambda attempt_id: self.cameras.webhook_url(profile.provider, attempt_id),
            deadline_seconds=self.limits.scene_seconds,
            cores=self.cores,
            on_progress=on_progress,
            on_kept=on_kept,
            fonts=self.captions.fonts,
        )


async def _open_tills(set_: _Set, rows: Sequence[JobScene]) -> None:
    """Tell the database how much each provider may be asked for; a limit of this installation is a setting."""
    asked = {row.provider or set_.work.job.options.provider for row in rows}
    if any(member.model_version for member in set_.cast.values()):
        asked.add(set_.cameras.training.provider)
    for provider in asked:
        limit = set_.cameras.limit(provider)
        await providers.set_limits(
            set_.work.connection, provider, in_flight=limit.in_flight, per_minute=limit.starts_per_minute
        )


async def _ask_for_new_takes(
    work: Work, cameras: Cameras, rows: Sequence[JobScene], again: Collection[int], changes: Changes
) -> None:
    """A new take has a clip key of its own, and the old clip is kept."""
    by_index = {row.scene_index: row for row in rows}
    if missing := sorted(set(again) - by_index.keys()):
        raise RecastError(ErrorCode.INVALID_REQUEST, f"The job has {len(rows)} scenes; there is no scene {missing[0]}.")
    for index in sorted(set(again)):
        row = by_index[index]
        assert row.prompt
        profile = changes.profile(cameras, work.job.options, row)
        await scenes.queue_new_take(work.connection, row.id, changes.prompt(row.prompt))
        if profile:
            await scenes.choose_model(work.connection, row.id, profile.provider, profile.model)


def _most_pictures(cameras: Cameras, options: JobOptions, rows: Sequence[JobScene]) -> int:
    """How many pictures a scene is filmed with at most. A model that is not on offer is its own scene's trouble."""
    most = 1
    for row in rows:
        with suppress(RecastError):
            most = max(most, profile_of(cameras, options, row).max_pictures)
    return most


async def _pictures(storage: Storage, cast: Mapping[UUID, CastMember], most: int) -> Mapping[UUID, Sequence[bytes]]:
    """Of everybody who has any, the first ``most`` pictures in their order."""
    members = [member for member in cast.values() if member.portrait_key]
    await require_portraits(storage, members)
    keys = [member.pictures[:most] for member in members]
    fetched = await asyncio.gather(*(asyncio.gather(*map(storage.get_bytes, each)) for each in keys))
    return {member.character_id: pictures for member, pictures in zip(members, fetched, strict=True)}


async def _stop_when_canceled(work: Work, till: Till) -> None:
    while not await work.is_canceled():
        await asyncio.sleep(CANCEL_CHECK_SECONDS)
    till.cancel()
    raise RecastError(ErrorCode.JOB_CANCELED)


async def _film_scene(set_: _Set, row: JobScene) -> FilmedScene:
    """Film one scene, or find that its clip is there. Its failure is written down and returned, not raised; only the
    loss of the database is everybody's failure."""
    began = time.monotonic()
    connection = set_.work.connection
    cost = Decimal(0)
    camera = ""
    try:
        while True:
            goods = set_.goods(row)
            camera = f"{goods.provider} {goods.model}"
            try:
                goods, keyframe_usd = await with_keyframe(set_.till, set_.cameras, goods)
                cost += keyframe_usd
                bought = await _obtain(set_, row, goods)
            except PurchaseFailed as failed:
                cost += failed.paid
                row = await _after_failure(set_, row, failed)
                continue
            return FilmedScene(
                row,
                goods.key,
                time.monotonic() - began,
                cost_usd=cost + (bought.cost_usd if bought else Decimal(0)),
                reused=bought is None,
                camera=camera,
                likeness=_told(goods),
            )
    except Exception as raised:
        error = as_recast_error(raised)
        if connection.closed:
            raise error from raised
        log.error("scene failed", scene_index=row.scene_index, error_code=error.code.value, cause=error.cause)
        await scenes.fail_scene(connection, row.id, error.code, error.detail)
        await set_.work.note("scene_failed", error.detail, scene_index=row.scene_index, error_code=error.code)
        return FilmedScene(row, None, time.monotonic() - began, cost_usd=cost, error=error, camera=camera)


async def _stand_in(set_: _Set, filmed: FilmedScene) -> FilmedScene:
    """What is shown for a scene that could not be filmed, when the user wants a film all the same: the draft that this
    machine draws for nothing, and it is marked as such."""
    row, error = filmed.scene, filmed.error
    assert error
    goods = set_.goods(row, set_.cameras.profile("local"))
    connection = set_.work.connection
    try:
        await scenes.requeue_scene(connection, row.id)
        await _obtain(set_, row, goods)
        await scenes.mark_placeholder(connection, row.id)
    except Exception as raised:
        worse = as_recast_error(raised)
        if connection.closed:
            raise worse from raised
        log.error("a placeholder failed", scene_index=row.scene_index, error_code=worse.code.value, cause=worse.cause)
        await scenes.fail_scene(connection, row.id, error.code, error.detail)
        return filmed
    await set_.work.note(
        "scene_replaced", f"A draft stands in: {error.detail}", scene_index=row.scene_index, error_code=error.code
    )
    return replace(filmed, clip_key=goods.key, error=None, is_placeholder=True, likeness=_told(goods))


def _told(goods: ClipGoods) -> SceneLikeness:
    return SceneLikeness(how=goods.likeness.how, why=goods.likeness.why)


async def _obtain(set_: _Set, row: JobScene, goods: ClipGoods) -> Bought[Clip] | None:
    """Buy the clip, or None when the user owns it."""
    if goods.is_free:
        # Drawn on this machine: more at once than it has cores would only be slower each.
        async with set_.drawing:
            return await _obtain_at_key(set_, row, goods)
    return await _obtain_at_key(set_, row, goods)


async def _obtain_at_key(set_: _Set, row: JobScene, goods: ClipGoods) -> Bought[Clip] | None:
    async with set_.till.at_key(goods.key):
        if await _own_clip(set_, row, goods.key):
            return None
        await scenes.start_scene(set_.work.connection, row.id)
        bought = await buy(set_.till, goods)
    await set_.work.note("scene_filmed", "The scene is filmed", scene_index=row.scene_index)
    return bought


async def _own_clip(set_: _Set, row: JobScene, clip_key: str) -> bool:
    """Whether the user owns this very clip and S3 still has it, or the file that it was encoded from; then the scene is
    done."""
    connection, user_id = set_.work.connection, set_.work.job.user_id
    clip = await clips.find_clip(connection, user_id, clip_key)
    if clip is None:
        return False
    kept = (clip.s3_key, source_object_key(user_id, clip_key))
    if not any([await set_.storage.head(key) for key in kept]):
        return False
    await scenes.succeed_scene(connection, row.id, clip_key=clip_key, s3_key=clip.s3_key)
    await scenes.save_take(connection, row.id)
    await set_.work.note("scene_reused", "This clip was filmed before", scene_index=row.scene_index)
    return True


async def _after_failure(set_: _Set, row: JobScene, failed: PurchaseFailed) -> JobScene:
    """The scene as it is to be asked for next. Raises the failure when asking again is of no use or has been enough."""
    connection = set_.work.connection
    rule = rule_after(failed.code, paid=failed.paid > 0)
    unpaid, paid = await attempts.count_ended(connection, row.id)
    if rule is Rule.ASK or unpaid >= TRIES or paid >= TAKES:
        raise failed
    await set_.work.note(
        "scene_tried_again",
        failed.detail,
        scene_index=row.scene_index,
        error_code=failed.code,
        paid_usd=str(failed.paid),
    )
    if rule is Rule.NEW_TAKE:
        assert row.prompt
        prompt = next_take(row.prompt)
        await scenes.save_prompt(connection, row.id, prompt)
        return row.model_copy(update={"prompt": prompt})
    await asyncio.sleep(RETRY_SECONDS * 2 ** min(unpaid, 4) * random.uniform(0.5, 1.0))
    return row
