"""Training: characters are taught to an image model, once and for all films, each training bought at most once."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, JsonValue

from domain.attempts import Kind, Rule, rule_after
from domain.characters import CharacterStatus
from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile, TrainerProfile
from domain.training import Recipe, Trainee, model_name, trigger_word, who_needs_training
from resources.database import attempts, characters, deletions, providers
from resources.database.connection import Connection, Database
from resources.database.records import Character, TrainedModel
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.video.protocol import BusyError, Confirm, Handle, Take, Trainer, TrainingOrder
from studio.purchasing import Patience, PurchaseFailed, Till, buy
from studio.work import Work, as_recast_error

log = structlog.get_logger(__name__)

TRIES = 3
"""How often a training is asked for when asking costs nothing."""
RETRY_SECONDS = 5.0
WATCH_SECONDS = 2.0


class TrainingRequest(BaseModel):
    """A training as the ledger keeps it: all that anybody needs to carry on with it. ``pictures`` are S3 keys."""

    model_config = ConfigDict(frozen=True)

    character_id: UUID
    training_key: str
    name: str
    trigger_word: str
    parameters: Mapping[str, JsonValue]
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingGoods:
    """One training of one character. ``connection`` is where its progress is written."""

    trainer: Trainer
    storage: Storage
    connection: Connection
    user_id: UUID
    order: TrainingRequest
    webhook_url: Callable[[UUID], str | None]

    @property
    def profile(self) -> TrainerProfile:
        return self.trainer.profile

    @property
    def kind(self) -> Kind:
        return Kind.TRAINING

    @property
    def key(self) -> str:
        return self.order.training_key

    @property
    def provider(self) -> str:
        return self.profile.provider

    @property
    def model(self) -> str:
        return self.profile.model

    @property
    def model_version(self) -> str:
        return self.profile.version

    @property
    def scene_id(self) -> None:
        return None

    @property
    def list_price_usd(self) -> Decimal:
        return self.profile.price.of(0)[0]

    @property
    def estimate_usd(self) -> Decimal:
        return self.profile.price.of(0)[1]

    @property
    def is_free(self) -> bool:
        return self.estimate_usd == 0

    @property
    def request(self) -> Mapping[str, Any]:
        return self.order.model_dump(mode="json")

    @property
    def can_find(self) -> bool:
        return self.trainer.can_find

    async def submit(self, attempt_id: UUID, confirm: Confirm) -> Handle:
        """The character is said to be in training from here on: only while there is an attempt at it."""
        pictures = await asyncio.gather(*(self.storage.get_bytes(key) for key in self.order.pictures))
        if not await characters.start_training(self.connection, self.order.character_id):
            raise RecastError(ErrorCode.CHARACTER_NOT_READY, "The character was deleted before it was trained.")
        return await self.trainer.submit(self._order(attempt_id), pictures, confirm)

    async def find(self, attempt_id: UUID, since: datetime) -> list[Handle]:
        return await self.trainer.find(self._order(attempt_id), since)

    async def poll(self, handle: Handle) -> Take:
        return await self.trainer.poll(handle)

    async def cancel(self, handle: Handle) -> None:
        await self.trainer.cancel(handle)

    async def report(self, progress: int) -> None:
        await characters.raise_training_progress(self.connection, self.order.character_id, progress)

    async def receive(self, handle: Handle, take: Take) -> TrainedModel:
        try:
            made = await self.trainer.made(self.order.name, take)
        except BusyError:
            raise
        except RecastError as error:
            # Who may not look knows nothing of what was paid for: it is received another time.
            raise RecastError(ErrorCode.INTERNAL, cause=str(error), request_id=error.request_id) from error
        if made is None:
            raise RecastError(ErrorCode.CLIP_LOST, "The training has ended, and its model is not there.")
        return TrainedModel(model_ref=made[0], model_version=made[1])

    async def keep(self, connection: Connection, receipt: TrainedModel, cost: Decimal) -> None:
        """The character has its model. Of one that was deleted meanwhile, it is to be deleted too."""
        await pin(connection, self.profile, self.order.character_id, self.key, receipt)

    def _order(self, attempt_id: UUID) -> TrainingOrder:
        return TrainingOrder(
            attempt_id=attempt_id,
            name=self.order.name,
            trigger_word=self.order.trigger_word,
            parameters=self.order.parameters,
            webhook_url=self.webhook_url(attempt_id),
        )


async def pin(
    connection: Connection, profile: TrainerProfile, character_id: UUID, training_key: str, model: TrainedModel
) -> None:
    """Give a character its model, in the transaction of ``connection``."""
    await characters.start_training(connection, character_id)
    if await characters.pin_model(
        connection, character_id, model, trainer=profile.model, training_key=training_key
    ) or await deletions.add_model(connection, character_id, model, trainer=profile.model, training_key=training_key):
        return
    log.error("nobody has this trained model", character_id=str(character_id), model=model.model_ref)


@dataclass(frozen=True, slots=True)
class Training:
    """How the training of one character ended. ``cost`` is what its attempts in this run took, nothing when another
    film's training of the same pictures made its model."""

    character_id: UUID
    name: str
    trainer: str
    seconds: float
    model: TrainedModel | None = None
    cost_usd: Decimal = Decimal(0)
    is_bought: bool = False
    error: RecastError | None = None


