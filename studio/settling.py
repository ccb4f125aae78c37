"""Settling: attempts whose job has ended while a provider was still at work. What was paid for is fetched and kept, so
that a later try finds it; what a canceled job has left running is canceled; what is unknown is looked up."""

import asyncio
import os
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from domain.attempts import AttemptState, Kind
from domain.errors import ErrorCode, RecastError
from domain.shots import Shot
from domain.states import JobStatus
from resources.database import attempts, characters, jobs
from resources.database.connection import Connection, Database
from resources.database.records import Attempt
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.video.protocol import TakeStatus
from studio.clips import Clip, ClipGoods
from studio.keyframes import KeyframeGoods, KeyframeRequest
from studio.listening import TranscriptionGoods, TranscriptionRequest
from studio.purchasing import Goods, Patience, PurchaseFailed, Till, close_unfinished, handle_of, look_up, receive
from studio.training import TrainingGoods, TrainingRequest

log = structlog.get_logger(__name__)

AT_ONCE = 20
YOUNG_SECONDS = 30.0
"""A worker that has just died may be replaced by one that carries on."""


@dataclass(frozen=True, slots=True)
class Settler:
    database: Database
    storage: Storage
    cameras: Cameras
    patience: Patience

    async def settle_left_behind(self) -> list[str]:
        """Look once at every attempt that its job has left behind. Returns what was done, in words."""
        done = []
        async with self.database.connect() as connection:
            for attempt in await attempts.list_left_behind(connection, AT_ONCE):
                if attempt.age_seconds < YOUNG_SECONDS or await jobs.is_job_locked(connection, attempt.job_id):
                    continue
                if not await attempts.try_lock_purchase(connection, attempt.user_id, attempt.purchase_key):
                    continue
                try:
                    done.append(f"{attempt.id}: {await self._settle(connection, attempt)}")
                except RecastError as error:
                    log.warning("an attempt could not be settled", attempt_id=str(attempt.id), cause=str(error))
                finally:
                    await attempts.unlock_purchase(connection, attempt.user_id, attempt.purchase_key)
            for character_id in await characters.release_stalled_trainings(connection):
                done.append(f"{character_id}: is not in training any more")
        return done

    async def _settle(self, connection: Connection, attempt: Attempt) -> str:
        present = await attempts.find_attempt(connection, attempt.id)
        job = await jobs.find_job(connection, attempt.job_id)
        if (
            present is None
            or job is None
            or present.state
            not in (
                AttemptState.INTENT,
                AttemptState.UNKNOWN,
                AttemptState.SUBMITTED,
            )
        ):
            return "settled meanwhile"
        till = Till(attempt.user_id, attempt.job_id, connection, self.database, self.patience)
        goods = self._goods(connection, present)
        if present.state is AttemptState.INTENT:
            await attempts.mark_unknown(connection, present.id, "the process that asked is gone")
        handle = handle_of(present)
        try:
            handle = handle or await look_up(till, goods, present, patiently=False)
        except PurchaseFailed as failed:
            return str(failed)
        if handle is None:
            return "was never bought"
        take = await goods.poll(handle)
        if not take.status.is_final:
            if job.status is JobStatus.CANCELED:
                await goods.cancel(handle)
                return "canceled at the provider"
            return "still under way"
        if take.status is not TakeStatus.SUCCEEDED:
            return f"ended: {await close_unfinished(till, goods, present, take)}"
        try:
            await receive(till, goods, present, handle, take)
        except PurchaseFailed as failed:
            return f"paid for, and not usable: {failed}"
        return "kept"

    def _goods(self, connection: Connection, attempt: Attempt) -> Goods[Any]:
        """What the attempt buys, from what the ledger keeps of it. Raises INTERNAL for what cannot be read any more."""
        try:
            match attempt.kind:
                case Kind.CLIP:
                    return self._clip(attempt)
                case Kind.TRAINING:
                    return self._training(connection, attempt)
                case Kind.KEYFRAME:
                    return self._keyframe(attempt)
                case Kind.TRANSCRIPTION:
                    order = TranscriptionRequest.model_validate(attempt.request)
                    return TranscriptionGoods(order, self.storage, attempt.user_id, ask=None)
        except ValidationError as error:
            raise RecastError(ErrorCode.INTERNAL, cause=f"the order of {attempt.id}: {error}") from error
        raise RecastError(ErrorCode.INTERNAL, cause=f"nobody settles attempts of kind {attempt.kind}")

    def _clip(self, attempt: Attempt) -> ClipGoods:
        async def on_progress(progress: int) -> None:
            pass

        async def on_kept(transaction: Connection, clip: Clip) -> None:
            pass

        return ClipGoods(
            camera=self.cameras.camera(self.cameras.profile(attempt.provider, attempt.model)),
            storage=self.storage,
            user_id=attempt.user_id,
            shot=Shot.model_validate(attempt.request),
            scene_id=attempt.scene_id,
            pictures={},
            webhook_url=_no_webhook,
            deadline_seconds=self.patience.take_seconds,
            cores=asyncio.Semaphore(os.cpu_count() or 1),
            on_progress=on_progress,
            on_kept=on_kept,
        )

    def _training(self, connection: Connection, attempt: Attempt) -> TrainingGoods:
        return TrainingGoods(
            trainer=self.cameras.trainer(),
            storage=self.storage,
            connection=connection,
            user_id=attempt.user_id,
            order=TrainingRequest.model_validate(attempt.request),
            webhook_url=_no_webhook,
        )

    def _keyframe(self, attempt: Attempt) -> KeyframeGoods:
        return KeyframeGoods(
            camera=self.cameras.still_camera(),
            profile=self.cameras.training,
            storage=self.storage,
            user_id=attempt.user_id,
            order=KeyframeRequest.model_validate(attempt.request),
            scene_id=attempt.scene_id,
            webhook_url=_no_webhook,
            deadline_seconds=self.patience.take_seconds,
        )


def _no_webhook(attempt_id: UUID) -> None:
    return None
