"""Pika through fal's queue: asked once, followed by status and result, and what each end means."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domain.errors import ErrorCode, RecastError
from domain.profile import Aspect
from resources.video.fal.camera import camera
from resources.video.protocol import BusyError, Handle, OutcomeUnknownError, Take, TakeStatus
from resources.video.registry import model_profile
from tests.integration.providers.server import Answer, Asked, cut, reply, serving, silence
from tests.orders import PICTURES, WEBHOOK, order_for

PICTURE = model_profile("pika", "fal-ai/pika/v2.2/image-to-video")
WORDS = model_profile("pika", "fal-ai/pika/v2.2/text-to-video")
HANDLE = Handle(provider="pika", request_id="764cabcf-b745-4b3e-ae38-1200304cf45b")
REQUEST = f"/fal-ai/pika/requests/{HANDLE.request_id}"
QUEUED = {
    "request_id": HANDLE.request_id,
    "status": "IN_QUEUE",
    "status_url": "https://evil.test/status",
    "response_url": "https://evil.test/",
    "cancel_url": "https://evil.test/cancel",
    "queue_position": 0,
}
CLIP = b"\0\0\0 ftypisom" + bytes(5000)
CONTENT = {"loc": ["body", "prompt"], "msg": "Could not generate", "type": "content_policy_violation"}
FIELD = {"loc": ["body", "duration"], "msg": "Input should be 5 or 10", "type": "literal_error"}


async def test_an_order_is_one_request_with_its_first_frame_in_it(settings_for):
    async with serving(lambda asked: reply(200, QUEUED, {"x-fal-request-id": "edge-1"})) as server:
        film = camera(PICTURE, settings_for(fal_base_url=server.url))
        handle = await film.submit(order_for(PICTURE, webhook_url=WEBHOOK, aspect=Aspect.TALL), PICTURES)
    assert handle.request_id == HANDLE.request_id
    assert handle.response_id == "edge-1"
    (asked,) = server.asked
    assert asked.method == "POST"
    assert (
        asked.path == f"/fal-ai/pika/v2.2/image-to-video?fal_webhook={WEBHOOK.replace(':', '%3A').replace('/', '%2F')}"
    )
    assert asked.headers["authorization"] == "Key key:test"
    assert asked.headers["x-fal-request-timeout"] == "900"
    told = asked.json
    kind, _, encoded = told.pop("image_url").partition(";base64,")
    frame = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert kind == "data:image/jpeg"
    assert frame.size == (720, 1280)
    assert told == {
        "prompt": "Medium two-shot of Ada and Bob. Ada says: “Good evening.”",
        "negative_prompt": "text, logo",
        "duration": 5,
        "seed": 41,
        "resolution": "720p",
    }


async def test_a_film_of_words_alone_says_its_shape(settings_for):
    async with serving(lambda asked: reply(200, QUEUED)) as server:
        await camera(WORDS, settings_for(fal_base_url=server.url)).submit(order_for(WORDS), {})
    assert server.asked[0].json["aspect_ratio"] == "16:9"
    assert "fal_webhook" not in server.asked[0].path


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        (cut, {}),
        (silence, {"provider_submit_timeout_seconds": 0.2}),
        (reply(500, b""), {}),
        (reply(504, {"detail": "Request timed out", "error_type": "request_timeout"}), {}),
        (reply(200, b"<html>"), {}),
        (reply(200, {"status": "IN_QUEUE"}), {}),
    ],
)
async def test_a_lost_answer_leaves_the_outcome_unknown_and_is_never_asked_for_again(settings_for, answer, values):
    async with serving(lambda asked: answer) as server:
        with pytest.raises(OutcomeUnknownError):
            await camera(WORDS, settings_for(fal_base_url=server.url, **values)).submit(order_for(WORDS), {})
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply(401, {"detail": "Authentication is required"}), "PROVIDER_NOT_CONFIGURED"),
        (reply(403, {"detail": "Forbidden"}), "PROVIDER_NOT_CONFIGURED"),
        (reply(403, {"detail": "User is locked. Reason: Exhausted balance."}), "PROVIDER_QUOTA"),
        (reply(402, {"detail": "Payment required"}), "PROVIDER_QUOTA"),
        (reply(404, {"detail": "Application not found"}), "UNKNOWN_MODEL"),
        (reply(422, {"detail": [{"loc": ["body"], "msg": "empty", "type": "x"}, FIELD]}), "PROVIDER_INPUT_INVALID"),
        (reply(422, {"detail": [CONTENT]}), "CONTENT_REJECTED"),
        (reply(429, {"detail": "Too many"}, {"retry-after": "4"}), "PROVIDER_BUSY"),
    ],
)
async def test_a_refusal_has_the_code_of_its_reason(settings_for, answer, code):
    async with serving(lambda asked: answer) as server:
        with pytest.raises(RecastError) as caught:
            await camera(WORDS, settings_for(fal_base_url=server.url)).submit(order_for(WORDS), {})
    assert caught.value.code == ErrorCode(code)
    assert len(server.asked) == 1
    if code == "PROVIDER_INPUT_INVALID":
        assert caught.value.detail == "The model does not accept this scene's duration."
    if isinstance(caught.value, BusyError):
        assert caught.value.retry_after_seconds == 4


async def test_a_lost_order_cannot_be_found_here(settings_for):
    film = camera(WORDS, settings_for())
    assert not film.can_find
    assert await film.find(order_for(WORDS), None) == []


def standing(status: Any, result: Answer = cut) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if asked.path == f"{REQUEST}/status":
            return reply(200, status if isinstance(status, dict) else {"status": status})
        assert asked.path == REQUEST
        return result

    return answer


async def polled(settings_for, answer: Callable[[Asked], Answer], **values: Any) -> Take:
    async with serving(answer) as server:
        take = await camera(PICTURE, settings_for(fal_base_url=server.url), **values).poll(HANDLE)
    assert all(asked.headers["authorization"] == "Key key:test" for asked in server.asked)
    return take


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "IN_QUEUE", "queue_position": 3}, TakeStatus.QUEUED),
        ({"status": "IN_PROGRESS", "logs": None}, TakeStatus.RUNNING),
        ({"status": "PONDERING"}, TakeStatus.RUNNING),
    ],
)
async def test_a_take_that_goes_on(settings_for, body, status):
    take = await polled(settings_for, standing(body))
    assert (take.status, take.error) == (status, None)


DONE = {"status": "COMPLETED", "metrics": {"inference_time": 40.5}}


@pytest.mark.parametrize(
    ("body", "result", "status", "code", "is_billed"),
    [
        (DONE, reply(200, {"video": {"url": "https://v3.fal.media/a.mp4"}}), "succeeded", None, True),
        (DONE, reply(422, {"detail": [CONTENT]}), "failed", "CONTENT_REJECTED", False),
        (DONE, reply(422, {"detail": [FIELD]}), "failed", "PROVIDER_INPUT_INVALID", False),
        (DONE, reply(404, {"detail": "gone"}), "expired", "CLIP_LOST", True),
        (DONE | {"error": "code: 500"}, reply(500, {"detail": "x"}), "failed", "AI_PROVIDER_FAILURE", False),
        (DONE | {"error": "code: 422"}, reply(422, {"detail": [CONTENT]}), "failed", "CONTENT_REJECTED", False),
        (
            DONE | {"error": "x", "error_type": "literal_error"},
            reply(422, {"detail": [FIELD]}),
            "failed",
            "PROVIDER_INPUT_INVALID",
            False,
        ),
        (DONE | {"error": "late", "error_type": "request_timeout"}, cut, "failed", "SCENE_TIMEOUT", False),
        (DONE | {"error": "x", "error_type": "runner_server_error"}, cut, "failed", "AI_PROVIDER_FAILURE", False),
        (DONE | {"error": "x", "error_type": "client_cancelled"}, cut, "canceled", "AI_PROVIDER_FAILURE", True),
        (
            {"status": "COMPLETED", "error": "x", "error_type": "client_cancelled"},
            cut,
            "canceled",
            "AI_PROVIDER_FAILURE",
            False,
        ),
    ],
)  # fmt: skip
async def test_a_take_that_has_ended(settings_for, pauses, body, result, status, code, is_billed):
    take = await polled(settings_for, standing(body, result), sleep=pauses)
    assert (take.status.value, take.error.code.value if take.error else None, take.is_billed) == (
        status,
        code,
        is_billed,
    )


async def test_a_result_that_cannot_be_had_now_is_no_end(settings_for, pauses):
    with pytest.raises(BusyError):
        await polled(settings_for, standing(DONE, reply(502, b"")), sleep=pauses)


async def test_a_take_that_fal_has_forgotten_has_expired(settings_for):
    take = await polled(settings_for, lambda asked: reply(404, b"{}"))
    assert take.status is TakeStatus.EXPIRED


async def test_a_cancel_goes_to_our_own_address(settings_for):
    for answer in (reply(202, {"status": "CANCELLATION_REQUESTED"}), reply(400, {"status": "ALREADY_COMPLETED"})):
        async with serving(lambda asked, answer=answer: answer) as server:
            await camera(PICTURE, settings_for(fal_base_url=server.url)).cancel(HANDLE)
        assert [(asked.method, asked.path) for asked in server.asked] == [("PUT", f"{REQUEST}/cancel")]


def delivering(deliver: Answer, video: Any = None) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if asked.path == REQUEST:
            return reply(200, {"video": video or {"url": f"http://{asked.headers['host']}/files/a.mp4"}})
        return deliver

    return answer


async def test_a_clip_is_brought_home_without_the_key(settings_for, tmp_path: Path):
    async with serving(delivering(reply(200, CLIP, {"content-type": "video/mp4"}))) as server:
        await camera(PICTURE, settings_for(fal_base_url=server.url)).fetch(HANDLE, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP
    assert "authorization" not in server.asked[1].headers


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (delivering(reply(404, b"")), "CLIP_LOST"),
        (delivering(cut), "PROVIDER_BUSY"),
        (delivering(cut, {"url": "https://evil.test/a.mp4"}), "AI_PROVIDER_FAILURE"),
        (delivering(cut, {"url": None}), "CLIP_REJECTED"),
        (delivering(cut, "a.mp4"), "CLIP_REJECTED"),
        (lambda asked: reply(404, b"{}"), "CLIP_LOST"),
        (lambda asked: reply(422, {"detail": [CONTENT]}), "CONTENT_REJECTED"),
    ],
)
async def test_a_clip_that_does_not_come_says_whether_it_ever_may(settings_for, tmp_path, pauses, answer, code):
    async with serving(answer) as server:
        with pytest.raises(RecastError) as caught:
            await camera(PICTURE, settings_for(fal_base_url=server.url), sleep=pauses).fetch(HANDLE, tmp_path / "c.mp4")
    assert caught.value.code == ErrorCode(code)
    assert list(tmp_path.iterdir()) == []


async def test_a_handle_reaches_only_requests(settings_for):
    async with serving(lambda asked: reply(200, {})) as server:
        with pytest.raises(RecastError):
            await camera(PICTURE, settings_for(fal_base_url=server.url)).poll(
                Handle(provider="pika", request_id="../../other/requests/1")
            )
    assert server.asked == []