async def who_is_to_be_trained(
    connection: Connection, user_id: UUID, film: ModelProfile, trainer: TrainerProfile, cast: Sequence[Character]
) -> Mapping[UUID, str]:
    """Those of a cast who have to be trained before ``film`` can film them, each with the key of the training.

    Nobody is trained for a model that is shown no pictures: it could not use what was paid for.
    """
    if not film.likeness.takes_pictures:
        return {}
    recipe = Recipe.of(trainer)
    trainees = [
        Trainee(
            character_id=one.id,
            mode=one.mode,
            picture_hashes=tuple(picture.sha256 for picture in one.pictures),
            trained_key=one.training_key,
        )
        for one in cast
        if one.pictures
    ]
    spent = await attempts.list_spent_trainings(connection, user_id)
    needy = who_needs_training(trainees, recipe, spent)
    return {one.character_id: recipe.key_beyond(one.picture_hashes, spent) for one in needy}


async def train(
    work: Work,
    database: Database,
    storage: Storage,
    cameras: Cameras,
    patience: Patience,
    cast: Sequence[Character],
    report: Callable[[Sequence[Training]], None] = lambda trainings: None,
) -> None:
    """Train everybody in ``cast`` who has to be, all at once, and wait for those whom another film has in training.

    ``report`` hears how each training ended. Raises the error of the first that failed, after all have ended: what was
    trained is kept. Raises JOB_CANCELED when the user asks the job to stop, and cancels the trainings.
    """
    job, profile = work.job, cameras.training
    film = cameras.profile(job.options.provider, job.options.model)
    needy = await who_is_to_be_trained(work.connection, job.user_id, film, profile, cast)
    if not needy:
        return
    limit = cameras.limit(profile.provider)
    await providers.set_limits(
        work.connection, profile.provider, in_flight=limit.in_flight, per_minute=limit.starts_per_minute
    )
    till = Till(job.user_id, job.id, work.connection, database, patience)
    academy = _Academy(work, storage, cameras, cameras.trainer(), till, film)
    trainings: list[Training] = []

    async def one(character: Character) -> None:
        trainings.append(await academy.train(character))

    try:
        async with asyncio.TaskGroup() as group:
            watches = [
                group.create_task(watch)
                for watch in (_stop_when_canceled(work, till), _tell_progress(work, list(needy)), till.hear())
            ]
            await asyncio.gather(*(group.create_task(one(each)) for each in cast if each.id in needy))
            for watch in watches:
                watch.cancel()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    report(trainings)
    if failed := [each for each in trainings if each.error]:
        raise _summary(failed)


