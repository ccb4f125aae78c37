"""Asking Replicate to film: once, and what each answer means."""

from collections.abc import Callable

import pytest

from domain.errors import ErrorCode, RecastError
from domain.profile import Aspect
from resources.settings import Settings
from resources.video.protocol import BusyError, OutcomeUnknownError
from resources.video.registry import model_profile
from resources.video.replicate.camera import camera
from tests.integration.providers.server import Answer, Asked, cut, reply, serving, silence
from tests.orders import ADA, ATTEMPT, PICTURES, SEEDANCE, WEBHOOK, order_for, shot_for

CREATE = "/models/bytedance/seedance-2.0/predictions"
STARTED = {
    "id": "abc123",
    "model": "bytedance/seedance-2.0",
    "version": "hidden",
    "input": {},
    "status": "starting",
    "created_at": "2026-11-20T10:00:00Z",
    "urls": {"web": "https://replicate.com/p/abc123"},
}
INVALID = {
    "detail": "- input.duration: Must be less than or equal to 15\n",
    "status": 422,
    "title": "Input validation failed",
    "invalid_fields": [
        {"type": "number_lte", "field": "input.duration", "description": "Must be less than or equal to 15"},
        {"type": "required", "field": "prompt", "description": "prompt is required"},
    ],
}


