"""Filming with a provider that takes money, in good times and bad: nothing is paid twice, nothing paid for is lost."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import ErrorCode
from domain.states import SceneStatus
from resources.database import budgets, jobs
from resources.database.connection import Connection
from resources.database.invariants import find_violations
from resources.media import probe
from resources.storage import source_object_key
from tests.integration.filming.conftest import Bill, Died, DyingCameras, Set

MakeSet = Callable[..., "asyncio.Future[Set]"]
Books = Callable[[], dict[str, float]]


@pytest.fixture(autouse=True)
async def _the_books_are_in_order(connection: Connection) -> object:
    yield
    assert await find_violations(connection) == []


async def test_a_scene_is_bought_checked_and_kept(a_set: MakeSet, bill: Bill, books: Books, tmp_path: Path) -> None:
    set_ = await a_set("Ada waves", "Ada nods")
    filmed = await set_.film()
    assert [(one.error, one.reused, float(one.cost_usd)) for one in filmed] == [(None, False, 0.5)] * 2
    assert len(bill.ids()) == 2
    bought = await set_.attempts()
    assert sorted(str(one.provider_request_id) for one in bought) == sorted(map(str, bill.ids()))
    assert [(one.state.value, float(one.cost_usd or 0), one.is_billed) for one in bought] == [
        ("succeeded", 0.5, True)
    ] * 2
    assert books() == {"job_reserved": 0, "job_spent": 1, "reserved": 0, "spent": 1}
    for row in await set_.rows():
        assert row.s3_key
        assert row.clip_key
        clip = tmp_path / f"{row.scene_index}.mp4"
        await set_.storage.download(row.s3_key, clip)
        facts = probe(clip)
        assert (facts.width, facts.height, facts.frames, facts.frame_rate, facts.has_audio) == (1280, 720, 60, 30, True)
        assert await set_.storage.head(source_object_key(set_.user_id, row.clip_key)), "the original is kept too"


async def test_what_is_owned_is_not_bought_again(a_set: MakeSet, bill: Bill) -> None:
    await (await a_set("Ada waves")).film()
    again = await a_set("Ada waves")
    filmed = await again.film()
    assert [(one.error, one.reused) for one in filmed] == [(None, True)]
    assert len(bill.ids()) == 1
    assert await again.attempts() == []


async def test_two_jobs_that_want_the_same_clip_at_once_buy_it_once(a_set: MakeSet, bill: Bill) -> None:
    one, other = await a_set("Ada waves"), await a_set("Ada waves")
    films = await asyncio.gather(one.film(), other.film())
    assert [filmed.error for film in films for filmed in film] == [None, None]
    assert len(bill.ids()) == 1


async def test_two_scenes_of_one_job_that_are_the_same_are_bought_once(a_set: MakeSet, bill: Bill) -> None:
    filmed = await (await a_set("Ada waves", "Ada waves")).film()
    assert [one.error for one in filmed] == [None, None]
    assert len(bill.ids()) == 1


@pytest.mark.parametrize(
    "trouble", ["timeout-after-accepting-once", "dropped-after-accepting-once", "500-after-accepting-once"]
)
async def test_an_answer_that_was_lost_is_found_and_not_asked_for_again(
    a_set: MakeSet, bill: Bill, trouble: str
) -> None:
    set_ = await a_set(f"Ada waves [[{trouble}]]")
    assert [one.error for one in await set_.film()] == [None]
    assert len(bill.ids()) == 1
    assert await set_.states() == ["succeeded"]


async def test_a_call_that_the_provider_never_took_is_made_again_after_a_while(a_set: MakeSet, bill: Bill) -> None:
    set_ = await a_set("Ada waves [[500-once]]")
    assert [one.error for one in await set_.film()] == [None]
    assert len(bill.ids()) == 1
    assert await set_.states() == ["absent", "succeeded"]


async def test_a_provider_that_throttles_is_waited_for(a_set: MakeSet, bill: Bill) -> None:
    set_ = await a_set("Ada waves [[429-once]]")
    assert [one.error for one in await set_.film()] == [None]
    assert len(bill.ids()) == 1
    assert (await set_.states())[-1] == "succeeded"


@pytest.mark.parametrize("trouble", ["429", "500"])
async def test_a_provider_that_takes_nothing_is_given_up_after_a_while(
    a_set: MakeSet, bill: Bill, trouble: str
) -> None:
    set_ = (await a_set(f"Ada waves [[{trouble}]]")).with_limits(scene_seconds=1, absent_seconds=0.1)
    (filmed,) = await set_.film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.PROVIDER_BUSY
    assert set(await set_.states()) == {"absent"}
    assert bill.ids() == []


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("refuse", ErrorCode.CONTENT_REJECTED),
        ("402", ErrorCode.PROVIDER_QUOTA),
        ("422", ErrorCode.PROVIDER_INPUT_INVALID),
    ],
)
async def test_what_only_people_can_change_is_not_tried_again(
    a_set: MakeSet, bill: Bill, books: Books, trouble: str, code: ErrorCode
) -> None:
    set_ = await a_set(f"Ada waves [[{trouble}]]", "Ada nods")
    filmed = await set_.film()
    assert [one.error and one.error.code for one in filmed] == [code, None]
    assert sorted(await set_.states()) == ["failed", "succeeded"]
    assert len(bill.ids()) == 1
    assert books()["spent"] == 0.5


async def test_a_failure_of_the_provider_is_tried_again_and_costs_nothing(a_set: MakeSet, bill: Bill) -> None:
    set_ = await a_set("Ada waves [[fail-once]]")
    assert [one.error for one in await set_.film()] == [None]
    assert await set_.states() == ["failed", "succeeded"]
    assert len(bill.ids()) == 1


@pytest.mark.parametrize("trouble", ["black", "frozen", "corrupt-output"])
async def test_a_clip_that_cannot_be_shown_is_bought_anew_a_bounded_number_of_times(
    a_set: MakeSet, bill: Bill, books: Books, trouble: str
) -> None:
    set_ = await a_set(f"Ada waves [[{trouble}]]")
    (filmed,) = await set_.film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.CLIP_REJECTED
    assert float(filmed.cost_usd) == 1.5
    bought = await set_.attempts()
    assert [one.state.value for one in bought] == ["rejected"] * 3
    assert len({one.purchase_key for one in bought}) == 3, "no key is paid for twice"
    assert len(bill.ids()) == 3
    assert books()["spent"] == 1.5


async def test_a_bad_clip_is_followed_by_a_good_one(a_set: MakeSet) -> None:
    set_ = await a_set("Ada waves [[black-once]]")
    (filmed,) = await set_.film()
    assert filmed.error is None
    assert float(filmed.cost_usd) == 1.0
    assert await set_.states() == ["rejected", "succeeded"]


@pytest.mark.parametrize("trouble", ["output-gone", "private-output", "redirect-to-private"])
async def test_an_output_that_cannot_be_had_is_paid_for_and_bought_anew(
    a_set: MakeSet, bill: Bill, trouble: str
) -> None:
    set_ = await a_set(f"Ada waves [[{trouble}-once]]")
    (filmed,) = await set_.film()
    assert filmed.error is None
    assert (await set_.states())[0] in ("lost", "rejected")
    assert len(bill.ids()) == 2


async def test_an_output_that_is_away_for_a_moment_is_waited_for(a_set: MakeSet, bill: Bill) -> None:
    set_ = await a_set("Ada waves [[output-unavailable-once]]")
    assert [one.error for one in await set_.film()] == [None]
    assert len(bill.ids()) == 1


async def test_a_scene_beyond_its_time_is_canceled_and_accounted_for(a_set: MakeSet, bill: Bill, books: Books) -> None:
    set_ = (await a_set("Ada waves [[stuck]]")).with_limits(scene_seconds=3)
    (filmed,) = await set_.film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.SCENE_TIMEOUT
    assert await set_.states() == ["canceled"]
    assert len(bill.ids()) == 1
    assert books() == {"job_reserved": 0, "job_spent": 0.5, "reserved": 0, "spent": 0.5}


async def test_a_canceled_job_cancels_at_the_provider_and_keeps_what_is_paid(
    a_set: MakeSet, bill: Bill, connection: Connection
) -> None:
    set_ = await a_set("Ada waves", "Ada nods [[stuck]]")
    filming = asyncio.create_task(set_.film())
    await set_.until("succeeded")
    await set_.until("submitted")
    await jobs.request_cancel(connection, set_.job_id)
    with pytest.raises(Exception, match="JOB_CANCELED"):
        await filming
    assert sorted(await set_.states()) == ["canceled", "succeeded"]
    assert [row.status for row in await set_.rows()] == [SceneStatus.SUCCEEDED, SceneStatus.CANCELED]
    assert len(bill.ids()) == 2, "what was canceled after it had begun is billed by the provider"


async def test_nothing_is_bought_beyond_the_budget(
    a_set: MakeSet, bill: Bill, connection: Connection, books: Books
) -> None:
    set_ = await a_set("Ada waves", "Ada nods")
    await connection.execute("select lock_budget(%s)", (set_.user_id,))
    await connection.execute("update budgets set limit_usd = 0.7")
    filmed = await set_.film()
    assert sorted(str(one.error and one.error.code) for one in filmed) == ["BUDGET_EXCEEDED", "None"]
    assert len(bill.ids()) == 1
    assert books()["spent"] == 0.5
    await budgets.set_ceiling(connection, set_.user_id, Decimal(5))
    await connection.execute("update budgets set limit_usd = 2")
    assert [one.error for one in await set_.film()] == [None, None]
    assert len(bill.ids()) == 2


async def test_a_killed_run_is_carried_on_and_pays_nothing_again(a_set: MakeSet, bill: Bill) -> None:
    """A task that is canceled without the user's wish stands for a worker that died: it undoes nothing."""
    set_ = await a_set(*(f"Ada waves {number} [[slow]]" for number in range(3)))
    filming = asyncio.create_task(set_.film())
    await set_.until("submitted", count=3)
    filming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filming
    assert await set_.states() == ["submitted"] * 3
    assert [one.error for one in await set_.film()] == [None] * 3
    assert await set_.states() == ["succeeded"] * 3
    assert len(bill.ids()) == 3


