"""Settling: attempts that a provider is still at while nobody works on them. What was paid for is fetched and
kept, so that a later try finds it; what a canceled job has left running is canceled; what is unknown is looked up."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from pydantic import ValidationError

from domain.attempts import AttemptState, Kind
from domain.errors import ErrorCode, RecastError
from domain.shots import Shot
from domain.states import JobStatus
from resources.cores import Cores
from resources.database import attempts, characters, jobs
from resources.database.connection import Connection, Database
from resources.database.records import Attempt
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.video.protocol import TakeStatus
from studio.clips import Clip, ClipGoods
from studio.keyframes import KeyframeGoods, KeyframeRequest
from studio.listening import TranscriptionRequest, transcription_goods
from studio.mezzanines import plain_mezzanine
from studio.purchasing import Goods, Patience, PurchaseFailed, Till, close_unfinished, handle_of, look_up, receive
from studio.speaking import SpeechRequest, speech_goods
from studio.training import TrainingGoods, TrainingRequest

log = structlog.get_logger(__name__)

AT_ONCE = 20
LOOK_SECONDS = 30.0
"""Dagster waits a minute for a sensor."""
YOUNG_SECONDS = 30.0
"""A worker that has just died may be replaced by one that carries on."""


@dataclass(frozen=True, slots=True)
class Settler:
    database: Database
    storage: Storage
    cameras: Cameras
    patience: Patience

    async def settle_left_behind(self) -> list[str]:
        """Look once at every attempt that was left behind. Returns what was done, in words."""
        done = []
        async with self.database.connect() as connection:
            until = time.monotonic() + LOOK_SECONDS
            for attempt in await attempts.list_left_behind(connection, YOUNG_SECONDS, AT_ONCE):
                if time.monotonic() > until:
                    break
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
            if job.status is JobStatus.CANCELED or self._is_late(present):
                await goods.cancel(handle)
                return "canceled at the provider"
            return "still under way"
        if take.status is not TakeStatus.SUCCEEDED:
            return f"ended: {await close_unfinished(till, goods, present, take)}"
        try:
            await receive(till, goods, present, handle, take, patiently=False)
        except PurchaseFailed as failed:
            return f"paid for, and not usable: {failed}"
        return "kept"

    def _is_late(self, attempt: Attempt) -> bool:
        """Nobody waits for it any more: its scene has failed with SCENE_TIMEOUT, or will."""
        is_old = (attempt.submitted_seconds or 0.0) > self.patience.take_seconds
        return is_old and attempt.kind is not Kind.TRAINING

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
                    chunk = TranscriptionRequest.model_validate(attempt.request)
                    return transcription_goods(chunk, self.storage, attempt.user_id)
                case Kind.SPEECH:
                    line = SpeechRequest.model_validate(attempt.request)
                    return speech_goods(line, self.storage, attempt.user_id)
        except ValidationError as error:
            raise RecastError(ErrorCode.INTERNAL, cause=f"the order of {attempt.id}: {error}") from error
        raise RecastError(ErrorCode.INTERNAL, cause=f"nobody settles attempts of kind {attempt.kind}")

    def _clip(self, attempt: Attempt) -> ClipGoods:
        async def on_progress(progress: int) -> None:
            pass

        async def on_kept(transaction: Connection, clip: Clip) -> None:
            pass

        shot = Shot.model_validate(attempt.request)
        return ClipGoods(
            camera=self.cameras.camera(self.cameras.profile(attempt.provider, attempt.model)),
            storage=self.storage,
            user_id=attempt.user_id,
            shot=shot,
            mezzanine=plain_mezzanine(shot),
            scene_id=attempt.scene_id,
            pictures={},
            webhook_url=partial(self.cameras.webhook_url, attempt.provider),
            deadline_seconds=self.patience.take_seconds,
            cores=Cores(),
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
            webhook_url=partial(self.cameras.webhook_url, attempt.provider),
        )

    def _keyframe(self, attempt: Attempt) -> KeyframeGoods:
        return KeyframeGoods(
            camera=self.cameras.still_camera(),
            profile=self.cameras.training,
            storage=self.storage,
            user_id=attempt.user_id,
            order=KeyframeRequest.model_validate(attempt.request),
            scene_id=attempt.scene_id,
            webhook_url=partial(self.cameras.webhook_url, attempt.provider),
            deadline_seconds=self.patience.take_seconds,
        )
