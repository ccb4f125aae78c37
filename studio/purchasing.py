"""Purchasing: one paid call through the ledger. The intent is committed before the call, the provider's id before any
waiting, and what was bought together with the end of the attempt. Whoever comes after a crash goes on from there.

Nothing is bought twice under one key: the database allows a key one standing attempt, whoever works on it holds a
session lock on user and key, and a call whose answer was lost is looked up, never repeated blindly.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import psycopg
import structlog

from domain.attempts import AttemptState, Kind, poll_delay
from domain.errors import ErrorCode, RecastError
from resources.database import attempts, providers
from resources.database.attempts import Opening
from resources.database.connection import Connection, Database
from resources.database.records import Attempt
from resources.video.protocol import BusyError, Confirm, Handle, OutcomeUnknownError, Take, TakeStatus
from studio.concurrency import uninterrupted

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 2.0
HEAR_SECONDS = 0.5
BUSY_SECONDS = 5.0
SETTLE_SECONDS = 15.0
LOCK_AGAIN_SECONDS = 0.5
NOT_THERE = "the provider has no such request"
NEVER_ASKED = "its job was stopped before the provider was asked"
LATER = frozenset(
    {
        ErrorCode.STORAGE_UNAVAILABLE,
        ErrorCode.DISK_FULL,
        ErrorCode.DATABASE_UNAVAILABLE,
        ErrorCode.INTERNAL,
        ErrorCode.PROVIDER_BUSY,
    }
)
"""What may go wrong while something is received that is still there: it is received another time."""

Receipt = TypeVar("Receipt")


class Goods(Protocol[Receipt]):
    """Something to buy: its identity, its price, and how its provider is spoken to."""

    @property
    def kind(self) -> Kind: ...
    @property
    def key(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def model_version(self) -> str: ...
    @property
    def scene_id(self) -> UUID | None: ...
    @property
    def estimate_usd(self) -> Decimal:
        """The most that it may cost: so much is set aside."""
        ...

    @property
    def list_price_usd(self) -> Decimal:
        """What counts when the provider does not say what it took."""
        ...

    @property
    def request(self) -> Mapping[str, Any]:
        """The order as JSON, from which anybody can carry on."""
        ...

    @property
    def can_find(self) -> bool: ...
    @property
    def is_free(self) -> bool:
        """Nothing is lost by asking again, so nobody waits to be certain."""
        ...

    async def submit(self, attempt_id: UUID, confirm: Confirm) -> Handle: ...
    async def find(self, attempt_id: UUID, since: datetime) -> list[Handle]: ...
    async def poll(self, handle: Handle) -> Take: ...
    async def cancel(self, handle: Handle) -> None: ...

    async def receive(self, handle: Handle, take: Take) -> Receipt:
        """Fetch, check and store. An error with one of the codes in ``LATER`` leaves the attempt as it is, to be
        received again; any other says that what was paid for cannot be used."""
        ...

    async def keep(self, connection: Connection, receipt: Receipt, cost: Decimal) -> None:
        """Rows to write in the transaction that ends the attempt."""
        ...

    async def report(self, progress: int) -> None: ...


class TakenOverError(RecastError):
    """The attempt is not this worker's to ask for any more."""

    def __init__(self, cause: str) -> None:
        super().__init__(ErrorCode.CONFLICT, cause=cause)


class PurchaseFailed(RecastError):
    """A purchase came to nothing. ``paid`` is what it cost all the same; ``is_lost`` says that the thing itself is gone
    for good, and may be asked for anew under another key."""

    def __init__(self, error: RecastError, *, paid: Decimal = Decimal(0), is_lost: bool = False) -> None:
        self.paid, self.is_lost = paid, is_lost
        super().__init__(error.code, error.detail, cause=error.cause, request_id=error.request_id)


