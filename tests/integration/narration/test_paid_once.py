"""Whatever happens while a film is narrated, no line is paid for twice, unless its answer was lost: that is booked."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings
from resources.storage import Storage, StoredObject
from resources.voices.openai import OpenAIVoices
from resources.voices.protocol import EngineVoice, Speech
from studio import answers
from studio.answers import MOST_TAKES
from studio.concurrency import CANCEL_CHECK_SECONDS
from studio.narrating import narrate
from studio.purchasing import Patience
from studio.speaking import JSON
from tests.conftest import DatabaseUrls
from tests.integration.narration.conftest import PATIENCE, Desk, Running, charges, line, voices


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


class Dying:
    """An engine whose process dies at its n-th call: before it has asked, or before it has heard the answer."""

    at_once = 1

    def __init__(self, inner: Any, at: int, *, is_heard: bool) -> None:
        self.profile, self.voice_of, self.speaks = inner.profile, inner.voice_of, inner.speaks
        self.close = inner.close
        self._inner, self._at, self._is_heard, self._calls = inner, at, is_heard, 0

    async def speak(self, text: str, voice: EngineVoice, *, pace: float) -> Speech:
        self._calls += 1
        if self._calls == self._at and not self._is_heard:
            raise Killed
        answer: Speech = await self._inner.speak(text, voice, pace=pace)
        if self._calls == self._at:
            raise Killed
        return answer


class DyingStorage(Storage):
    """Dies right after the n-th line's facts were stored, before anybody could say so."""

    puts = 0
    at = 2

    async def put_bytes(self, key: str, body: bytes, content_type: str) -> StoredObject:
        stored = await super().put_bytes(key, body, content_type)
        if content_type == JSON:  # which comes after the sound
            self.puts += 1
            if self.puts == self.at:
                raise Killed
        return stored


class ForgetfulStorage(Storage):
    """Is out of order when the first sound comes."""

    def __init__(self, settings: Settings, failures: int) -> None:
        super().__init__(settings)
        self.failures = failures

    async def put_bytes(self, key: str, body: bytes, content_type: str) -> StoredObject:
        if self.failures:
            self.failures -= 1
            raise RecastError(ErrorCode.STORAGE_UNAVAILABLE, cause="for a test")
        return await super().put_bytes(key, body, content_type)


@pytest.fixture
async def engine(speaking: Running) -> AsyncIterator[OpenAIVoices]:
    engine = voices(speaking)
    yield engine
    await engine.close()


@pytest.fixture
def word() -> str:
    """In every line of one test, and of no other."""
    return uuid4().hex[:10]


async def film(desk: Desk, word: str, *, fault: str = "") -> Desk:
    """Three lines in two scenes; the second has a fault."""
    return await desk.plan(
        [line(f"One {word}.", 0, 4, "Ada"), line(f"Two {word}. {fault}".strip(), 4, 8, "Bruno")],
        [line(f"Three {word}.", 8, 13, "Ada")],
    )


def price(*texts: str) -> Decimal:
    return sum((Decimal(15) * len(text) / 1_000_000 for text in texts), Decimal(0))