@pytest.mark.parametrize("was_made", [True, False], ids=["the call was made", "the call was not made"])
async def test_an_intent_whose_writer_died_is_looked_up(a_set: MakeSet, bill: Bill, was_made: bool) -> None:
    set_ = await a_set("Ada waves")
    dying = replace(set_, cameras=DyingCameras(set_.cameras.settings, is_after=was_made))
    with pytest.raises(Died):
        await dying.film()
    assert await set_.states() == ["intent"]
    assert [one.error for one in await set_.film()] == [None]
    assert await set_.states() == (["succeeded"] if was_made else ["absent", "succeeded"])
    assert len(bill.ids()) == 1


async def test_a_clip_that_vanished_from_storage_is_not_paid_for_under_the_same_key(
    a_set: MakeSet, bill: Bill, connection: Connection
) -> None:
    set_ = await a_set("Ada waves")
    await set_.film()
    (row,) = await set_.rows()
    assert row.s3_key
    await connection.execute("delete from assets")
    await connection.execute("update job_scenes set status = 'queued'")
    (filmed,) = await set_.film()
    assert filmed.error is None
    bought = await set_.attempts()
    assert [one.state.value for one in bought] == ["lost", "succeeded"]
    assert len({one.purchase_key for one in bought}) == 2
    assert len(bill.ids()) == 2