@dataclass(frozen=True, slots=True)
class Bought(Generic[Receipt]):
    receipt: Receipt
    cost_usd: Decimal
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for the thing itself; before a provider that knows nothing of a call is believed;
    and for a sign of a call that cannot be looked up."""

    take_seconds: float
    absent_seconds: float = 45.0
    sign_seconds: float = 300.0


@dataclass(slots=True)
class Till:
    """Where one job buys. ``connection`` holds the locks, and with them the right to buy; transactions use connections
    of their own. ``is_canceling`` is set when the user has asked to stop: then what is under way at providers is
    canceled, and otherwise it goes on, for the next worker to receive."""

    user_id: UUID
    job_id: UUID
    connection: Connection
    database: Database
    patience: Patience
    is_canceling: bool = False
    _within: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _lines: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _news: dict[UUID, asyncio.Event] = field(default_factory=dict)

    def cancel(self) -> None:
        self.is_canceling = True

    @asynccontextmanager
    async def at_key(self, key: str) -> AsyncIterator[None]:
        """Alone with this key, in this process and in all others."""
        async with self._within[key]:
            while not await attempts.try_lock_purchase(self.connection, self.user_id, key):
                await asyncio.sleep(LOCK_AGAIN_SECONDS)
            try:
                yield
            finally:
                if not self.connection.closed:
                    await asyncio.shield(attempts.unlock_purchase(self.connection, self.user_id, key))

    def line(self, provider: str) -> asyncio.Lock:
        """Where the job's purchases wait for a place at the provider. Only the first asks: if all did, hundreds of
        scenes of many jobs would keep the database from those that are being filmed."""
        return self._lines[provider]

    async def hear(self) -> None:
        """Wake who waits for an attempt that a webhook has told of. Runs until it is canceled."""
        while True:
            await asyncio.sleep(HEAR_SECONDS)
            if self._news:
                for attempt_id in await attempts.list_hinted(self.connection, self.job_id):
                    if event := self._news.get(attempt_id):
                        event.set()

    async def wait_for_news(self, attempt_id: UUID, seconds: float) -> None:
        event = self._news.setdefault(attempt_id, asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._news.pop(attempt_id, None)


async def buy(till: Till, goods: Goods[Receipt]) -> Bought[Receipt]:
    """Buy ``goods``, or carry on with a purchase that somebody began. The caller holds ``till.at_key(goods.key)``.

    Raises ``PurchaseFailed``; and SCENE_TIMEOUT, PROVIDER_BUSY, BUDGET_EXCEEDED or OUTCOME_UNKNOWN inside one when
    time, the provider's patience, money or knowledge have run out. The wait for a place at the provider has no end of
    its own: others film meanwhile.
    """
    while True:
        attempt, handle = await _begin(till, goods)
        if handle:
            return await _follow(till, goods, attempt, handle)
        refused_seconds = await providers.note_refusal(till.connection, goods.provider)
        if refused_seconds > till.patience.take_seconds:
            cause = f"it has accepted nothing for {refused_seconds:.0f} s"
            raise PurchaseFailed(RecastError(ErrorCode.PROVIDER_BUSY, cause=cause))


async def _begin(till: Till, goods: Goods[Any]) -> tuple[Attempt, Handle | None]:
    """An attempt and the provider's handle for it; no handle when the provider turned out not to have it."""
    attempt = await attempts.find_standing(till.connection, till.user_id, goods.key)
    if attempt is None:
        opened = await _open_in_turn(till, goods)
        return await _submit(till, goods, opened)
    if handle := handle_of(attempt):
        return attempt, handle
    if attempt.state is AttemptState.PARKED:
        raise PurchaseFailed(RecastError(ErrorCode.OUTCOME_UNKNOWN, cause=attempt.reason))
    if attempt.state is AttemptState.SUCCEEDED:
        # It was kept, and is not there any more. What was free may be made again; what was paid for is not paid again.
        await attempts.mark_lost(till.connection, attempt.id, "what was bought is not in storage")
        if attempt.cost_usd:
            raise PurchaseFailed(RecastError(ErrorCode.CLIP_LOST), paid=attempt.cost_usd, is_lost=True)
        return attempt, None
    await attempts.mark_unknown(till.connection, attempt.id, "the process that asked is gone")
    return attempt, await look_up(till, goods, attempt)


