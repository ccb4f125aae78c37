"""Following an order at Replicate: how it stands, finding it again, canceling it and bringing its clip home."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ErrorCode, RecastError
from resources.video.inputs import model_input
from resources.video.protocol import BusyError, Handle, TakeStatus
from resources.video.registry import model_profile
from resources.video.replicate.attempts import ATTEMPT as MARK
from resources.video.replicate.camera import camera
from tests.integration.providers.server import Answer, Asked, cut, reply, serving
from tests.orders import ATTEMPT, SEEDANCE, order_for, shot_for

HANDLE = Handle(provider="replicate", request_id="abc123")
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
CLIP = b"\0\0\0 ftypisom" + bytes(5000)


def prediction(status: str = "succeeded", **values: Any) -> dict[str, Any]:
    return {
        "id": "abc123",
        "model": "bytedance/seedance-2.0",
        "version": "hidden",
        "input": {},
        "output": None,
        "error": None,
        "logs": "",
        "data_removed": False,
        "status": status,
        "created_at": "2026-11-20T10:00:00.123456Z",
        "started_at": "2026-11-20T10:00:05Z",
        "completed_at": None,
        "urls": {"web": "https://replicate.com/p/abc123"},
        **values,
    }


async def polled(settings_for, body: Any, status: int = 200):
    async with serving(lambda asked: reply(status, body)) as server:
        take = await camera(SEEDANCE, settings_for(replicate_base_url=server.url)).poll(HANDLE)
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/predictions/abc123")]
    return take


@pytest.mark.parametrize(
    ("body", "status", "progress"),
    [
        (prediction("starting", started_at=None), TakeStatus.QUEUED, 0),
        (prediction("processing"), TakeStatus.RUNNING, 0),
        (prediction("processing", logs="  5%|▌ |\n 45%|████▌ | 9/20"), TakeStatus.RUNNING, 45),
        (prediction("processing", logs="100%|██████████|"), TakeStatus.RUNNING, 99),
        (prediction("thinking-hard"), TakeStatus.RUNNING, 0),
    ],
)
async def test_a_take_that_goes_on_says_how_far_it_is(settings_for, body, status, progress):
    take = await polled(settings_for, body)
    assert (take.status, take.progress, take.error) == (status, progress, None)


@pytest.mark.parametrize(
    ("body", "status", "code", "is_billed"),
    [
        (prediction("succeeded", completed_at="2026-11-20T10:01:00Z"), TakeStatus.SUCCEEDED, None, True),
        (prediction("failed", error="CUDA out of memory"), TakeStatus.FAILED, "AI_PROVIDER_FAILURE", False),
        (prediction("failed", error=None), TakeStatus.FAILED, "AI_PROVIDER_FAILURE", False),
        (prediction("failed", error={"detail": "queue is full"}), TakeStatus.FAILED, "AI_PROVIDER_FAILURE", False),
        (
            prediction("failed", error="The input or output was flagged as sensitive. Please try again. (E005)"),
            TakeStatus.FAILED,
            "CONTENT_REJECTED",
            False,
        ),
        (
            prediction("failed", error={"detail": "Content moderation failed"}),
            TakeStatus.FAILED,
            "CONTENT_REJECTED",
            False,
        ),
        (prediction("canceled"), TakeStatus.CANCELED, "AI_PROVIDER_FAILURE", True),
        (prediction("canceled", started_at=None), TakeStatus.CANCELED, "AI_PROVIDER_FAILURE", False),
        (prediction("aborted", started_at=None), TakeStatus.CANCELED, "SCENE_TIMEOUT", False),
        (
            prediction("evaporated", completed_at="2026-11-20T10:01:00Z"),
            TakeStatus.FAILED,
            "AI_PROVIDER_FAILURE",
            True,
        ),
    ],
)
async def test_a_take_that_has_ended_says_why_and_whether_it_costs_anything(
    settings_for, body, status, code, is_billed
):
    take = await polled(settings_for, body)
    assert (take.status, take.is_billed) == (status, is_billed)
    assert (take.error.code.value if take.error else None) == code
    assert take.cost_usd is None


async def test_a_take_tells_people_where_to_look_and_how_long_it_took(settings_for):
    body = prediction(completed_at="2026-11-20T10:01:00Z", metrics={"predict_time": 55.2, "total_time": 60, "x": 1})
    take = await polled(settings_for, body)
    assert take.metadata == {
        "provider_status": "succeeded",
        "provider_url": "https://replicate.com/p/abc123",
        "predict_seconds": 55.2,
        "total_seconds": 60,
    }
    assert take.expires_at == datetime(2026, 11, 20, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("version", [None, "hidden", "ab" * 32])
async def test_answers_that_the_real_package_cannot_read_are_read(settings_for, version):
    take = await polled(settings_for, {"id": "abc123", "status": "aborted", "version": version, "error": {"a": 1}})
    assert take.status is TakeStatus.CANCELED


async def test_a_deleted_take_has_expired(settings_for):
    take = await polled(settings_for, {"detail": "not found"}, 404)
    assert take.status is TakeStatus.EXPIRED
    assert take.error.code is ErrorCode.CLIP_LOST


async def test_a_poll_is_repeated_with_the_patience_that_is_asked_for(settings_for, pauses):
    answers = iter([cut, reply(503, b""), reply(429, b"", {"retry-after": "3"}), reply(200, prediction("starting"))])
    async with serving(lambda asked: next(answers)) as server:
        take = await camera(SEEDANCE, settings_for(replicate_base_url=server.url), sleep=pauses).poll(HANDLE)
    assert take.status is TakeStatus.QUEUED
    assert 3 <= pauses.seconds[2] <= 3 + 8
    assert len(set(pauses.seconds)) == 3


async def test_a_service_that_stays_away_is_busy_and_not_at_an_end(settings_for, pauses):
    async with serving(lambda asked: reply(502, b"gateway", {"x-request-id": "req-5"})) as server:
        with pytest.raises(BusyError) as caught:
            await camera(SEEDANCE, settings_for(replicate_base_url=server.url), sleep=pauses).poll(HANDLE)
    assert caught.value.request_id == "req-5"
    assert len(server.asked) == 4


async def test_a_long_pause_is_left_to_the_caller(settings_for, pauses):
    throttled = reply(429, {"detail": "Request was throttled. Your rate limit resets in ~30s."})
    async with serving(lambda asked: throttled) as server:
        with pytest.raises(BusyError) as caught:
            await camera(SEEDANCE, settings_for(replicate_base_url=server.url), sleep=pauses).poll(HANDLE)
    assert caught.value.retry_after_seconds == 30
    assert len(server.asked) == 1
    assert pauses.seconds == []


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"<html>maintenance</html>"),
        reply(200, {"status": "succeeded"}),
        reply(302, b"", {"location": "https://elsewhere.test/"}),
        reply(400, {"detail": "malformed"}),
        reply(422, b""),
    ],
)
async def test_an_answer_that_says_nothing_of_the_take_is_not_its_end(settings_for, answer):
    async with serving(lambda asked: answer) as server:
        with pytest.raises(BusyError):
            await camera(SEEDANCE, settings_for(replicate_base_url=server.url)).poll(HANDLE)


async def test_a_key_that_was_taken_back_is_the_operators_affair(settings_for):
    async with serving(lambda asked: reply(401, {"detail": "Unauthenticated"})) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url))
        for verb in (film.poll(HANDLE), film.cancel(HANDLE), film.find(order_for(SEEDANCE), NOW)):
            with pytest.raises(RecastError) as caught:
                await verb
            assert caught.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED


@pytest.mark.parametrize("request_id", ["../account", "a/b", "", "abc?x=1"])
async def test_a_handle_reaches_only_predictions(settings_for, request_id):
    async with serving(lambda asked: reply(200, prediction())) as server:
        with pytest.raises(RecastError):
            await camera(SEEDANCE, settings_for(replicate_base_url=server.url)).poll(
                Handle(provider="replicate", request_id=request_id)
            )
    assert server.asked == []


async def test_a_cancel_is_sent_and_a_take_that_has_gone_is_no_error(settings_for):
    for answer in (reply(200, prediction("canceled")), reply(404, b"{}"), reply(422, {"detail": "already ended"})):
        async with serving(lambda asked, answer=answer: answer) as server:
            await camera(SEEDANCE, settings_for(replicate_base_url=server.url)).cancel(HANDLE)
        assert [(asked.method, asked.path) for asked in server.asked] == [("POST", "/predictions/abc123/cancel")]


# finding a lost order again


def listing(*runs: Mapping[str, Any], following: str | None = None) -> Answer:
    return reply(200, {"next": following, "previous": None, "results": list(runs)})


def candidate(name: str, profile=SEEDANCE, pictures: Any = ("https://a.test/1", "https://a.test/2"), **values: Any):
    told = model_input(shot_for(profile), profile, list(pictures))
    return prediction(id=name, input=told, model=profile.model, **values)


async def found(
    settings_for, answer: Callable[[Asked], Answer], profile=SEEDANCE, webhook_url: str | None = None, **values: Any
) -> list[str]:
    async with serving(answer) as server:
        film = camera(profile, settings_for(replicate_base_url=server.url), **values)
        handles = await film.find(order_for(profile, webhook_url=webhook_url), NOW)
    assert all(handle.provider == "replicate" for handle in handles)
    return [handle.request_id for handle in handles]


async def test_the_same_model_and_input_since_the_order_are_found_oldest_first(settings_for):
    other_words = candidate("other")
    other_words["input"]["prompt"] += " And smiles."
    other_seed = candidate("seed")
    other_seed["input"]["seed"] = 42
    asked_of: list[Asked] = []

    def answer(asked: Asked) -> Answer:
        asked_of.append(asked)
        return listing(
            candidate("new", created_at="2026-11-20T10:02:00Z"),
            other_words,
            other_seed,
            candidate("fast") | {"model": "bytedance/seedance-2.0-fast"},
            candidate("alone", pictures=["https://a.test/1"]),
            candidate("old", created_at="2026-11-20T09:59:30Z"),
            candidate("early", created_at="2026-11-20T09:58:59Z"),
        )

    assert await found(settings_for, answer) == ["old", "new"]
    assert asked_of[0].path == "/predictions?created_after=2026-11-20T09%3A59%3A00%2B00%3A00"


async def test_defaults_that_the_service_adds_to_an_input_do_not_hide_an_order(settings_for):
    told = candidate("mine")
    told["input"]["reference_videos"] = []
    assert await found(settings_for, lambda asked: listing(told)) == ["mine"]


async def test_an_order_of_another_attempt_with_the_same_words_is_told_apart_by_its_pictures(settings_for):
    def answer(asked: Asked) -> Answer:
        if asked.path == "/files/mine":
            return reply(200, {"id": "mine", "metadata": {MARK: str(ATTEMPT)}, "urls": {"get": "x"}})
        if asked.path == "/files/theirs":
            return reply(200, {"id": "theirs", "metadata": {MARK: "another"}, "urls": {"get": "x"}})
        if asked.path == "/files/gone":
            return reply(404, b"{}")
        base = f"http://{asked.headers['host']}/files"
        return listing(
            candidate("a", pictures=[f"{base}/mine", f"{base}/mine"]),
            candidate("b", pictures=[f"{base}/theirs", f"{base}/theirs"]),
            candidate("c", pictures=[f"{base}/gone", f"{base}/gone"]),
            candidate("d"),
        )

    # Where nothing tells, an order that may be this one is told: to lose it is to pay twice.
    assert await found(settings_for, answer) == ["d", "c", "a"]


async def test_an_order_is_told_by_its_webhook_where_replicate_tells_it(settings_for):
    hook = f"https://recast.example/hook/{ATTEMPT}"
    answer = listing(
        candidate("mine", webhook=hook) | {"input": {}, "data_removed": True},
        candidate("theirs", webhook="https://recast.example/hook/another"),
        candidate("silent"),
    )
    assert await found(settings_for, lambda asked: answer, webhook_url=hook) == ["silent", "mine"]


async def test_an_order_whose_input_is_deleted_may_be_this_one(settings_for):
    removed = candidate("removed") | {"input": {}, "data_removed": True}
    assert await found(settings_for, lambda asked: listing(removed)) == ["removed"]


async def test_models_without_pictures_are_found_by_words_alone(settings_for):
    profile = model_profile("replicate", "minimax/video-01")
    answer = listing(candidate("mine", profile), candidate("none", profile, pictures=[]))
    assert await found(settings_for, lambda asked: answer, profile) == ["mine"]


async def test_every_page_is_read_and_the_token_follows_no_address_of_an_answer(settings_for):
    pages = iter(
        [
            listing(candidate("third"), following="https://evil.test/v1/predictions?cursor=c2"),
            listing(candidate("second"), following="/somewhere/else?cursor=c3"),
            listing(candidate("first")),
        ]
    )
    asked_of: list[str] = []

    def answer(asked: Asked) -> Answer:
        asked_of.append(asked.path)
        return next(pages)

    assert await found(settings_for, answer) == ["first", "second", "third"]
    assert asked_of[1:] == ["/predictions?cursor=c2", "/predictions?cursor=c3"]


async def test_a_list_without_end_says_nothing_rather_than_that_there_is_no_order(settings_for):
    with pytest.raises(BusyError):
        await found(settings_for, lambda asked: listing(following="https://api.test/p?cursor=more"))


@pytest.mark.parametrize("status", [500, 404, 400])
async def test_a_list_that_cannot_be_had_says_nothing(settings_for, pauses, status):
    with pytest.raises(BusyError):
        await found(settings_for, lambda asked: reply(status, b""), sleep=pauses)


# bringing the clip home


async def fetched(settings_for, tmp_path: Path, answer: Callable[[Asked], Answer], **values: Any) -> list[Asked]:
    async with serving(answer) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url, **values.pop("settings", {})), **values)
        await film.fetch(HANDLE, tmp_path / "clip.mp4")
    return server.asked


def with_output(deliver: Answer) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/predictions"):
            return reply(200, prediction(output=f"http://{asked.headers['host']}/out/clip.mp4"))
        return deliver

    return answer


async def test_a_clip_is_brought_home_without_the_token(settings_for, tmp_path):
    asked = await fetched(settings_for, tmp_path, with_output(reply(200, CLIP, {"content-type": "video/mp4"})))
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
    assert "authorization" in asked[0].headers
    assert "authorization" not in asked[1].headers
    assert "r8_test" not in str(asked[1])


async def test_outputs_told_as_a_list_are_read_too(settings_for, tmp_path):
    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/predictions"):
            return reply(200, prediction(output=[f"http://{asked.headers['host']}/out/clip.mp4"]))
        return reply(200, CLIP, {"content-type": "video/mp4"})

    await fetched(settings_for, tmp_path, answer)
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP


async def test_a_delivery_that_breaks_off_is_begun_again(settings_for, tmp_path, pauses):
    video = {"content-type": "video/mp4"}
    deliveries = iter([reply(200, CLIP[:100], video, length=len(CLIP)), reply(503, b""), reply(200, CLIP, video)])

    def answer(asked: Asked) -> Answer:
        return with_output(reply(404, b""))(asked) if asked.path.startswith("/predictions") else next(deliveries)

    await fetched(settings_for, tmp_path, answer, sleep=pauses)
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda asked: reply(404, b"{}"), "CLIP_LOST"),
        (lambda asked: reply(200, prediction(data_removed=True)), "CLIP_LOST"),
        (lambda asked: reply(200, prediction(output=None)), "CLIP_LOST"),
        (with_output(reply(404, b"gone")), "CLIP_LOST"),
        (with_output(reply(410, b"gone")), "CLIP_LOST"),
        (with_output(reply(503, b"later")), "PROVIDER_BUSY"),
        (with_output(reply(200, b"<html>", {"content-type": "text/html; charset=utf-8"})), "CLIP_REJECTED"),
        (lambda asked: reply(200, prediction(output={"video": 1})), "CLIP_REJECTED"),
        (lambda asked: reply(200, prediction(output="https://10.0.0.1/clip.mp4")), "AI_PROVIDER_FAILURE"),
        (lambda asked: reply(200, prediction("processing")), "AI_PROVIDER_FAILURE"),
        (lambda asked: reply(200, prediction("failed", error="NSFW")), "CONTENT_REJECTED"),
    ],
)
async def test_a_clip_that_does_not_come_says_whether_it_ever_may(settings_for, tmp_path, pauses, answer, code):
    with pytest.raises(RecastError) as caught:
        await fetched(settings_for, tmp_path, answer, sleep=pauses)
    assert caught.value.code == ErrorCode(code)
    assert list(tmp_path.iterdir()) == []


async def test_a_clip_larger_than_allowed_is_refused(settings_for, tmp_path):
    large = with_output(reply(200, CLIP, {"content-type": "video/mp4"}))
    with pytest.raises(RecastError) as caught:
        await fetched(settings_for, tmp_path, large, settings={"provider_output_max_bytes": 1000})
    assert caught.value.code is ErrorCode.CLIP_REJECTED
