"""What ended jobs leave at providers is fetched, canceled or looked up; and the books say when they do not add up."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.attempts import AttemptState
from domain.errors import ErrorCode
from resources.database import attempts, clips, jobs
from resources.database.connection import Connection
from resources.database.invariants import find_violations
from studio import purchasing
from studio.settling import Settler
from tests.integration.filming.conftest import Bill, Died, DyingCameras, Set

MakeSet = Callable[..., "asyncio.Future[Set]"]


def settler(set_: Set) -> Settler:
    return Settler(set_.database, set_.storage, set_.cameras, set_.limits.patience)


async def leave_behind(set_: Set, connection: Connection) -> None:
    """The worker dies once all scenes are submitted, and the job ends without another run."""
    await die(set_, connection)
    await give_up(set_, connection)


async def die(set_: Set, connection: Connection) -> None:
    filming = asyncio.create_task(set_.film())
    await set_.until("submitted", count=len(await set_.rows()))
    filming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filming
    await connection.execute("update provider_attempts set created_at = created_at - interval '31 s'")


async def give_up(set_: Set, connection: Connection) -> None:
    job = await jobs.find_job(connection, set_.job_id)
    assert job
    await jobs.fail_job(connection, job.id, ErrorCode.RUN_LOST, "lost", run_id=job.dagster_run_id)
    await connection.execute("update provider_attempts set created_at = created_at - interval '31 s'")


async def settled(set_: Set, *, until: str) -> list[str]:
    said: list[str] = []
    async with asyncio.timeout(30):
        while until not in await set_.states():
            said += await settler(set_).settle_left_behind()
            await asyncio.sleep(0.1)
    return said


async def test_a_clip_that_its_job_has_left_behind_is_kept_for_a_later_try(
    a_set: MakeSet, bill: Bill, connection: Connection
) -> None:
    set_ = await a_set("Ada waves [[slow]]")
    await leave_behind(set_, connection)
    await settled(set_, until="succeeded")
    (attempt,) = await set_.attempts()
    assert await clips.find_clip(connection, set_.user_id, attempt.purchase_key)
    again = await a_set("Ada waves [[slow]]")
    assert [(one.error, one.reused) for one in await again.film()] == [(None, True)]
    assert len(bill.ids()) == 1
    assert await find_violations(connection) == []


async def test_a_job_that_waits_for_its_next_run_takes_no_place_at_the_provider(
    a_set: MakeSet, bill: Bill, connection: Connection
) -> None:
    """Its run may wait behind others that wait for just these places."""
    set_ = await a_set("Ada waves")
    await die(set_, connection)
    await settled(set_, until="succeeded")
    assert [(one.error, one.reused) for one in await set_.film()] == [(None, True)]
    assert len(bill.ids()) == 1
    assert await find_violations(connection) == []


async def test_what_a_canceled_job_has_left_running_is_canceled(a_set: MakeSet, connection: Connection) -> None:
    set_ = await a_set("Ada waves [[stuck]]")
    await leave_behind(set_, connection)
    await connection.execute("update jobs set status = 'queued', error_code = null, error_message = null")
    await jobs.request_cancel(connection, set_.job_id)
    await jobs.cancel_job(connection, set_.job_id)
    await settled(set_, until="canceled")
    assert await find_violations(connection) == []


@pytest.mark.parametrize("was_made", [True, False], ids=["the call was made", "the call was not made"])
async def test_an_intent_that_was_left_behind_is_looked_up(
    a_set: MakeSet, bill: Bill, connection: Connection, was_made: bool
) -> None:
    set_ = await a_set("Ada waves")
    dying = replace(set_, cameras=DyingCameras(set_.cameras.settings, is_after=was_made))
    with pytest.raises(Died):
        await dying.film()
    await give_up(set_, connection)
    await settled(set_, until="succeeded" if was_made else "absent")
    assert len(bill.ids()) == (1 if was_made else 0)


async def test_the_attempts_of_a_job_under_way_are_left_to_it(a_set: MakeSet, connection: Connection) -> None:
    set_ = await a_set("Ada waves [[slow]]")
    filming = asyncio.create_task(set_.film())
    await set_.until("submitted")
    assert await settler(set_).settle_left_behind() == []
    assert [one.error for one in await filming] == [None]


async def given_up(set_: Set, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene fails for its time, and the provider does not tell in time that it has stopped."""
    monkeypatch.setattr(purchasing, "SETTLE_SECONDS", 0.0)
    (filmed,) = await set_.with_limits(scene_seconds=0.5).film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.SCENE_TIMEOUT
    assert await set_.states() == ["submitted"]
    await connection.execute("update provider_attempts set created_at = created_at - interval '31 s'")