def handle_of(attempt: Attempt) -> Handle | None:
    if attempt.provider_request_id is None or attempt.state is not AttemptState.SUBMITTED:
        return None
    return Handle(provider=attempt.provider, request_id=attempt.provider_request_id, response_id=attempt.response_id)


async def _open_in_turn(till: Till, goods: Goods[Any]) -> Attempt:
    """A new attempt, as soon as no earlier one of the same scene is alive: whoever sweeps settles that. Raises
    PROVIDER_BUSY when it does not end."""
    for _ in range(max(1, round(till.patience.take_seconds / LOCK_AGAIN_SECONDS))):
        if opened := await _open(till, goods):
            return opened
        await asyncio.sleep(LOCK_AGAIN_SECONDS)
    cause = "an earlier attempt of this scene has not ended"
    raise PurchaseFailed(RecastError(ErrorCode.PROVIDER_BUSY, cause=cause))


async def _open(till: Till, goods: Goods[Any]) -> Attempt | None:
    """A new attempt, once provider and budget allow it; None while another of the scene or the key is in the way."""
    if goods.list_price_usd and await attempts.has_cost(till.connection, till.user_id, goods.key):
        raise PurchaseFailed(
            RecastError(ErrorCode.CLIP_LOST, cause="this key has cost money before"),
            paid=goods.list_price_usd,
            is_lost=True,
        )
    async with till.line(goods.provider):
        while True:
            opening, attempt = await _open_whole(till, goods)
            if attempt:
                return attempt
            if opening.is_over_budget:
                raise PurchaseFailed(RecastError(ErrorCode.BUDGET_EXCEEDED))
            if opening.wait_seconds is None:
                return None
            # A little apart from other jobs, so that those who wait do not all come back at once.
            await asyncio.sleep(opening.wait_seconds + random.uniform(0, 0.2))


async def _open_whole(till: Till, goods: Goods[Any]) -> tuple[Opening, Attempt | None]:
    """What came of the wish to buy. An intent that nobody carries out would count as a call whose answer was lost: a
    caller that is canceled now leaves none behind."""

    async def open_() -> tuple[Opening, Attempt | None]:
        found = await attempts.open_attempt(
            till.connection,
            user_id=till.user_id,
            job_id=till.job_id,
            scene_id=goods.scene_id,
            kind=goods.kind,
            key=goods.key,
            provider=goods.provider,
            model=goods.model,
            model_version=goods.model_version,
            estimate=goods.estimate_usd,
            request=dict(goods.request),
        )
        return found, await attempts.find_attempt(till.connection, found.attempt) if found.attempt else None

    opening = asyncio.ensure_future(open_())
    if await uninterrupted(opening):
        with suppress(RecastError, psycopg.Error):
            if unused := opening.result()[1]:
                closing = attempts.close_attempt(till.connection, unused.id, AttemptState.ABSENT, reason=NEVER_ASKED)
                await uninterrupted(asyncio.ensure_future(closing))
        raise asyncio.CancelledError
    return opening.result()


async def _submit(till: Till, goods: Goods[Any], attempt: Attempt) -> tuple[Attempt, Handle | None]:
    """Ask once. A caller that is canceled meanwhile waits for the answer: it is worth money."""
    asking = asyncio.ensure_future(_ask(till, goods, attempt))
    if await uninterrupted(asking):
        with suppress(RecastError):
            if (handle := asking.result()) and till.is_canceling:
                await _stop(till, goods, attempt, handle, RecastError(ErrorCode.JOB_CANCELED))
        raise asyncio.CancelledError
    handle = asking.result()
    present = await attempts.find_attempt(till.connection, attempt.id)
    if handle is None and present and present.state is AttemptState.UNKNOWN:
        handle = await look_up(till, goods, present)
    return attempt, handle


