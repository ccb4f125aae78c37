"""The ledger: one standing attempt per key, money that adds up, providers that are not overrun."""

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.attempts import AttemptState, Kind
from domain.errors import ErrorCode, RecastError
from domain.scenes import Scene
from domain.script import Line
from resources.database import attempts, budgets, jobs, providers, scenes
from resources.database.attempts import Opening
from resources.database.connection import Connection, Database, UserDatabase
from resources.database.invariants import find_violations
from resources.database.records import Attempt
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant

KEY = "a" * 64


async def open_(
    connection: Connection, tenant: Tenant, key: str = KEY, *, estimate: str = "1", scene: UUID | None = None
) -> Opening:
    return await attempts.open_attempt(
        connection,
        user_id=tenant.user_id,
        job_id=tenant.job_id,
        scene_id=scene,
        kind=Kind.CLIP,
        key=key,
        provider="replicate",
        model="m",
        model_version="1",
        estimate=Decimal(estimate),
        request={},
    )


async def opened(connection: Connection, tenant: Tenant, key: str = KEY, *, estimate: str = "1") -> UUID:
    opening = await open_(connection, tenant, key, estimate=estimate)
    assert opening.attempt, opening
    return opening.attempt


async def found(connection: Connection, attempt_id: UUID) -> Attempt:
    attempt = await attempts.find_attempt(connection, attempt_id)
    assert attempt
    return attempt


async def sums(connection: Connection, tenant: Tenant) -> tuple[Decimal, ...]:
    """Reserved and spent, of the job and of the budget."""
    cursor = await connection.execute(
        "select jobs.reserved_usd, jobs.spent_usd, budgets.reserved_usd, budgets.spent_usd"
        " from jobs join budgets using (user_id) where jobs.id = %s",
        (tenant.job_id,),
    )
    row = await cursor.fetchone()
    assert row
    return tuple(row)


async def a_scene(connection: Connection, tenant: Tenant) -> UUID:
    line = Line(text="Hello.", start=0, end=2)
    plan = [Scene(index=1, start=0, end=2, lines=(line,))]
    await scenes.plan_scenes(connection, tenant.job_id, tenant.user_id, plan)
    (row,) = await scenes.list_scenes(connection, tenant.job_id)
    return row.id


async def test_of_many_buyers_at_the_same_instant_one_opens_the_attempt(
    database_urls: DatabaseUrls, ann: Tenant
) -> None:
    async def buyer() -> Opening:
        async with Database(database_urls.worker).connect() as connection:
            return await open_(connection, ann)

    openings = await asyncio.gather(*(buyer() for _ in range(8)))
    assert sum(opening.attempt is not None for opening in openings) == 1


@pytest.mark.parametrize("state", ["intent", "unknown", "submitted", "succeeded", "parked"])
async def test_a_key_with_a_standing_attempt_gets_no_second(worker: Connection, ann: Tenant, state: str) -> None:
    first = await opened(worker, ann)
    await worker.execute("update provider_attempts set state = %s where id = %s", (state, first))
    second = await open_(worker, ann)
    assert (second.attempt, second.wait_seconds, second.is_over_budget) == (None, None, False)
    standing = await attempts.find_standing(worker, ann.user_id, KEY)
    assert standing
    assert standing.id == first


@pytest.mark.parametrize("state", ["failed", "absent", "canceled", "lost", "rejected"])
async def test_an_ended_attempt_is_not_in_the_way(worker: Connection, ann: Tenant, state: str) -> None:
    first = await opened(worker, ann)
    assert await attempts.close_attempt(worker, first, AttemptState(state))
    assert await opened(worker, ann) != first