async def test_what_a_job_under_way_has_given_up_is_settled_too(
    a_set: MakeSet, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job may film other scenes for hours, and each that was given up takes a place at the provider."""
    set_ = await a_set("Ada waves [[stuck]]")
    await given_up(set_, connection, monkeypatch)
    await connection.execute("update provider_attempts set submitted_at = submitted_at - interval '31 s'")
    async with set_.work():
        late = set_.with_limits(scene_seconds=30)
        await settled(late, until="canceled")
    assert await find_violations(connection) == []


async def test_a_scene_is_filmed_again_once_what_was_given_up_is_settled(
    a_set: MakeSet, bill: Bill, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_ = await a_set("Ada waves [[slow]]")
    await given_up(set_, connection, monkeypatch)
    filming = asyncio.create_task(set_.film(again=[1]))
    await settled(set_, until="succeeded")
    assert [one.error for one in await filming] == [None]
    assert await set_.states() == ["succeeded", "succeeded"]
    assert len(bill.ids()) == 2
    assert await find_violations(connection) == []


async def test_a_scene_does_not_wait_for_ever_for_what_was_given_up(
    a_set: MakeSet, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_ = await a_set("Ada waves [[stuck]]")
    await given_up(set_, connection, monkeypatch)
    (filmed,) = await set_.with_limits(scene_seconds=1).film(again=[1])
    assert filmed.error
    assert filmed.error.code is ErrorCode.PROVIDER_BUSY


async def test_an_output_that_stays_away_is_left_for_later(
    a_set: MakeSet, bill: Bill, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sweeps looks but once, or one such output would keep all others waiting."""
    set_ = await a_set("Ada waves [[output-unavailable]]")
    (filmed,) = await set_.with_limits(scene_seconds=6).film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.PROVIDER_BUSY
    assert await set_.states() == ["submitted"]
    await give_up(set_, connection)
    assert await settler(set_).settle_left_behind() == []
    assert await set_.states() == ["submitted"]
    assert len(bill.ids()) == 1


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("delete from assets", "a paid clip has a scene, and is in storage or says why not"),
        ("update provider_attempts set scene_id = null", "a paid clip has a scene, and is in storage or says why not"),
        ("update jobs set spent_usd = 7", "the cost of a job is that of its attempts"),
        ("update budgets set spent_usd = 7", "a budget has spent what was paid this month"),
        ("update budgets set reserved_usd = 7", "a budget has aside what its jobs have aside"),
        (
            "update provider_attempts set state = 'unknown', created_at = now() - interval '16 min'",
            "an unknown outcome is settled soon",
        ),
        (
            "insert into provider_attempts (user_id, job_id, purchase_key, provider, model, state, cost_usd)"
            " select user_id, job_id, purchase_key, provider, model, 'rejected', 1 from provider_attempts",
            "a key is paid for once",
        ),
    ],
)
async def test_whatever_does_not_add_up_is_found(
    a_set: MakeSet, connection: Connection, damage: str, rule: str
) -> None:
    await (await a_set("Ada waves")).film()
    assert await find_violations(connection) == []
    await connection.execute(damage)  # type: ignore[call-overload]
    assert rule in {violation.rule for violation in await find_violations(connection)}


async def test_an_operator_settles_what_nobody_can_know(a_set: MakeSet, bill: Bill, connection: Connection) -> None:
    """A provider without a list of its requests, and no webhook: nothing is asked again until somebody has looked."""
    set_ = await a_set("Ada waves [[timeout-after-accepting-once]]", provider="pika", model=None)
    (filmed,) = await set_.film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.OUTCOME_UNKNOWN
    assert await set_.states() == ["parked"]
    (filmed,) = await set_.film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.OUTCOME_UNKNOWN
    (attempt,) = await attempts.list_parked(connection)
    (request_id,) = bill.ids()
    assert await attempts.record_handle(connection, attempt.id, str(request_id), None)
    assert [one.error for one in await set_.film()] == [None]
    assert len(bill.ids()) == 1


async def test_a_parked_attempt_that_was_never_made_frees_its_key(
    a_set: MakeSet, bill: Bill, connection: Connection
) -> None:
    set_ = await a_set("Ada waves [[500-once]]", provider="pika", model=None)
    await set_.film()
    (attempt,) = await attempts.list_parked(connection)
    assert await attempts.close_attempt(connection, attempt.id, AttemptState.ABSENT, reason="looked up")
    assert [one.error for one in await set_.film()] == [None]
    assert len(bill.ids()) == 1
