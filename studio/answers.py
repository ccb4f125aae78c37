"""Answers: what is bought from a service that answers at once or never, as one that speaks or listens does.

Such a service can be asked for nothing afterwards. So an answer is stored before its attempt counts as done, and one
that was lost on the way is booked at the list price, which is nothing where the service is free; then it is asked for
once more under a purchase key of its own, a bounded number of times.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog

from domain.attempts import Kind
from domain.errors import ErrorCode, RecastError
from resources.database import attempts
from resources.database.connection import Connection
from resources.video.protocol import Confirm, Handle, Take, TakeStatus
from studio.purchasing import PurchaseFailed, Till, buy

log = structlog.get_logger(__name__)

MOST_TAKES = 3
"""How often one answer may be lost in a run before the job gives up."""
STORE_SECONDS = 600.0
"""How long an answer that is paid for waits in memory for a storage that is away."""
STORE_AGAIN_SECONDS = 5.0
LOST = "lost-"
"""Begins the handle of a call whose answer can never be had."""


class Kept(Protocol):
    """What is stored of an answer. ``cost_usd`` is what it has cost; None where that is the list price."""

    @property
    def request_id(self) -> str | None: ...
    @property
    def cost_usd(self) -> Decimal | None: ...


K = TypeVar("K", bound=Kept)


@dataclass(frozen=True, slots=True)
class Answer(Generic[K]):
    """An answer in hand: what is kept of it, and how it gets into storage."""

    kept: K
    store: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class AnswerGoods(Generic[K]):
    """One answer to be bought. ``service`` is what users read of who gives it; ``find_kept`` looks for what is stored;
    ``ask`` makes the call, and is None for whoever only settles what others have asked."""

    kind: Kind
    key: str
    provider: str
    model: str
    model_version: str
    estimate_usd: Decimal
    request: Mapping[str, Any]
    service: str
    find_kept: Callable[[], Awaitable[K | None]]
    ask: Callable[[], Awaitable[Answer[K]]] | None = None
    _answer: Answer[K] | None = None
    _is_stored: bool = False

    @property
    def scene_id(self) -> None:
        """An answer may serve several scenes, and come while they are filmed."""
        return None

    @property
    def list_price_usd(self) -> Decimal:
        return self.estimate_usd

    @property
    def is_free(self) -> bool:
        return self.estimate_usd == 0

    @property
    def can_find(self) -> bool:
        return True

    async def submit(self, attempt_id: UUID, confirm: Confirm) -> Handle:
        assert self.ask
        await confirm()
        self._answer = answer = await self.ask()
        try:
            # Here, where no cancellation reaches: it is paid for, and only in this process.
            await self._store_patiently(answer)
        except RecastError as error:
            log.warning("an answer could not be stored yet", attempt_id=str(attempt_id), cause=str(error))
        return self._handle(attempt_id, answer.kept)

    async def find(self, attempt_id: UUID, since: datetime) -> list[Handle]:
        """What was stored, else a handle that stands for the lost answer."""
        if kept := await self.find_kept():
            return [self._handle(attempt_id, kept)]
        return [Handle(provider=self.provider, request_id=f"{LOST}{attempt_id}")]

    async def poll(self, handle: Handle) -> Take:
        if handle.request_id.startswith(LOST):
            error = RecastError(
                ErrorCode.AI_PROVIDER_FAILURE,
                f"The answer of the {self.service} was lost.",
                cause="the call was made, or may have been, and its answer is not stored; it is booked as paid",
            )
            return Take(status=TakeStatus.EXPIRED, error=error)
        kept = self._answer.kept if self._answer else await self.find_kept()
        return Take(status=TakeStatus.SUCCEEDED, progress=100, cost_usd=kept.cost_usd if kept else None)

    async def cancel(self, handle: Handle) -> None:
        """Nothing is under way at the service once there is a handle."""

    async def report(self, progress: int) -> None:
        """The answer is there or it is not."""

    async def receive(self, handle: Handle, take: Take) -> K:
        if self._answer:
            if not self._is_stored:
                await self._store_patiently(self._answer)
            return self._answer.kept
        kept = await self.find_kept()
        if kept is None:
            raise RecastError(ErrorCode.CLIP_LOST, f"An answer of the {self.service} is not in storage any more.")
        return kept

    async def keep(self, connection: Connection, receipt: K, cost: Decimal) -> None:
        """It is in storage, under its key; no row has to say so."""

    async def _store_patiently(self, answer: Answer[K]) -> None:
        """Raises what the storage says when it has been away for too long."""
        until = time.monotonic() + STORE_SECONDS
        while True:
            try:
                await answer.store()
            except RecastError as error:
                if time.monotonic() + STORE_AGAIN_SECONDS > until:
                    raise
                log.warning("an answer waits for the storage", key=self.key, cause=str(error))
                await asyncio.sleep(STORE_AGAIN_SECONDS)
            else:
                self._is_stored = True
                return

    def _handle(self, attempt_id: UUID, kept: K) -> Handle:
        # Ours is unique where the service gives none, or the same one twice.
        return Handle(provider=self.provider, request_id=str(attempt_id), response_id=kept.request_id)


@dataclass(frozen=True, slots=True)
class BoughtAnswer(Generic[K]):
    """``cost_usd`` is of this run, lost answers included; ``is_new`` says whether the service was asked."""

    kept: K
    cost_usd: Decimal
    is_new: bool


async def nothing_to_prepare() -> None:
    pass


async def buy_answer(
    till: Till,
    goods_of: Callable[[int], AnswerGoods[K]],
    *,
    prepare: Callable[[], Awaitable[None]] = nothing_to_prepare,
) -> BoughtAnswer[K]:
    """What is stored already, else what the service answers to one of the takes that ``goods_of`` makes, from 1 on;
    those that earlier runs have paid for in vain are passed over. ``prepare`` comes before there is an attempt: between
    that and its answer lies nothing but the call. Raises PurchaseFailed."""
    take, lost, lost_usd = 0, 0, Decimal(0)
    while True:
        take += 1
        goods = goods_of(take)
        async with till.at_key(goods.key):
            kept = await goods.find_kept()
            if kept and not await _is_open(till, goods.key):
                return BoughtAnswer(kept, lost_usd, is_new=False)
            if kept is None:
                await prepare()
            try:
                bought = await buy(till, goods)
            except PurchaseFailed as failed:
                if not failed.is_lost:
                    raise
                if failed.code is ErrorCode.CLIP_LOST:
                    continue  # of an earlier run
                lost_usd += failed.paid
                lost += 1
                if lost == MOST_TAKES:
                    raise
            else:
                return BoughtAnswer(bought.receipt, lost_usd + bought.cost_usd, is_new=True)


async def _is_open(till: Till, key: str) -> bool:
    """Whether a worker has died after it had stored the answer and before it could say so."""
    standing = await attempts.find_standing(till.connection, till.user_id, key)
    return standing is not None and standing.finished_at is None
