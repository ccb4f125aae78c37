"""Whatever happens while audio is heard, no chunk is paid for twice, unless its answer was lost: then it is booked."""

import asyncio
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.speech import speak
from domain.errors import ErrorCode, RecastError
from resources.speech.protocol import AnswerForm, Transcription
from resources.storage import Storage, StoredObject
from studio import answers
from studio.answers import MOST_TAKES
from studio.settling import Settler
from tests.integration.listening.conftest import PATIENCE, USD_PER_MINUTE, Desk, Service, engine


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """58 seconds, which are four chunks."""
    return speak(tmp_path_factory.mktemp("speech") / "speech.wav")


class Dying:
    """An engine whose process dies at its n-th call: before it has asked, or before it has heard the answer."""

    at_once = 1

    def __init__(self, inner: Any, at: int, *, is_heard: bool) -> None:
        self.profile = inner.profile
        self._inner, self._at, self._is_heard, self._calls = inner, at, is_heard, 0

    async def transcribe(self, audio: Path, *, seconds: float, language: str | None) -> Transcription:
        self._calls += 1
        if self._calls == self._at and not self._is_heard:
            raise Killed
        answer = await self._inner.transcribe(audio, seconds=seconds, language=language)
        if self._calls == self._at:
            raise Killed
        return answer

    async def close(self) -> None:
        await self._inner.close()


class DyingStorage(Storage):
    """Dies right after the n-th answer was stored, before anybody could say so."""

    puts = 0
    at = 3

    async def put_bytes(self, key: str, body: bytes, content_type: str) -> StoredObject:
        stored = await super().put_bytes(key, body, content_type)
        self.puts += 1
        if self.puts == self.at:
            raise Killed
        return stored


class AwayStorage(Storage):
    """Answers nothing for a while after an answer has come in."""

    away = 6
    refused = 0

    async def put_bytes(self, key: str, body: bytes, content_type: str) -> StoredObject:
        self._answer()
        return await super().put_bytes(key, body, content_type)

    async def head(self, key: str) -> StoredObject | None:
        if self.refused:
            self._answer()
        return await super().head(key)

    def _answer(self) -> None:
        if self.refused < self.away:
            self.refused += 1
            raise RecastError(ErrorCode.STORAGE_UNAVAILABLE)


async def test_every_chunk_is_paid_for_once_by_its_length(desk: Desk, service: Service, speech: Path) -> None:
    listened = await desk.listen(speech, engine(service, at_once=4))
    assert (listened.chunks, len(service.calls), await desk.states()) == (4, 4, ["succeeded"] * 4)
    assert listened.cost_usd == desk.spent() == pytest.approx(USD_PER_MINUTE * Decimal(listened.seconds) / 60, abs=1e-4)
    assert len(listened.heard.words) == 16
    assert [word.start for word in listened.heard.words] == sorted(word.start for word in listened.heard.words)


async def test_a_model_that_tells_no_times_gives_every_word_one_of_its_own(
    desk: Desk, service: Service, speech: Path
) -> None:
    service.answer = lambda call: {"text": " ".join(f"w{call['bytes']}x{place}" for place in range(30))}
    listened = await desk.listen(speech, engine(service, model="gpt-transcribe", answer=AnswerForm.TEXT))
    starts = [word.start for word in listened.heard.words]
    assert len(set(starts)) == 4 * 30
    assert starts == sorted(starts)
    assert starts[0] == 0
    assert listened.seconds - 1 < starts[-1] < listened.seconds


async def test_the_same_audio_is_never_paid_for_again(desk: Desk, service: Service, speech: Path) -> None:
    first = await desk.listen(speech, engine(service))
    again = await desk.listen(speech, engine(service))
    assert (again.heard, again.cost_usd, again.key) == (first.heard, Decimal(0), first.key)
    assert len(service.calls) == 4


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_worker_that_dies_over_a_call_costs_one_chunk_at_most(
    desk: Desk, service: Service, speech: Path, is_heard: bool
) -> None:
    with pytest.raises(Killed):
        await desk.listen(speech, Dying(engine(service), 3, is_heard=is_heard))
    listened = await desk.listen(speech, engine(service))
    assert len(service.calls) == (5 if is_heard else 4)
    # Nobody can know whether the lost call was made, so it is booked as paid.
    assert sorted(await desk.states()) == ["lost", *["succeeded"] * 4]
    assert desk.spent() == sum(attempt.cost_usd or 0 for attempt in await desk.attempts())
    assert len(listened.heard.words) == 16


async def test_a_worker_that_dies_with_the_answer_stored_costs_nothing(
    desk: Desk, service: Service, speech: Path, settings: Any
) -> None:
    with pytest.raises(Killed):
        await desk.listen(speech, engine(service), storage=DyingStorage(settings))
    assert "intent" in await desk.states()
    listened = await desk.listen(speech, engine(service))
    assert (len(service.calls), await desk.states()) == (4, ["succeeded"] * 4)
    assert desk.spent() == pytest.approx(USD_PER_MINUTE * Decimal(listened.seconds) / 60, abs=1e-4)