async def test_a_clip_whose_original_is_kept_is_still_owned(a_set: MakeSet, bill: Bill, connection: Connection) -> None:
    """Mezzanines may be deleted: what they were encoded from makes them anew."""
    set_ = await a_set("Ada waves")
    await set_.film()
    await connection.execute("update assets set s3_key = s3_key || '.deleted'")
    await connection.execute("update job_scenes set status = 'queued'")
    (filmed,) = await set_.film()
    assert (filmed.error, filmed.reused) == (None, True)
    assert len(bill.ids()) == 1


async def test_a_film_that_may_be_partial_shows_a_draft_for_what_failed(a_set: MakeSet, bill: Bill) -> None:
    set_ = await a_set("Ada waves", "Ada nods [[refuse]]", deliver_partial=True)
    filmed = await set_.film()
    assert [(one.error, one.is_placeholder) for one in filmed] == [(None, False), (None, True)]
    assert [(row.status, row.is_placeholder) for row in await set_.rows()] == [
        (SceneStatus.SUCCEEDED, False),
        (SceneStatus.SUCCEEDED, True),
    ]
    assert len(bill.ids()) == 1


async def test_one_scene_filmed_again_is_one_purchase(a_set: MakeSet, bill: Bill) -> None:
    set_ = await a_set("Ada waves", "Ada nods", "Ada laughs")
    await set_.film()
    before = [(row.clip_key, row.s3_key) for row in await set_.rows()]
    await set_.film(again=[2])
    after = [(row.clip_key, row.s3_key) for row in await set_.rows()]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert len(bill.ids()) == 4