async def test_who_buys_under_a_key_keeps_nobody_from_other_keys_or_users(
    database_urls: DatabaseUrls, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    assert await attempts.try_lock_purchase(worker, ann.user_id, KEY)
    async with Database(database_urls.worker).connect() as other:
        assert not await attempts.try_lock_purchase(other, ann.user_id, KEY)
        assert await attempts.try_lock_purchase(other, ann.user_id, "b" * 64)
        assert await attempts.try_lock_purchase(other, ben.user_id, KEY)
        await attempts.unlock_purchase(worker, ann.user_id, KEY)
        assert await attempts.try_lock_purchase(other, ann.user_id, KEY)


async def test_two_users_buy_under_the_same_key_each(worker: Connection, ann: Tenant, ben: Tenant) -> None:
    assert await opened(worker, ann) != await opened(worker, ben)


async def test_what_is_set_aside_becomes_what_was_spent(worker: Connection, ann: Tenant) -> None:
    attempt = await opened(worker, ann, estimate="3")
    assert await sums(worker, ann) == (3, 0, 3, 0)
    assert await attempts.close_attempt(worker, attempt, AttemptState.SUCCEEDED, cost=Decimal("2.5"), billed=True)
    assert await sums(worker, ann) == (0, Decimal("2.5"), 0, Decimal("2.5"))
    closed = await found(worker, attempt)
    assert (closed.state, closed.cost_usd, closed.is_billed) == (AttemptState.SUCCEEDED, Decimal("2.5"), True)


async def test_an_attempt_is_accounted_for_once(worker: Connection, ann: Tenant) -> None:
    attempt = await opened(worker, ann)
    assert await attempts.close_attempt(worker, attempt, AttemptState.SUCCEEDED, cost=Decimal(1), billed=True)
    assert not await attempts.close_attempt(worker, attempt, AttemptState.FAILED, cost=Decimal(1), billed=True)
    assert (await sums(worker, ann))[1] == 1


async def test_what_the_provider_has_given_an_id_is_not_absent(worker: Connection, ann: Tenant) -> None:
    attempt = await opened(worker, ann)
    assert await attempts.record_handle(worker, attempt, "id", None)
    assert not await attempts.close_attempt(worker, attempt, AttemptState.ABSENT)
    assert (await found(worker, attempt)).state is AttemptState.SUBMITTED


async def test_nothing_is_opened_beyond_the_budget(worker: Connection, ann: Tenant) -> None:
    """The default budget is 20 dollars."""
    await opened(worker, ann, "a" * 64, estimate="12")
    refused = await open_(worker, ann, "b" * 64, estimate="9")
    assert refused.is_over_budget
    assert refused.attempt is None
    await opened(worker, ann, "c" * 64, estimate="8")
    assert await sums(worker, ann) == (20, 0, 20, 0)


async def test_buyers_at_the_same_instant_do_not_overdraw(database_urls: DatabaseUrls, ann: Tenant) -> None:
    async def buyer(number: int) -> Opening:
        async with Database(database_urls.worker).connect() as connection:
            return await open_(connection, ann, f"{number:064x}", estimate="6")

    openings = await asyncio.gather(*(buyer(number) for number in range(8)))
    assert sum(opening.attempt is not None for opening in openings) == 3


async def test_a_reservation_of_the_job_pays_for_its_attempts(
    worker: Connection, users: UserDatabase, ann: Tenant
) -> None:
    async with users.as_user(ann.user_id) as connection:
        assert await budgets.reserve_for_job(connection, ann.job_id, Decimal(15))
    await opened(worker, ann, estimate="10")
    assert await sums(worker, ann) == (15, 0, 15, 0)
    await opened(worker, ann, "b" * 64, estimate="7")
    assert await sums(worker, ann) == (17, 0, 17, 0)


async def test_a_reservation_beyond_the_budget_changes_nothing(
    worker: Connection, users: UserDatabase, ann: Tenant
) -> None:
    async with users.as_user(ann.user_id) as connection:
        assert not await budgets.reserve_for_job(connection, ann.job_id, Decimal("20.01"))
        assert await budgets.reserve_for_job(connection, ann.job_id, Decimal(20))
    assert await sums(worker, ann) == (20, 0, 20, 0)


async def test_nobody_reserves_for_anothers_job(
    worker: Connection, users: UserDatabase, ann: Tenant, ben: Tenant
) -> None:
    async with users.as_user(ben.user_id) as connection:
        assert not await budgets.reserve_for_job(connection, ann.job_id, Decimal(1))
    cursor = await worker.execute("select reserved_usd from jobs where id = %s", (ann.job_id,))
    assert await cursor.fetchone() == (0,)


@pytest.mark.parametrize("ending", ["failed", "succeeded", "canceled"])
async def test_a_job_that_ends_gives_back_what_it_did_not_use(
    worker: Connection, users: UserDatabase, ann: Tenant, ending: str
) -> None:
    async with users.as_user(ann.user_id) as connection:
        assert await budgets.reserve_for_job(connection, ann.job_id, Decimal(10))
    await opened(worker, ann, estimate="4")
    assert await jobs.begin_job(worker, ann.job_id, "run", None)
    if ending == "failed":
        await jobs.fail_job(worker, ann.job_id, ErrorCode.INTERNAL, "x", run_id="run")
    elif ending == "succeeded":
        await jobs.succeed_job(worker, ann.job_id, "run")
    else:
        await jobs.request_cancel(worker, ann.job_id)
        await jobs.cancel_job(worker, ann.job_id)
    # The attempt that is still alive keeps its share.
    assert await sums(worker, ann) == (4, 0, 4, 0)


async def test_a_new_month_begins_with_nothing_spent(worker: Connection, users: UserDatabase, ann: Tenant) -> None:
    attempt = await opened(worker, ann, estimate="18")
    await attempts.close_attempt(worker, attempt, AttemptState.SUCCEEDED, cost=Decimal(18), billed=True)
    await worker.execute("update budgets set month = month - interval '1 month'")
    async with users.as_user(ann.user_id) as connection:
        budget = await budgets.my_budget(connection)
    assert (budget.spent_usd, budget.left_usd) == (0, 20)


@pytest.mark.parametrize("limit", ["-1", "1000.01", "NaN"])
async def test_a_budget_is_between_nothing_and_the_operators_ceiling(
    users: UserDatabase, ann: Tenant, limit: str
) -> None:
    async with users.as_user(ann.user_id) as connection:
        await budgets.set_my_budget(connection, Decimal(50))
        with pytest.raises(RecastError) as refused:
            await budgets.set_my_budget(connection, Decimal(limit))
        assert refused.value.code is ErrorCode.INVALID_REQUEST
        assert (await budgets.my_budget(connection)).limit_usd == 50


async def test_the_ledger_is_out_of_users_reach(users: UserDatabase, worker: Connection, ann: Tenant) -> None:
    attempt = await opened(worker, ann)
    for statement in (
        "select request from provider_attempts",
        "update provider_attempts set cost_usd = 0",
        "select close_attempt(%(a)s, 'failed', 0, false, null, null, null)",
        "select lock_budget(%(u)s)",
        "update budgets set limit_usd = 999",
        "update jobs set reserved_usd = 999",
        "select receive_webhook('w', 'replicate', %(a)s, 'id')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with users.as_user(ann.user_id) as connection:
                await connection.execute(statement, {"a": attempt, "u": ann.user_id})


async def test_an_id_of_the_provider_belongs_to_one_attempt(worker: Connection, ann: Tenant, ben: Tenant) -> None:
    first, second = await opened(worker, ann), await opened(worker, ben)
    assert await attempts.record_handle(worker, first, "id", None)
    assert await attempts.record_handle(worker, first, "id", "again")
    assert not await attempts.record_handle(worker, second, "id", None)


async def test_a_provider_has_no_more_in_flight_than_its_limit(worker: Connection, ann: Tenant) -> None:
    await providers.set_limits(worker, "replicate", in_flight=2, per_minute=10_000)
    first = await opened(worker, ann, "a" * 64, estimate="0")
    await opened(worker, ann, "b" * 64, estimate="0")
    assert (await open_(worker, ann, "c" * 64, estimate="0")).wait_seconds
    await attempts.close_attempt(worker, first, AttemptState.FAILED)
    assert (await open_(worker, ann, "c" * 64, estimate="0")).attempt


async def test_starts_are_spread_over_the_minute(worker: Connection, ann: Tenant) -> None:
    await providers.set_limits(worker, "replicate", in_flight=1000, per_minute=60)
    openings = [await open_(worker, ann, f"{number:064x}", estimate="0") for number in range(10)]
    started = [opening for opening in openings if opening.attempt]
    assert 6 <= len(started) <= 8
    assert all(0 < (opening.wait_seconds or 0) <= 1 for opening in openings[len(started) :])


async def test_a_row_of_failures_closes_the_provider_and_each_further_one_for_longer(
    worker: Connection, ann: Tenant
) -> None:
    await opened(worker, ann, "a" * 64, estimate="0")
    for _ in range(providers.FAILURES_THAT_OPEN - 1):
        await providers.note_failure(worker, "replicate")
    await opened(worker, ann, "b" * 64, estimate="0")
    waits = []
    for _ in range(3):
        await providers.note_failure(worker, "replicate")
        waits.append((await open_(worker, ann, "c" * 64, estimate="0")).wait_seconds or 0)
        await worker.execute("update providers set closed_until = clock_timestamp()")
    assert 8 < waits[0] <= 10
    assert 18 < waits[1] <= 20
    assert 38 < waits[2] <= 40


async def test_what_was_under_way_when_the_provider_was_closed_does_not_prolong_that(
    worker: Connection, ann: Tenant
) -> None:
    await opened(worker, ann, "a" * 64, estimate="0")
    for _ in range(40):
        await providers.note_failure(worker, "replicate")
    assert 8 < ((await open_(worker, ann, "c" * 64, estimate="0")).wait_seconds or 0) <= 10


async def test_one_success_ends_a_row_of_failures(worker: Connection, ann: Tenant) -> None:
    await opened(worker, ann, "a" * 64, estimate="0")
    for _ in range(providers.FAILURES_THAT_OPEN - 1):
        await providers.note_failure(worker, "replicate")
    await providers.note_success(worker, "replicate")
    await providers.note_failure(worker, "replicate")
    await opened(worker, ann, "b" * 64, estimate="0")


async def test_a_provider_that_asks_for_patience_gets_it(worker: Connection, ann: Tenant) -> None:
    await opened(worker, ann, "a" * 64, estimate="0")
    await providers.pause(worker, "replicate", 30)
    await providers.pause(worker, "replicate", 2)
    wait = (await open_(worker, ann, "b" * 64, estimate="0")).wait_seconds or 0
    assert 25 < wait <= 30


async def test_a_provider_that_asks_for_a_day_is_asked_again_before(worker: Connection, ann: Tenant) -> None:
    await opened(worker, ann, "a" * 64, estimate="0")
    await providers.pause(worker, "replicate", 24 * 3600)
    wait = (await open_(worker, ann, "b" * 64, estimate="0")).wait_seconds or 0
    assert 290 < wait <= providers.LONGEST_PAUSE_SECONDS


async def test_a_webhook_gives_an_unknown_attempt_its_id_once(
    users: UserDatabase, worker: Connection, ann: Tenant
) -> None:
    attempt = await opened(worker, ann)
    await attempts.mark_unknown(worker, attempt, "time-out")
    async with users.as_webhook_receiver() as connection:
        assert await attempts.receive_webhook(connection, "w1", "replicate", attempt, "id")
    async with users.as_webhook_receiver() as connection:
        assert not await attempts.receive_webhook(connection, "w1", "replicate", attempt, "id")
    told = await found(worker, attempt)
    assert (told.state, told.provider_request_id) == (AttemptState.SUBMITTED, "id")
    assert await attempts.list_hinted(worker, ann.job_id) == [attempt]
    assert await attempts.list_hinted(worker, ann.job_id) == []


async def test_a_webhook_for_another_id_or_nobody_changes_nothing(
    users: UserDatabase, worker: Connection, ann: Tenant
) -> None:
    attempt = await opened(worker, ann)
    await attempts.record_handle(worker, attempt, "mine", None)
    async with users.as_webhook_receiver() as connection:
        await attempts.receive_webhook(connection, "w1", "replicate", attempt, "other")
        assert not await attempts.receive_webhook(connection, "w2", "replicate", uuid4(), "other")
        assert not await attempts.receive_webhook(connection, "w3", "pika", attempt, "mine")
    assert (await found(worker, attempt)).provider_request_id == "mine"
    assert await attempts.list_hinted(worker, ann.job_id) == []


async def test_a_webhook_of_what_was_taken_for_absent_is_an_alarm(
    users: UserDatabase, worker: Connection, ann: Tenant
) -> None:
    attempt = await opened(worker, ann)
    assert await attempts.close_attempt(worker, attempt, AttemptState.ABSENT)
    assert await find_violations(worker) == []
    async with users.as_webhook_receiver() as connection:
        assert await attempts.receive_webhook(connection, "w1", "replicate", attempt, "late")
    told = await found(worker, attempt)
    assert (told.state, told.provider_request_id) == (AttemptState.ABSENT, "late")
    assert [one.subject for one in await find_violations(worker)] == [str(attempt)]


async def test_an_ended_attempt_takes_no_id_and_an_intent_is_confirmed_once_nobody_looked(
    worker: Connection, ann: Tenant
) -> None:
    attempt = await opened(worker, ann)
    assert await attempts.confirm_intent(worker, attempt)
    await attempts.mark_unknown(worker, attempt, "looked into")
    assert not await attempts.confirm_intent(worker, attempt)
    assert await attempts.close_attempt(worker, attempt, AttemptState.ABSENT)
    assert not await attempts.record_handle(worker, attempt, "id", None)


@pytest.mark.parametrize("state", ["failed", "rejected", "lost", "canceled"])
async def test_every_try_that_came_to_nothing_counts(worker: Connection, ann: Tenant, state: str) -> None:
    scene = await a_scene(worker, ann)
    for key, cost in (("a", 0), ("b", 1), ("c", 0)):
        opening = await open_(worker, ann, key * 64, scene=scene)
        assert opening.attempt
        assert await attempts.close_attempt(worker, opening.attempt, AttemptState(state), cost=Decimal(cost))
    assert await attempts.count_ended(worker, scene) == (2, 1)


async def test_a_provider_refuses_since_it_last_took_an_order(worker: Connection, ann: Tenant) -> None:
    await opened(worker, ann)
    assert await providers.note_refusal(worker, "replicate") < 1
    await worker.execute("update providers set refusing_since = refusing_since - interval '50 s'")
    assert 50 <= await providers.note_refusal(worker, "replicate") < 60
    await providers.note_success(worker, "replicate")
    assert await providers.note_refusal(worker, "replicate") < 1
    await worker.execute(
        "update providers set refusing_since = refusing_since - interval '1 day', refused_at = now() - interval '1 day'"
    )
    assert await providers.note_refusal(worker, "replicate") < 1, "yesterday says nothing of today"


async def test_a_deleted_job_gives_back_what_it_has_aside(worker: Connection, users: UserDatabase, ann: Tenant) -> None:
    async with users.as_user(ann.user_id) as connection:
        assert await budgets.reserve_for_job(connection, ann.job_id, Decimal(10))
    await worker.execute("delete from jobs where id = %s", (ann.job_id,))
    cursor = await worker.execute("select reserved_usd from budgets where user_id = %s", (ann.user_id,))
    assert await cursor.fetchone() == (0,)


async def test_the_receiver_of_webhooks_sees_no_table(users: UserDatabase) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with users.as_webhook_receiver() as connection:
            await connection.execute("select 1 from provider_attempts")


async def test_ends_of_attempts_and_of_their_job_do_not_wait_for_each_other(
    database_urls: DatabaseUrls, users: UserDatabase, worker: Connection, ann: Tenant
) -> None:
    """Many attempts end while their job is canceled: rows locked in another order would be a deadlock."""
    await providers.set_limits(worker, "replicate", in_flight=100, per_minute=10_000)
    for round_ in range(3):
        async with users.as_user(ann.user_id) as connection:
            assert await budgets.reserve_for_job(connection, ann.job_id, Decimal(5))
        keys = [f"{round_}{number:063x}" for number in range(8)]
        bought = [await opened(worker, ann, key, estimate="0.1") for key in keys]
        await worker.execute("update jobs set status = 'queued' where id = %s", (ann.job_id,))
        await jobs.request_cancel(worker, ann.job_id)

        async def end(attempt: UUID) -> None:
            async with Database(database_urls.worker).connect() as connection, connection.transaction():
                await attempts.close_attempt(
                    connection, attempt, AttemptState.SUCCEEDED, cost=Decimal("0.1"), billed=True
                )

        async def cancel() -> None:
            async with Database(database_urls.worker).connect() as connection:
                assert await jobs.cancel_job(connection, ann.job_id)

        await asyncio.gather(*(end(attempt) for attempt in bought[:4]), cancel(), *(end(one) for one in bought[4:]))
        assert (await sums(worker, ann))[0] == (await sums(worker, ann))[2] == 0