@pytest.mark.parametrize("at_once", [1, 4])
async def test_an_answer_outlives_a_storage_that_is_away(
    desk: Desk, service: Service, speech: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(answers, "STORE_AGAIN_SECONDS", 0.05)
    storage = AwayStorage(settings)
    listened = None
    for _ in range(storage.away):
        # Chunks that nobody has asked for yet may fail: that costs nothing.
        with suppress(RecastError):
            listened = await desk.listen(speech, engine(service, at_once=at_once), storage=storage)
            break
        async with desk.database.connect() as connection:
            await connection.execute(
                "update jobs set status = 'queued', error_code = null where id = %s", (desk.job_id,)
            )
    assert listened
    assert storage.refused == storage.away
    assert (len(service.calls), await desk.states()) == (4, ["succeeded"] * 4)


async def test_an_attempt_of_a_job_that_has_ended_is_settled(
    desk: Desk, service: Service, speech: Path, settings: Any
) -> None:
    with pytest.raises(Killed):
        await desk.listen(speech, engine(service), storage=DyingStorage(settings))
    async with desk.database.connect() as connection:
        await connection.execute(
            "update jobs set status = 'failed', error_code = 'INTERNAL' where id = %s", (desk.job_id,)
        )
        await connection.execute("update provider_attempts set created_at = created_at - interval '1 hour'")
    settler = Settler(desk.database, desk.storage, None, PATIENCE)  # type: ignore[arg-type]
    (done,) = await settler.settle_left_behind()
    assert done.endswith("kept")
    assert await desk.states() == ["succeeded"] * 3


async def test_a_dropped_answer_is_booked_and_asked_for_again(desk: Desk, service: Service, speech: Path) -> None:
    service.troubles = [None, "drop"]
    listened = await desk.listen(speech, engine(service))
    assert len(service.calls) == 5
    assert sorted(await desk.states()) == ["lost", *["succeeded"] * 4]
    assert listened.cost_usd == desk.spent()
    assert len(listened.heard.words) == 16


async def test_a_service_that_loses_every_answer_is_given_up(desk: Desk, service: Service, speech: Path) -> None:
    service.troubles = ["drop"] * 50
    with pytest.raises(RecastError) as failed:
        await desk.listen(speech, engine(service))
    assert failed.value.code is ErrorCode.AI_PROVIDER_FAILURE
    assert len(service.calls) == MOST_TAKES
    assert desk.spent() == sum(attempt.cost_usd or 0 for attempt in await desk.attempts()) > 0


async def test_a_job_that_was_given_up_can_be_tried_again(desk: Desk, service: Service, speech: Path) -> None:
    service.troubles = ["drop"] * MOST_TAKES
    with pytest.raises(RecastError):
        await desk.listen(speech, engine(service))
    async with desk.database.connect() as connection:
        await connection.execute("update jobs set status = 'queued', error_code = null where id = %s", (desk.job_id,))
    assert len((await desk.listen(speech, engine(service))).heard.words) == 16
    assert len(service.calls) == MOST_TAKES + 4


async def test_a_busy_service_is_waited_for_at_no_cost(desk: Desk, service: Service, speech: Path) -> None:
    service.troubles = [(429, "rate_limit_exceeded"), None, (503, "overloaded")]
    listened = await desk.listen(speech, engine(service))
    assert len(service.calls) == 6
    assert sorted(await desk.states()) == ["absent", "absent", *["succeeded"] * 4]
    assert listened.cost_usd == desk.spent() == pytest.approx(USD_PER_MINUTE * Decimal(listened.seconds) / 60, abs=1e-4)


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (429, "insufficient_quota", ErrorCode.PROVIDER_QUOTA),
        (401, "invalid_api_key", ErrorCode.PROVIDER_NOT_CONFIGURED),
        (404, "model_not_found", ErrorCode.UNKNOWN_MODEL),
        (400, "invalid_value", ErrorCode.PROVIDER_INPUT_INVALID),
        (413, "too_large", ErrorCode.TOO_LARGE),
    ],
)
async def test_a_refusal_costs_nothing_and_is_not_repeated(
    desk: Desk, service: Service, speech: Path, status: int, said: str, code: ErrorCode
) -> None:
    service.troubles = [(status, said)] * 9
    with pytest.raises(RecastError) as refused:
        await desk.listen(speech, engine(service))
    assert (refused.value.code, refused.value.request_id) == (code, "req_1")
    assert (len(service.calls), await desk.states(), desk.spent()) == (1, ["failed"], 0)
    assert "sk-test" not in str(refused.value)


async def test_what_was_heard_before_a_failure_is_kept(desk: Desk, service: Service, speech: Path) -> None:
    service.troubles = [None, None, (429, "insufficient_quota")]
    with pytest.raises(RecastError):
        await desk.listen(speech, engine(service))
    async with desk.database.connect() as connection:
        await connection.execute("update jobs set status = 'queued', error_code = null where id = %s", (desk.job_id,))
    await desk.listen(speech, engine(service))
    assert len(service.calls) == 5


async def test_no_call_is_made_that_the_budget_does_not_cover(desk: Desk, service: Service, speech: Path) -> None:
    with pytest.raises(RecastError) as refused:
        await desk.listen(speech, engine(service, usd_per_minute=Decimal(1000)))
    assert refused.value.code is ErrorCode.BUDGET_EXCEEDED
    assert service.calls == []


async def test_a_canceled_job_stops_between_chunks_and_books_what_it_asked_for(
    desk: Desk, service: Service, speech: Path
) -> None:
    import threading

    service.hold = threading.Event()
    listening = asyncio.create_task(desk.listen(speech, engine(service)))
    async with asyncio.timeout(20):
        while not service.calls:
            await asyncio.sleep(0.02)
    async with desk.database.connect() as connection:
        await connection.execute("update jobs set cancel_requested_at = now() where id = %s", (desk.job_id,))
    await asyncio.sleep(1.5)
    service.hold.set()
    with pytest.raises(RecastError) as stopped:
        await listening
    assert stopped.value.code is ErrorCode.JOB_CANCELED
    assert len(service.calls) == 1


async def test_an_end_of_the_model_is_told_to_operators(desk: Desk, service: Service, speech: Path) -> None:
    from datetime import UTC, datetime, timedelta

    soon = (datetime.now(UTC) + timedelta(days=30)).date()
    await desk.listen(speech, engine(service, ends_on=soon))
    assert "model_ends" in await desk.told()