async def _ask(till: Till, goods: Goods[Any], attempt: Attempt) -> Handle | None:
    connection = till.connection

    async def confirm() -> None:
        # On the connection that holds the lock: if that was lost, somebody else may be at this very attempt.
        if not await attempts.confirm_intent(connection, attempt.id):
            raise TakenOverError(f"{attempt.id} is not an intent any more")

    try:
        handle = await goods.submit(attempt.id, confirm)
    except TakenOverError:
        return None
    except OutcomeUnknownError as error:
        await attempts.mark_unknown(connection, attempt.id, error.cause or "the answer was lost")
        await providers.note_failure(connection, goods.provider)
        return None
    except BusyError as error:
        await attempts.close_attempt(
            connection, attempt.id, AttemptState.ABSENT, code=error.code, message=error.detail, reason=error.cause
        )
        if error.retry_after_seconds is None:
            await providers.note_failure(connection, goods.provider)
        await providers.pause(connection, goods.provider, error.retry_after_seconds or BUSY_SECONDS)
        return None
    except RecastError as error:
        await attempts.close_attempt(
            connection, attempt.id, AttemptState.FAILED, code=error.code, message=error.detail, reason=error.cause
        )
        raise PurchaseFailed(error) from error
    if not await attempts.record_handle(connection, attempt.id, handle.request_id, handle.response_id):
        await attempts.mark_unknown(connection, attempt.id, f"{handle.request_id} belongs to another attempt")
        return None
    await providers.note_success(connection, goods.provider)
    return handle


async def look_up(till: Till, goods: Goods[Any], attempt: Attempt, *, patiently: bool = True) -> Handle | None:
    """Find out whether the provider has this attempt. None when it certainly has not, and the attempt is closed; parks
    the attempt, and raises OUTCOME_UNKNOWN, when no way is left to find out. Unless ``patiently``, looks but once, and
    raises OUTCOME_UNKNOWN when that does not tell."""
    connection = till.connection
    while True:
        present = await attempts.find_attempt(connection, attempt.id)
        assert present
        if handle := handle_of(present):  # a webhook has told
            return handle
        # Before looking: what the provider does not know by then it has had all that time to learn of.
        unknown_seconds = await attempts.unknown_seconds(connection, attempt.id)
        if goods.can_find:
            try:
                found = await goods.find(attempt.id, attempt.created_at)
            except BusyError:
                found = None
            for handle in found or []:
                if await attempts.record_handle(connection, attempt.id, handle.request_id, handle.response_id):
                    return handle
            has_had_time = goods.is_free or unknown_seconds > till.patience.absent_seconds
            if (
                found is not None
                and has_had_time
                and await attempts.close_attempt(connection, attempt.id, AttemptState.ABSENT, reason=NOT_THERE)
            ):
                return None
        if unknown_seconds > till.patience.sign_seconds:
            reason = "The provider cannot be asked for it, and no webhook has told of it."
            await attempts.park(connection, attempt.id, reason)
            raise PurchaseFailed(RecastError(ErrorCode.OUTCOME_UNKNOWN, cause=reason))
        if not patiently:
            raise PurchaseFailed(RecastError(ErrorCode.OUTCOME_UNKNOWN, cause="not known yet"))
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _follow(till: Till, goods: Goods[Receipt], attempt: Attempt, handle: Handle) -> Bought[Receipt]:
    """Wait for the take and receive it."""
    try:
        async with asyncio.timeout(till.patience.take_seconds):
            take = await _wait(till, goods, attempt, handle)
    except TimeoutError:
        late = RecastError(
            ErrorCode.SCENE_TIMEOUT, f"The scene was not filmed within {till.patience.take_seconds:.0f} seconds."
        )
        take = await _stop(till, goods, attempt, handle, late)
    except asyncio.CancelledError:
        if till.is_canceling:
            with suppress(RecastError):
                await asyncio.shield(_stop(till, goods, attempt, handle, RecastError(ErrorCode.JOB_CANCELED)))
        raise
    if take.status is not TakeStatus.SUCCEEDED:
        raise await close_unfinished(till, goods, attempt, take)
    return await receive(till, goods, attempt, handle, take)


async def _wait(till: Till, goods: Goods[Any], attempt: Attempt, handle: Handle) -> Take:
    waited = 0.0
    while True:
        try:
            take = await goods.poll(handle)
        except BusyError as error:
            delay = error.retry_after_seconds or BUSY_SECONDS
        else:
            if take.status.is_final:
                return take
            await goods.report(take.progress)
            delay = poll_delay(waited)
        await till.wait_for_news(attempt.id, delay)
        waited += delay