def answering(create: Answer) -> Callable[[Asked], Answer]:
    """Replicate, but for the answer to the one request that costs money."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/files":
            place = 2 if b"-2." in asked.body else 1
            return reply(201, {"id": f"file{place}", "urls": {"get": f"https://files.test/{place}"}})
        return create

    return answer


async def refused(create: Answer, settings_for: Callable[..., Settings], **values: object) -> RecastError:
    """The error of a submit; the request that costs money was made once, whatever came back."""
    async with serving(answering(create)) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url, **values))
        with pytest.raises(RecastError) as caught:
            await film.submit(order_for(SEEDANCE), PICTURES)
        assert server.count("POST", CREATE) == 1
    return caught.value


async def test_an_order_is_one_request_in_the_models_own_words(settings_for):
    async with serving(answering(reply(201, STARTED, {"x-request-id": "req-9"}))) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url))
        handle = await film.submit(order_for(SEEDANCE, webhook_url=WEBHOOK), PICTURES)
    assert (handle.provider, handle.request_id, handle.response_id) == ("replicate", "abc123", "req-9")
    create = next(asked for asked in server.asked if asked.path == CREATE)
    assert create.headers["authorization"] == "Bearer r8_test"
    assert create.headers["cancel-after"] == "900s"
    assert create.json == {
        "input": {
            "prompt": "[Image1] is Ada. [Image2] is Bob. Medium two-shot of Ada and Bob. Ada says: “Good evening.”",
            "reference_images": ["https://files.test/1", "https://files.test/2"],
            "duration": 4,
            "aspect_ratio": "16:9",
            "seed": 41,
            "resolution": "720p",
            "generate_audio": True,
        },
        "webhook": WEBHOOK,
        "webhook_events_filter": ["start", "completed"],
    }
    assert server.count("POST", CREATE) == 1


async def test_the_uploaded_pictures_carry_the_attempt(settings_for):
    async with serving(answering(reply(201, STARTED))) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url))
        await film.submit(order_for(SEEDANCE), PICTURES)
    uploads = [asked for asked in server.asked if asked.path == "/files"]
    assert len(uploads) == 2
    for upload in uploads:
        assert f'"recast_attempt": "{ATTEMPT}"'.encode() in upload.body
    assert sum(b"image/png" in upload.body for upload in uploads) == 1
    assert sum(b"image/jpeg" in upload.body for upload in uploads) == 1


@pytest.mark.parametrize("plain", ["http://recast.example/hook", "http://127.0.0.1:9/hook"])
async def test_a_plain_webhook_is_asked_of_the_sandbox_alone(settings_for, plain):
    async with serving(answering(reply(201, STARTED))) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url))
        await film.submit(order_for(SEEDANCE, webhook_url=plain), PICTURES)
        elsewhere = camera(SEEDANCE, settings_for(replicate_base_url=f"http://0.0.0.0:{server.port}"))
        await elsewhere.submit(order_for(SEEDANCE, webhook_url=plain), PICTURES)
    to_sandbox, to_elsewhere = (asked.json for asked in server.asked if asked.path == CREATE)
    assert to_sandbox["webhook"] == plain
    assert "webhook" not in to_elsewhere


async def test_a_version_of_a_community_model_is_named(settings_for):
    profile = SEEDANCE.model_copy(update={"model": "somebody/own", "version": "ab" * 32})
    async with serving(answering(reply(201, STARTED))) as server:
        await camera(profile, settings_for(replicate_base_url=server.url)).submit(order_for(profile), PICTURES)
    create = next(asked for asked in server.asked if asked.path == "/predictions")
    assert create.json["version"] == f"somebody/own:{'ab' * 32}"


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(cut, id="no answer"),
        pytest.param(reply(201, b'{"id": "abc', length=400), id="cut in the middle of the answer"),
        pytest.param(reply(500, {"detail": "oops"}), id="500"),
        pytest.param(reply(502, b"<html>bad gateway</html>"), id="502"),
        pytest.param(reply(503, b"", {"retry-after": "3"}), id="503"),
        pytest.param(reply(408, b""), id="408"),
        pytest.param(reply(302, b"", {"location": "https://elsewhere.test/"}), id="a redirect, which is not followed"),
        pytest.param(reply(201, b"<html>welcome</html>"), id="unreadable success"),
        pytest.param(reply(201, {"status": "starting"}), id="success without an id"),
        pytest.param(reply(201, {"id": "", "status": "starting"}), id="success with an empty id"),
    ],
)
async def test_a_lost_answer_leaves_the_outcome_unknown_and_is_never_asked_for_again(settings_for, lost):
    assert isinstance(await refused(lost, settings_for), OutcomeUnknownError)


async def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown(settings_for):
    error = await refused(silence, settings_for, provider_submit_timeout_seconds=0.2)
    assert isinstance(error, OutcomeUnknownError)


async def test_what_is_known_of_a_lost_answer_is_kept_for_support(settings_for):
    error = await refused(reply(500, b"boom", {"x-request-id": "req-1"}), settings_for)
    assert error.request_id == "req-1"
    assert "boom" in error.cause


async def test_a_request_that_never_left_was_not_accepted(settings_for, unused_tcp_port):
    words_only = SEEDANCE.model_copy(update={"likeness": "none"})
    film = camera(words_only, settings_for(replicate_base_url=f"http://127.0.0.1:{unused_tcp_port}"))
    with pytest.raises(BusyError):
        await film.submit(order_for(words_only), {})


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply(429, {"detail": "Request was throttled. Your rate limit resets in ~30s."}), 30),
        (reply(429, {"detail": "Request was throttled. Expected available in 1 second."}), 1),
        (reply(429, {"detail": "wait"}, {"retry-after": "7"}), 7),
        (reply(429, {"detail": "wait"}, {"retry-after": "0.5"}), 0.5),
        (reply(429, {"detail": "wait"}, {"retry-after": "Thu, 01 Jan 2026 00:00:00 GMT"}), 0),
        (reply(429, {"detail": "wait"}, {"retry-after": "soon"}), None),
        (reply(429, {"detail": "wait"}), None),
    ],
)
async def test_a_throttled_order_was_not_accepted_and_says_when_to_come_again(settings_for, answer, seconds):
    error = await refused(answer, settings_for)
    assert isinstance(error, BusyError)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (
            402,
            {"title": "Insufficient credit", "detail": "You have insufficient credit.", "status": 402},
            "PROVIDER_QUOTA",
        ),
        (401, {"title": "Unauthenticated", "detail": "You did not pass a valid token"}, "PROVIDER_NOT_CONFIGURED"),
        (403, {"detail": "forbidden"}, "PROVIDER_NOT_CONFIGURED"),
        (404, {"detail": "The requested resource could not be found."}, "UNKNOWN_MODEL"),
        (422, INVALID, "PROVIDER_INPUT_INVALID"),
        (400, {"detail": "bad request"}, "PROVIDER_INPUT_INVALID"),
        (400, b"not json", "PROVIDER_INPUT_INVALID"),
        (413, b"too large", "PROVIDER_INPUT_INVALID"),
        (422, {"detail": "The input or output was flagged as sensitive. (E005)"}, "CONTENT_REJECTED"),
        (400, {"detail": "Prompt contains NSFW content", "title": "Bad request"}, "CONTENT_REJECTED"),
    ],
)
async def test_a_refusal_has_the_code_of_its_reason(settings_for, status, body, code):
    error = await refused(reply(status, body, {"x-request-id": "req-2"}), settings_for)
    assert error.code == ErrorCode(code)
    assert error.request_id == "req-2"


async def test_an_invalid_input_names_its_fields_to_the_user_and_the_rest_to_the_operator(settings_for):
    error = await refused(reply(422, INVALID), settings_for)
    assert error.detail == "The model does not accept this scene's duration, prompt."
    assert "less than or equal to 15" in error.cause


async def test_a_refused_key_is_in_no_message(settings_for):
    error = await refused(reply(401, {"detail": "token r8_test is unknown"}), settings_for)
    assert "r8_test" not in f"{error} {error.cause} {error.detail}"


async def test_an_upload_that_fails_is_repeated_and_costs_no_second_order(settings_for, pauses):
    failing = iter([reply(503, b""), cut, reply(429, b"", {"retry-after": "2"})])
    served = answering(reply(201, STARTED))

    def answer(asked: Asked) -> Answer:
        return next(failing, None) or served(asked) if asked.path == "/files" else served(asked)

    words = model_profile("replicate", "minimax/video-01")
    async with serving(answer) as server:
        film = camera(words, settings_for(replicate_base_url=server.url), sleep=pauses)
        await film.submit(order_for(words), PICTURES)
    assert [asked.path for asked in server.asked] == ["/files"] * 4 + ["/models/minimax/video-01/predictions"]
    assert pauses.seconds[2] >= 2


async def test_nothing_is_ordered_when_the_pictures_cannot_be_uploaded(settings_for, pauses):
    async with serving(lambda asked: reply(503, b"")) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url), sleep=pauses)
        with pytest.raises(BusyError):
            await film.submit(order_for(SEEDANCE), PICTURES)
        assert server.count("POST", CREATE) == 0


@pytest.mark.parametrize(
    ("model", "shot"),
    [
        ("google/veo-3.1", {"aspect": Aspect.TALL}),
        ("bytedance/seedance-2.0", {"text": "word " * 500}),
    ],
)
async def test_what_the_model_is_known_to_refuse_is_not_even_asked(settings_for, model, shot):
    profile = model_profile("replicate", model)
    async with serving(answering(reply(201, STARTED))) as server:
        film = camera(profile, settings_for(replicate_base_url=server.url))
        with pytest.raises(RecastError) as caught:
            await film.submit(order_for(profile, **shot), PICTURES)
    assert caught.value.code is ErrorCode.PROVIDER_INPUT_INVALID
    assert server.asked == []


async def test_a_character_whose_portrait_is_missing_is_not_left_out_in_silence(settings_for):
    async with serving(answering(reply(201, STARTED))) as server:
        film = camera(SEEDANCE, settings_for(replicate_base_url=server.url))
        with pytest.raises(RecastError) as caught:
            await film.submit(order_for(SEEDANCE), {ADA: PICTURES[ADA]})
    assert caught.value.code is ErrorCode.CHARACTER_NOT_READY
    assert server.asked == []


async def test_a_model_that_takes_one_subject_gets_the_speaker(settings_for):
    profile = model_profile("replicate", "minimax/video-01")
    async with serving(answering(reply(201, STARTED))) as server:
        film = camera(profile, settings_for(replicate_base_url=server.url))
        await film.submit(order_for(profile), PICTURES)
    create = server.asked[-1].json["input"]
    assert create == {
        "prompt": shot_for(profile).prompt.text,
        "subject_reference": "https://files.test/1",
        "prompt_optimizer": True,
    }