async def test_every_line_is_paid_for_once_by_its_letters(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await film(desk, word)
    spoken = await made.narrate(engine)
    assert (spoken.bought, spoken.reused, await made.states()) == (3, 0, ["succeeded"] * 3)
    billed = sum(Decimal(str(charge["amount"])) for charge in charges(speaking, word))
    assert spoken.cost_usd == await made.spent() == billed == price(f"One {word}.", f"Two {word}.", f"Three {word}.")
    assert len(spoken.request_ids) == 3
    assert {attempt.kind.value for attempt in await made.attempts()} == {"speech"}


async def test_a_line_is_never_paid_for_again_in_any_film_of_its_user(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    first = await (await film(desk, word)).narrate(engine)
    other = await film(desk, word)
    again = await other.narrate(engine)
    assert (again.bought, again.reused, again.cost_usd) == (0, 3, Decimal(0))
    assert [scene.lines for scene in again.scenes] == [scene.lines for scene in first.scenes]
    assert len(charges(speaking, word)) == 3
    stranger = replace(desk, user_id=uuid4())
    assert (await (await film(stranger, word)).narrate(engine)).bought == 3


async def test_a_line_that_is_said_twice_is_bought_once(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await desk.plan(
        [line(f"Yes {word}.", 0, 4, "Ada"), line(f"Yes {word}.", 4, 8, "Ada")], [line(f"Yes {word}.", 8, 12, "Bruno")]
    )
    spoken = await made.narrate(engine)
    assert (spoken.lines, spoken.bought, len(charges(speaking, word))) == (3, 2, 2)


async def test_two_films_at_once_buy_a_line_once(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    one, other = await film(desk, word), await film(desk, word)
    await asyncio.gather(one.narrate(engine), other.narrate(engine))
    assert len(charges(speaking, word)) == 3
    assert len(await one.attempts()) + len(await other.attempts()) == 3


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_worker_that_dies_over_a_call_costs_one_line_at_most(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str, is_heard: bool
) -> None:
    made = await film(desk, word)
    with pytest.raises(Killed):
        await made.narrate(Dying(engine, 2, is_heard=is_heard))
    spoken = await made.narrate(engine)
    assert len(charges(speaking, word)) == (4 if is_heard else 3)
    # Nobody can know whether the lost call was made, so it is booked as paid; what was not asked for yet is not.
    assert [state for state in await made.states() if state != "absent"] == ["lost", *["succeeded"] * 3]
    assert spoken.lines == 3
    assert await made.spent() == sum(attempt.cost_usd or 0 for attempt in await made.attempts())


async def test_a_worker_that_dies_with_the_answer_stored_costs_nothing(
    desk: Desk, engine: OpenAIVoices, speaking: Running, settings: Settings, word: str
) -> None:
    made = await film(desk, word)
    with pytest.raises(Killed):
        await made.narrate(engine, storage=DyingStorage(settings))
    assert "intent" in await made.states()
    await made.narrate(engine)
    assert len(charges(speaking, word)) == 3
    assert [state for state in await made.states() if state != "absent"] == ["succeeded"] * 3
    assert await made.spent() == price(f"One {word}.", f"Two {word}.", f"Three {word}.")


async def test_an_attempt_of_a_job_that_has_ended_is_settled(
    desk: Desk, engine: OpenAIVoices, settings: Settings, word: str
) -> None:
    made = await film(desk, word)
    with pytest.raises(Killed):
        await made.narrate(engine, storage=DyingStorage(settings))
    async with desk.database.connect() as connection:
        await connection.execute(
            "update jobs set status = 'failed', error_code = 'INTERNAL' where id = %s", (made.job_id,)
        )
    settled = await made.settle(settings)
    assert any(done.endswith("kept") for done in settled)
    assert "intent" not in await made.states()


async def test_speech_that_is_paid_for_is_kept_once_the_storage_answers(
    desk: Desk,
    engine: OpenAIVoices,
    speaking: Running,
    settings: Settings,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "STORE_AGAIN_SECONDS", 0.05)
    made = await film(desk, word)
    spoken = await made.narrate(engine, storage=ForgetfulStorage(settings, failures=12))
    assert (spoken.bought, len(charges(speaking, word))) == (3, 3)
    assert await made.states() == ["succeeded"] * 3


@pytest.mark.parametrize("fault", ["500-after-accepting-once", "dropped-after-accepting-once", "corrupt-output-once"])
async def test_a_lost_answer_is_booked_and_the_line_asked_for_again(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str, fault: str
) -> None:
    made = await film(desk, word, fault=f"[[{fault}]]")
    spoken = await made.narrate(engine)
    assert (spoken.lines, len(charges(speaking, word))) == (3, 4)
    assert await made.states() == ["lost", *["succeeded"] * 3]
    again = await made.narrate(engine)
    assert (again.reused, again.cost_usd) == (3, 0)


async def test_a_service_that_loses_every_answer_is_given_up(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await film(desk, word, fault="[[500-after-accepting]]")
    with pytest.raises(RecastError, match=r"Scene 1: .*lost") as failed:
        await made.narrate(engine)
    assert failed.value.code is ErrorCode.AI_PROVIDER_FAILURE
    assert len([charge for charge in charges(speaking, word) if "500" in str(charge["prompt"])]) == MOST_TAKES


async def test_an_answer_without_a_sound_is_paid_once_and_left_out(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await film(desk, word, fault="[[black]]")
    spoken = await made.narrate(engine)
    assert (spoken.lines, len(charges(speaking, word))) == (2, 3)
    (told,) = await made.events("lines_unspoken")
    assert "silence" in told.message
    assert await made.spent() == price(f"One {word}.", f"Two {word}. [[black]]", f"Three {word}.")
    await made.narrate(engine)
    assert len(charges(speaking, word)) == 3


async def test_what_is_said_stays_as_it_is_when_the_server_s_voices_change(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await film(desk, word)
    first = await made.narrate(engine)
    other = voices(speaking, "tts-1-hd")
    again = await made.narrate(other)
    await other.close()
    assert (again.bought, again.reused, again.engines) == (0, 3, ["openai tts-1"])
    assert [scene.fit for scene in again.scenes] == [scene.fit for scene in first.scenes]
    assert len(charges(speaking, word)) == 3


async def test_a_scene_that_was_misread_is_spoken_again_and_no_other(
    desk: Desk, engine: OpenAIVoices, speaking: Running, settings: Settings, word: str
) -> None:
    made = await film(desk, word)
    first = await made.narrate(engine)
    async with desk.database.connect() as connection:
        await connection.execute(
            "update job_scenes set reading = reading + 1 where job_id = %s and scene_index = 2", (made.job_id,)
        )
    assert [row.speech for row in await made.scenes()] == [scene.lines for scene in first.scenes], "until it is there"
    again = await made.narrate(engine)
    assert (again.bought, again.reused, len(charges(speaking, word))) == (1, 2, 4)
    assert again.scenes[0] == first.scenes[0]
    (old,), (new,) = first.scenes[1].lines, again.scenes[1].lines
    assert (new.line.text, new.line.reading) == (old.line.text, 1)
    assert new.line.key != old.line.key
    assert (await made.narrate(engine)).reused == 3


async def test_a_film_that_is_said_needs_no_engine_any_more(desk: Desk, engine: OpenAIVoices, word: str) -> None:
    made = await film(desk, word)
    await made.narrate(engine)

    def gone() -> OpenAIVoices:
        raise RecastError(ErrorCode.PROVIDER_NOT_CONFIGURED)

    async with made.work() as work:
        again = await narrate(work, open_engine=gone, storage=made.storage, database=made.database, patience=PATIENCE)
    assert (again.lines, again.reused) == (3, 3)


async def test_a_lost_database_is_no_cancellation(
    desk: Desk, engine: OpenAIVoices, database_urls: DatabaseUrls, word: str
) -> None:
    """Or the job would not be started again."""
    made = await film(desk, word)

    class Losing(Dying):
        async def speak(self, text: str, voice: EngineVoice, *, pace: float) -> Speech:
            async with await psycopg.AsyncConnection.connect(database_urls.admin) as connection:
                await connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where application_name = 'recast-worker' and datname = current_database()"
                )
            await asyncio.sleep(2 * CANCEL_CHECK_SECONDS)
            answer: Speech = await self._inner.speak(text, voice, pace=pace)
            return answer

    with pytest.raises(RecastError) as failed:
        await made.narrate(Losing(engine, 0, is_heard=True))
    assert failed.value.code is ErrorCode.DATABASE_UNAVAILABLE


async def test_lines_that_are_stopped_before_they_are_asked_for_cost_nothing(
    desk: Desk, speaking: Running, settings: Settings, word: str
) -> None:
    """The first line is beyond the budget; others are being opened at that moment."""
    engine = voices(speaking, at_once=8)
    long = f"One {word} " + "and more " * 40
    made = await desk.plan([line(long, 0, 9, "Ada"), *(line(f"{n} {word}.", 9 + n, 10 + n, "Ada") for n in range(8))])
    async with desk.database.connect() as connection:
        await connection.execute("insert into budgets (user_id, limit_usd) values (%s, 0.002)", (desk.user_id,))
    with pytest.raises(RecastError) as failed:
        await made.narrate(engine)
    await engine.close()
    assert failed.value.code is ErrorCode.BUDGET_EXCEEDED
    await made.settle(settings)
    assert await made.spent() == sum(Decimal(str(charge["amount"])) for charge in charges(speaking, word))


async def test_all_lines_that_are_refused_are_told_at_once_and_the_others_are_owned(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await desk.plan(
        [line(f"One {word}. [[refuse]]", 0, 4, "Ada")],
        [line(f"Two {word}.", 4, 8, "Ada")],
        [line(f"Three {word}. [[refuse]]", 8, 12, "Ada")],
    )
    with pytest.raises(RecastError, match="Scenes 1, 3: The voice service refuses this line") as failed:
        await made.narrate(engine)
    assert failed.value.code is ErrorCode.CONTENT_REJECTED
    assert len(charges(speaking, word)) == 1


async def test_a_free_service_that_loses_every_answer_is_given_up_too(desk: Desk, speaking: Running, word: str) -> None:
    engine = voices(speaking, is_free=True)
    made = await desk.plan([line(f"One {word}. [[500-after-accepting]]", 0, 4, "Ada")])
    with pytest.raises(RecastError, match=r"Scene 1: .*lost") as failed:
        await made.narrate(engine)
    await engine.close()
    assert failed.value.code is ErrorCode.AI_PROVIDER_FAILURE
    assert len(charges(speaking, word)) == MOST_TAKES
    assert (await made.states(), await made.spent()) == (["lost"] * MOST_TAKES, 0)


async def test_a_free_service_that_turns_everybody_away_is_given_up_in_time(
    desk: Desk, speaking: Running, word: str
) -> None:
    engine = voices(speaking, is_free=True)
    made = await desk.plan([line(f"One {word}. [[429]]", 0, 4, "Ada")])
    with pytest.raises(RecastError) as failed:
        await made.narrate(engine, patience=Patience(take_seconds=1))
    await engine.close()
    assert (failed.value.code, charges(speaking, word)) == (ErrorCode.PROVIDER_BUSY, [])


async def test_a_line_is_the_same_by_whatever_tag_its_film_calls_the_language(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    await (await desk.plan([line(f"One {word}.", 0, 4, "Ada")], language="en")).narrate(engine)
    again = await (await desk.plan([line(f"One {word}.", 0, 4, "Ada")], language="en-GB")).narrate(engine)
    assert (again.reused, len(charges(speaking, word))) == (1, 1)


async def test_a_service_that_asks_for_patience_gets_it(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await film(desk, word, fault="[[429-once]]")
    assert (await made.narrate(engine)).bought == 3
    assert "absent" in await made.states()
    assert len(charges(speaking, word)) == 3


async def test_what_the_service_refuses_fails_the_stage_and_names_the_scene(
    desk: Desk, engine: OpenAIVoices, word: str
) -> None:
    made = await film(desk, word, fault="[[refuse]]")
    with pytest.raises(RecastError, match="Scene 1: The voice service refuses this line") as failed:
        await made.narrate(engine)
    assert failed.value.code is ErrorCode.CONTENT_REJECTED


async def test_no_line_is_bought_beyond_the_budget(
    desk: Desk, engine: OpenAIVoices, speaking: Running, word: str
) -> None:
    made = await film(desk, word)
    async with desk.database.connect() as connection:
        await connection.execute("insert into budgets (user_id, limit_usd) values (%s, 0.0003)", (desk.user_id,))
    with pytest.raises(RecastError) as failed:
        await made.narrate(engine)
    assert failed.value.code is ErrorCode.BUDGET_EXCEEDED
    assert len(charges(speaking, word)) <= 1


async def test_a_canceled_job_keeps_what_it_has_paid_for(
    desk: Desk, engine: OpenAIVoices, speaking: Running, settings: Settings, word: str
) -> None:
    made = await film(desk, word, fault="[[slow]]")

    class Canceling(Dying):
        """Its user thinks better of it at the second line."""

        async def speak(self, text: str, voice: EngineVoice, *, pace: float) -> Speech:
            if text.startswith("Two"):
                await made.cancel()
                await asyncio.sleep(2 * CANCEL_CHECK_SECONDS)
            answer: Speech = await self._inner.speak(text, voice, pace=pace)
            return answer

    with pytest.raises(RecastError) as failed:
        await made.narrate(Canceling(engine, 0, is_heard=True))
    assert failed.value.code is ErrorCode.JOB_CANCELED
    await made.settle(settings)
    asked = charges(speaking, word)
    assert {attempt.state.value for attempt in await made.attempts()} == {"succeeded"}
    assert 1 <= len(asked) <= 2
    assert await made.spent() == sum(Decimal(str(charge["amount"])) for charge in asked)
