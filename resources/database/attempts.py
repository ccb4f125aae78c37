"""The provider_attempts table: the ledger of paid calls. Opening and closing are functions of the database, so that the
provider's limits, the budget and the job's sums move with the row or not at all."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.attempts import LIVE, AttemptState, Kind
from resources.database.connection import Connection
from resources.database.locks import held, lock_of
from resources.database.records import Attempt, Record


class Opening(Record):
    """What came of the wish to buy: an attempt; or seconds to wait for the provider; or no money left; or nothing of
    these, when the key has an attempt that stands."""

    attempt: UUID | None
    wait_seconds: float | None
    is_over_budget: bool


async def open_attempt(
    connection: Connection,
    *,
    user_id: UUID,
    job_id: UUID,
    scene_id: UUID | None,
    kind: Kind,
    key: str,
    provider: str,
    model: str,
    model_version: str,
    estimate: Decimal,
    request: dict[str, Any],
) -> Opening:
    cursor = connection.cursor(row_factory=class_row(Opening))
    await cursor.execute(
        "select * from open_attempt(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (user_id, job_id, scene_id, kind, key, provider, model, model_version, estimate, Jsonb(request)),
    )
    opening = await cursor.fetchone()
    assert opening
    return opening


async def find_attempt(connection: Connection, attempt_id: UUID) -> Attempt | None:
    cursor = connection.cursor(row_factory=class_row(Attempt))
    await cursor.execute("select * from ledger where id = %s", (attempt_id,))
    return await cursor.fetchone()


async def find_standing(connection: Connection, user_id: UUID, key: str) -> Attempt | None:
    """The attempt in the way of another purchase under ``key``: alive, parked, or bought."""
    cursor = connection.cursor(row_factory=class_row(Attempt))
    await cursor.execute(
        "select * from ledger where user_id = %s and purchase_key = %s and state = any(%s)",
        (user_id, key, [*LIVE, AttemptState.SUCCEEDED, AttemptState.PARKED]),
    )
    return await cursor.fetchone()


async def has_cost(connection: Connection, user_id: UUID, key: str) -> bool:
    """Whether something was ever paid under ``key``: then it is never bought again."""
    cursor = await connection.execute(
        "select exists (select from provider_attempts where user_id = %s and purchase_key = %s and cost_usd > 0)",
        (user_id, key),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def list_bought(connection: Connection, user_id: UUID, keys: Sequence[str]) -> set[str]:
    """Under which of these keys something was bought and kept."""
    cursor = await connection.execute(
        """
        select purchase_key from provider_attempts
        where user_id = %s and purchase_key = any(%s) and state = 'succeeded'
        """,
        (user_id, list(keys)),
    )
    return {row[0] for row in await cursor.fetchall()}


async def list_spent_trainings(connection: Connection, user_id: UUID) -> set[str]:
    """Keys under which a training was paid for and no character of the user's has a model: it was canceled half way,
    or the character that had the model is deleted."""
    cursor = await connection.execute(
        """
        select purchase_key from provider_attempts
        where user_id = %(user)s and kind = 'training' and cost_usd > 0 and not exists (
          select from characters where characters.user_id = %(user)s and training_key = purchase_key
            and model_version is not null)
        """,
        {"user": user_id},
    )
    return {row[0] for row in await cursor.fetchall()}


async def confirm_intent(connection: Connection, attempt_id: UUID) -> bool:
    """Whether the call may be made: nobody has looked into the attempt meanwhile. Fails with the connection."""
    cursor = await connection.execute(
        "update provider_attempts set state = 'intent' where id = %s and state = 'intent'", (attempt_id,)
    )
    return cursor.rowcount == 1


async def mark_unknown(connection: Connection, attempt_id: UUID, reason: str) -> None:
    await connection.execute(
        "update provider_attempts set state = 'unknown', reason = %s where id = %s and state = 'intent'",
        (reason, attempt_id),
    )


async def unknown_seconds(connection: Connection, attempt_id: UUID) -> float:
    """For how long the outcome of an attempt has been unknown, by the clock that all processes share: nothing of its
    row changes in this state. The call itself was made before that, though perhaps only just."""
    cursor = await connection.execute(
        "select extract(epoch from clock_timestamp() - updated_at)::float8 from provider_attempts where id = %s",
        (attempt_id,),
    )
    row = await cursor.fetchone()
    assert row
    seconds: float = row[0]
    return seconds


async def record_handle(connection: Connection, attempt_id: UUID, request_id: str, response_id: str | None) -> bool:
    """Commit the provider's id. False when that id belongs to another attempt already, or the attempt has ended."""
    try:
        cursor = await connection.execute(
            """
            update provider_attempts
            set state = 'submitted', provider_request_id = %s, response_id = coalesce(%s, response_id),
              submitted_at = coalesce(submitted_at, clock_timestamp())
            where id = %s and state in ('intent', 'unknown', 'parked', 'submitted')
            """,
            (request_id, response_id, attempt_id),
        )
    except UniqueViolation:
        return False
    return cursor.rowcount == 1


async def park(connection: Connection, attempt_id: UUID, reason: str) -> None:
    await connection.execute(
        """
        update provider_attempts set state = 'parked', reason = %s, error_code = 'OUTCOME_UNKNOWN'
        where id = %s and state in ('intent', 'unknown')
        """,
        (reason, attempt_id),
    )