@dataclass(frozen=True, slots=True)
class _Academy:
    """What all trainings of a job share."""

    work: Work
    storage: Storage
    cameras: Cameras
    trainer: Trainer
    till: Till
    film: ModelProfile

    async def train(self, character: Character) -> Training:
        """A character with its model, or with what has come in the way; only the loss of the database is everybody's
        failure."""
        began = time.monotonic()
        cost = Decimal(0)
        tries = 0
        try:
            while True:
                try:
                    model, paid = await self._obtain(character)
                except PurchaseFailed as failed:
                    cost += failed.paid
                    tries += 1
                    if not _may_try_again(failed) or tries >= TRIES:
                        raise
                    await self._note(character, "training_tried_again", failed.detail, error_code=failed.code)
                    await asyncio.sleep(RETRY_SECONDS * 2 ** (tries - 1))
                    continue
                cost += paid or 0
                return self._ended(character, began, model=model, cost_usd=cost, is_bought=paid is not None)
        except asyncio.CancelledError:
            if self.till.is_canceling and not self.work.connection.closed:
                await asyncio.shield(characters.release_training(self.work.connection, character.id))
            raise
        except Exception as raised:
            error = _in_words(as_recast_error(raised), self.till.patience)
            if self.work.connection.closed:
                raise error from raised
            if error.code is ErrorCode.JOB_CANCELED:
                await characters.release_training(self.work.connection, character.id)
                raise
            log.error("training failed", character_id=str(character.id), error_code=error.code, cause=error.cause)
            await characters.fail_training(self.work.connection, character.id, error.code, error.detail)
            await self._note(
                character,
                "training_failed",
                f"{character.name} could not be trained: {error.detail}",
                error_code=error.code,
            )
            return self._ended(character, began, cost_usd=cost, error=error)

    async def _obtain(self, character: Character) -> tuple[TrainedModel, Decimal | None]:
        """Buy the training; the cost is None when the model was there, or came while somebody else trained it."""
        connection, job = self.work.connection, self.work.job
        if character.status is CharacterStatus.TRAINING:
            await self._note(character, "training_awaited", f"{character.name} is in training already")
        while True:
            key = await self._key(character)
            if key is None:
                return await self._present(character), None
            async with self.till.at_key(key):
                if key != await self._key(character):
                    continue  # trained, or paid for in vain, while this job waited for the lock
                if model := await characters.find_model(connection, job.user_id, key):
                    async with self.till.database.connect() as own, own.transaction():
                        await pin(own, self.trainer.profile, character.id, key, model)
                    message = f"The pictures of {character.name} were trained before"
                    await self._note(character, "training_reused", message)
                    return model, None
                await self._note(character, "training_started", f"{character.name} is being trained")
                bought = await buy(self.till, self._goods(character, key))
                await self._note(character, "training_ended", f"{character.name} is trained")
                return bought.receipt, bought.cost_usd

    async def _key(self, character: Character) -> str | None:
        """The key of the training that the character needs by now; None when it has its model."""
        present = await characters.find_character(self.work.connection, character.id)
        if present is None:
            raise RecastError(ErrorCode.CHARACTER_NOT_READY, f"{character.name} was deleted.")
        needy = await who_is_to_be_trained(
            self.work.connection, self.work.job.user_id, self.film, self.trainer.profile, [present]
        )
        return needy.get(character.id)

    async def _present(self, character: Character) -> TrainedModel:
        present = await characters.find_character(self.work.connection, character.id)
        if present is None or present.model_ref is None or present.model_version is None:
            raise RecastError(ErrorCode.CHARACTER_NOT_READY, f"{character.name} was deleted.")
        return TrainedModel(model_ref=present.model_ref, model_version=present.model_version)

    def _goods(self, character: Character, key: str) -> TrainingGoods:
        name = model_name(self.work.job.user_id, key)
        provider = self.trainer.profile.provider
        return TrainingGoods(
            trainer=self.trainer,
            storage=self.storage,
            connection=self.work.connection,
            user_id=self.work.job.user_id,
            order=TrainingRequest(
                character_id=character.id,
                training_key=key,
                name=name,
                trigger_word=trigger_word(name),
                parameters=self.trainer.profile.parameters,
                pictures=tuple(picture.s3_key for picture in character.pictures),
            ),
            webhook_url=lambda attempt_id: self.cameras.webhook_url(provider, attempt_id),
        )

    def _ended(self, character: Character, began: float, **facts: Any) -> Training:
        trainer = self.trainer.profile.model
        return Training(character.id, character.name, trainer, time.monotonic() - began, **facts)

    async def _note(self, character: Character, kind: str, message: str, **data: Any) -> None:
        await self.work.note(kind, message, character_id=str(character.id), **data)


class ModelsOfTrainers:
    """The models that trainings have made, for those who delete them. Raises PROVIDER_NOT_CONFIGURED only when there is
    one to delete."""

    def __init__(self, cameras: Cameras) -> None:
        self._cameras = cameras

    async def delete(self, model_ref: str, model_version: str) -> None:
        await self._cameras.trainer().delete(model_ref, model_version)


def _may_try_again(failed: PurchaseFailed) -> bool:
    """A busy provider has been waited for already, and what was paid for in vain is for the user to pay for again."""
    return rule_after(failed.code, paid=failed.paid > 0) is Rule.RETRY


async def _stop_when_canceled(work: Work, till: Till) -> None:
    while not await work.is_canceled():
        await asyncio.sleep(WATCH_SECONDS)
    till.cancel()
    raise RecastError(ErrorCode.JOB_CANCELED)


async def _tell_progress(work: Work, character_ids: Sequence[UUID]) -> None:
    """The job is as far as its characters are, whichever job trains them."""
    while True:
        told = await characters.list_training_progress(work.connection, character_ids)
        await work.progress(sum(told) / 100 / len(character_ids))
        await asyncio.sleep(WATCH_SECONDS)


def _in_words(error: RecastError, patience: Patience) -> RecastError:
    """The ledger speaks of scenes where it means whatever is bought."""
    details = {
        ErrorCode.SCENE_TIMEOUT: f"The training did not end within {patience.take_seconds / 60:.0f} minutes.",
        ErrorCode.AI_PROVIDER_FAILURE: "The provider failed to train the character.",
        ErrorCode.CONTENT_REJECTED: "The provider refuses to train on these pictures because of their content.",
        ErrorCode.PROVIDER_INPUT_INVALID: "The provider does not accept these pictures.",
        ErrorCode.OUTCOME_UNKNOWN: "The provider's answer was lost, so it is not known whether it is training.",
        ErrorCode.CLIP_LOST: "The training was paid for, and its model is not there.",
    }
    if error.detail == error.meaning.sentence:
        details[ErrorCode.CHARACTER_NOT_READY] = "A picture cannot be read."
    return RecastError(
        error.code, details.get(error.code, error.detail), cause=error.cause, request_id=error.request_id
    )


def _summary(failed: Sequence[Training]) -> RecastError:
    errors = [(each.name, each.error) for each in failed if each.error]
    _, first = errors[0]
    return RecastError(
        first.code,
        " ".join(f"{name} could not be trained: {error.detail}" for name, error in errors),
        cause=first.cause,
        request_id=first.request_id,
    )