async def _stop(till: Till, goods: Goods[Any], attempt: Attempt, handle: Handle, why: RecastError) -> Take:
    """Cancel at the provider and account for what that leaves. Returns the take if it has succeeded all the same; an
    attempt that has not ended in time stays in the ledger, to be settled later. Raises ``why`` otherwise."""
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            await goods.cancel(handle)
            while not (take := await goods.poll(handle)).status.is_final:
                await asyncio.sleep(HEAR_SECONDS)
    except (TimeoutError, RecastError) as error:
        log.warning("a canceled attempt has not ended yet", attempt_id=str(attempt.id), cause=str(error))
        raise PurchaseFailed(why) from error
    if take.status is TakeStatus.SUCCEEDED:
        return take
    ended = take.model_copy(update={"error": why})
    raise await close_unfinished(till, goods, attempt, ended)


async def close_unfinished(till: Till, goods: Goods[Any], attempt: Attempt, take: Take) -> PurchaseFailed:
    """Account for a take that ended without a clip, and say what is to be raised."""
    states = {
        TakeStatus.CANCELED: AttemptState.CANCELED,
        TakeStatus.EXPIRED: AttemptState.LOST,
    }
    error = take.error or RecastError(
        ErrorCode.CLIP_LOST if take.status is TakeStatus.EXPIRED else ErrorCode.AI_PROVIDER_FAILURE,
        cause=f"the provider's take ended as {take.status}",
    )
    cost = price(goods, take)
    await attempts.close_attempt(
        till.connection,
        attempt.id,
        states.get(take.status, AttemptState.FAILED),
        cost=cost,
        billed=cost > 0,
        code=error.code,
        message=error.detail,
        reason=error.cause,
    )
    return PurchaseFailed(error, paid=cost, is_lost=take.status is TakeStatus.EXPIRED)


async def receive(
    till: Till, goods: Goods[Receipt], attempt: Attempt, handle: Handle, take: Take, *, patiently: bool = True
) -> Bought[Receipt]:
    """Fetch, check, store and account, in this order: only what is safe in our hands ends the attempt well.

    Raises an error with one of the codes in ``LATER`` when it can be received another time, PROVIDER_BUSY at once
    unless ``patiently``; and CONFLICT when somebody else has ended the attempt.
    """
    cost = price(goods, take)
    try:
        receipt = await _fetch(goods, handle, take, till.patience.take_seconds if patiently else 0.0)
    except RecastError as error:
        if error.code in LATER:
            raise
        is_rejected = error.code is ErrorCode.CLIP_REJECTED
        await attempts.close_attempt(
            till.connection,
            attempt.id,
            AttemptState.REJECTED if is_rejected else AttemptState.LOST,
            cost=cost,
            billed=cost > 0,
            code=error.code,
            message=error.detail,
            reason=error.cause,
        )
        raise PurchaseFailed(error, paid=cost, is_lost=not is_rejected) from error
    async with till.database.connect() as connection, connection.transaction():
        is_ours = await attempts.close_attempt(
            connection, attempt.id, AttemptState.SUCCEEDED, cost=cost, billed=cost > 0
        )
        if not is_ours:
            raise RecastError(ErrorCode.CONFLICT, cause=f"{attempt.id} was ended by somebody else")
        await goods.keep(connection, receipt, cost)
    return Bought(receipt, cost, attempt.id)


async def _fetch(goods: Goods[Receipt], handle: Handle, take: Take, patience_seconds: float) -> Receipt:
    until = time.monotonic() + patience_seconds
    while True:
        try:
            return await goods.receive(handle, take)
        except BusyError as error:
            delay = error.retry_after_seconds or BUSY_SECONDS
            if time.monotonic() + delay > until:
                raise
        await asyncio.sleep(delay)


def price(goods: Goods[Any], take: Take) -> Decimal:
    if not take.is_billed:
        return Decimal(0)
    return goods.list_price_usd if take.cost_usd is None else take.cost_usd