async def close_attempt(
    connection: Connection,
    attempt_id: UUID,
    state: AttemptState,
    *,
    cost: Decimal = Decimal(0),
    billed: bool = False,
    code: str | None = None,
    message: str | None = None,
    reason: str | None = None,
) -> bool:
    """End the attempt and account for it. False when it has ended already, or is to be absent and has an id of the
    provider's."""
    cursor = await connection.execute(
        "select close_attempt(%s, %s, %s, %s, %s, %s, %s)", (attempt_id, state, cost, billed, code, message, reason)
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def mark_lost(connection: Connection, attempt_id: UUID, reason: str) -> None:
    """What was bought is not there any more."""
    await connection.execute(
        """
        update provider_attempts set state = 'lost', error_code = 'CLIP_LOST', reason = %s
        where id = %s and state = 'succeeded'
        """,
        (reason, attempt_id),
    )


async def list_hinted(connection: Connection, job_id: UUID) -> Sequence[UUID]:
    """Attempts of the job that a webhook has told of and nobody has looked at since; each is told once."""
    cursor = await connection.execute(
        """
        update provider_attempts set hinted_at = null
        where job_id = %s and hinted_at is not null and state = 'submitted' returning id
        """,
        (job_id,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def receive_webhook(
    connection: Connection, webhook_id: str, provider: str, attempt_id: UUID, request_id: str
) -> bool:
    """Note that a provider has told of an attempt. False for one told before, and for an attempt that is not known."""
    cursor = await connection.execute(
        "select receive_webhook(%s, %s, %s, %s)", (webhook_id, provider, attempt_id, request_id)
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def count_ended(connection: Connection, scene_id: UUID) -> tuple[int, int]:
    """How many attempts of the scene have come to nothing at no cost, and how many cost money and gave no clip, since
    its job was last started by its user."""
    cursor = await connection.execute(
        """
        select count(*) filter (where coalesce(cost_usd, 0) = 0),
          count(*) filter (where cost_usd > 0)
        from provider_attempts join jobs on jobs.id = job_id
        where scene_id = %s and state in ('failed', 'rejected', 'lost', 'canceled')
          and provider_attempts.created_at >= coalesce(jobs.started_at, provider_attempts.created_at)
        """,
        (scene_id,),
    )
    row = await cursor.fetchone()
    assert row
    return row[0], row[1]


class JobAttempt(Record):
    """An attempt as its user may see it."""

    id: UUID
    kind: Kind
    scene_index: int | None
    provider: str
    model: str
    state: AttemptState
    estimated_cost_usd: Decimal
    cost_usd: Decimal | None
    error_code: str | None
    created_at: datetime
    finished_at: datetime | None


async def list_own_attempts(connection: Connection, job_id: UUID) -> Sequence[JobAttempt]:
    """Those of a job of the connection's user, oldest first."""
    cursor = connection.cursor(row_factory=class_row(JobAttempt))
    await cursor.execute(
        """
        select a.id, a.kind, scene_index, a.provider, a.model, a.state, a.estimated_cost_usd, a.cost_usd, a.error_code,
          a.created_at, a.finished_at
        from provider_attempts a left join job_scenes on job_scenes.id = a.scene_id
        where a.job_id = %s order by a.created_at
        """,
        (job_id,),
    )
    return await cursor.fetchall()


async def list_job_attempts(connection: Connection, job_id: UUID) -> Sequence[Attempt]:
    cursor = connection.cursor(row_factory=class_row(Attempt))
    await cursor.execute("select * from ledger where job_id = %s order by created_at", (job_id,))
    return await cursor.fetchall()


class Cost(Record):
    provider: str
    model: str
    kind: Kind
    bought: int
    usd: Decimal


async def sum_costs(connection: Connection, month: date) -> Sequence[Cost]:
    """What the connection's user paid in the calendar month (UTC) that begins on ``month``."""
    cursor = connection.cursor(row_factory=class_row(Cost))
    await cursor.execute(
        """
        select provider, model, kind, count(*) as bought, sum(cost_usd) as usd from provider_attempts
        where cost_usd > 0 and finished_at >= %(month)s::timestamp at time zone 'utc'
          and finished_at < (%(month)s::timestamp + interval '1 month') at time zone 'utc'
        group by provider, model, kind order by usd desc
        """,
        {"month": month},
    )
    return await cursor.fetchall()


async def list_left_behind(connection: Connection, older_than_seconds: float, limit: int) -> Sequence[Attempt]:
    """Live attempts that nobody works on: they may still cost or bring something, they take a place at the provider,
    for which jobs may wait that would have to end before their own job is worked on again, and they keep their scene
    from being filmed again."""
    cursor = connection.cursor(row_factory=class_row(Attempt))
    await cursor.execute(
        sql.SQL(
            "select * from ledger where state in ('intent', 'unknown', 'submitted') and age_seconds >= %s"
            " and {} not in ({}) order by created_at limit %s"
        ).format(lock_of(sql.SQL("user_id::text || '/' || purchase_key")), held(LOCK_SPACE)),
        (older_than_seconds, limit),
    )
    return await cursor.fetchall()


async def list_parked(connection: Connection) -> Sequence[Attempt]:
    cursor = connection.cursor(row_factory=class_row(Attempt))
    await cursor.execute("select * from ledger where state = 'parked' order by created_at")
    return await cursor.fetchall()


# Who works on a purchase: a session advisory lock on user and key, so that two jobs never buy the same thing at once

LOCK_SPACE = 0x7266


async def try_lock_purchase(connection: Connection, user_id: UUID, key: str) -> bool:
    cursor = await connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_SPACE, f"{user_id}/{key}"))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def unlock_purchase(connection: Connection, user_id: UUID, key: str) -> None:
    await connection.execute("select pg_advisory_unlock(%s, hashtext(%s))", (LOCK_SPACE, f"{user_id}/{key}"))
