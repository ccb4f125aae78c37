"""The sandbox's fal queue over bare HTTP, and its webhooks checked as fal documents."""

import base64
import hashlib
import json
import time

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from resources.media import decode_check, probe

TEXT = "fal-ai/pika/v2.2/text-to-video"
IMAGE = "fal-ai/pika/v2.2/image-to-video"
SCENES = "fal-ai/pika/v2.2/pikascenes"
FLAGGED = "The content could not be processed because it contained material flagged by a content checker."


def queue_of(running):
    headers = {"Authorization": f"Key {running.settings.fal_key.get_secret_value()}"}
    return httpx.Client(base_url=f"{running.url}/fal", headers=headers, timeout=30)


@pytest.fixture
def queue(sandbox):
    with queue_of(sandbox) as queue:
        yield queue


@pytest.fixture
def own(start, clock):
    """A sandbox with a clock that can be set ahead."""
    with start(clock=clock) as running:
        yield running


def submit(queue, prompt, model=TEXT, webhook=None, **given):
    params = {"fal_webhook": webhook} if webhook else None
    return queue.post(f"/{model}", json={"prompt": prompt, **given}, params=params)


def until(queue, ticket, word="COMPLETED"):
    """The status when it is this word."""
    for _ in range(2000):
        answer = queue.get(ticket["status_url"])
        if answer.json()["status"] == word:
            return answer
    pytest.fail(f"still {answer.json()}")


def result(queue, prompt, model=TEXT, **given):
    ticket = submit(queue, prompt, model, **given).json()
    until(queue, ticket)
    return queue.get(ticket["response_url"])


def bills(running, **query):
    return httpx.get(f"{running.url}/billing", params={"service": "fal", **query}).json()["charges"]


def verified(running, letter):
    """The body of a webhook with a good signature."""
    (key,) = httpx.get(f"{running.url}/fal/.well-known/jwks.json").json()["keys"]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    told = [letter.headers[f"x-fal-webhook-{name}"] for name in ("request-id", "user-id", "timestamp")]
    message = "\n".join([*told, hashlib.sha256(letter.body).hexdigest()]).encode()
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))
    public.verify(bytes.fromhex(letter.headers["x-fal-webhook-signature"]), message)
    return json.loads(letter.body)


def test_a_request_waits_runs_and_becomes_a_video(sandbox, queue, tmp_path):
    answer = submit(queue, "A boat", seed=3, duration="10", aspect_ratio="9:16")
    ticket = answer.json()
    assert answer.status_code == 200
    assert answer.headers["x-fal-request-id"] == ticket["request_id"]
    base = f"{sandbox.url}/fal/fal-ai/pika/requests/{ticket['request_id']}"
    assert ticket == {
        "status": "IN_QUEUE",
        "request_id": ticket["request_id"],
        "response_url": base,
        "status_url": f"{base}/status",
        "cancel_url": f"{base}/cancel",
        "queue_position": 0,
    }
    done = until(queue, ticket)
    assert done.status_code == 200
    assert done.json()["metrics"]["inference_time"] > 0
    assert "error" not in done.json()
    video = queue.get(ticket["response_url"]).json()["video"]
    content = httpx.get(video["url"]).content
    assert (video["content_type"], video["file_size"]) == ("video/mp4", len(content))
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    facts = probe(path)
    assert (facts.width, facts.height, facts.frame_rate, facts.duration) == (720, 1280, 24, 10.0)
    assert not facts.has_audio
    assert not decode_check(path).frozen


def test_a_status_says_where_a_request_is(queue):
    waiting = submit(queue, "[[stuck-starting]]").json()
    answer = queue.get(waiting["status_url"])
    assert (answer.status_code, answer.json()["status"], answer.json()["queue_position"]) == (202, "IN_QUEUE", 0)
    running = submit(queue, "[[stuck]]").json()
    answer = until(queue, running, "IN_PROGRESS")
    assert answer.status_code == 202
    early = queue.get(running["response_url"])
    assert (early.status_code, early.json()) == (400, {"detail": "Request is still in progress"})
    done = submit(queue, "x").json()
    until(queue, done)
    assert queue.get(f"{done['status_url']}?logs=1").json()["logs"][0]["message"]
    assert queue.get(done["status_url"]).json()["logs"] is None


@pytest.mark.parametrize(
    ("key", "status", "detail"),
    [
        (
            None,
            401,
            'Cannot access application "fal-ai/pika". Authentication is required to access this application.',
        ),
        (
            "Bearer x:y",
            401,
            'Cannot access application "fal-ai/pika". Authentication is required to access this application.',
        ),
        ("Key xy", 401, "Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'."),
        ("Key x:y", 401, "No user found for Key ID and Secret"),
    ],
)
def test_a_wrong_key_is_refused(sandbox, key, status, detail):
    headers = {"Authorization": key} if key else {}
    answer = httpx.post(f"{sandbox.url}/fal/{TEXT}", json={"prompt": "x"}, headers=headers)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_what_does_not_exist_is_not_found(queue):
    assert submit(queue, "x", "fal-ai/nothing/v1").json() == {"detail": "Application 'nothing' not found"}
    assert result(queue, "x", "fal-ai/pika/v9/text-to-video").json() == {"detail": "Path /v9/text-to-video not found"}
    assert queue.get("/fal-ai/pika/requests/nobody/status").status_code == 404
    assert queue.put("/fal-ai/pika/requests/nobody/cancel").json() == {"status": "NOT_FOUND"}


def test_an_input_that_does_not_fit_fails_when_its_turn_has_come(sandbox, queue):
    ticket = queue.post(f"/{IMAGE}", json={"duration": 7}).json()
    status = until(queue, ticket).json()
    assert (status["status"], status["error_type"]) == ("COMPLETED", "missing")
    answer = queue.get(ticket["response_url"])
    assert (answer.status_code, answer.headers["x-fal-retryable"]) == (422, "false")
    wrong = [(item["loc"], item["type"]) for item in answer.json()["detail"]]
    assert sorted(wrong) == [
        (["body", "duration"], "literal_error"),
        (["body", "image_url"], "missing"),
        (["body", "prompt"], "missing"),
    ]
    assert queue.post(f"/{IMAGE}", content=b"no json").status_code == 400


def test_scenes_take_their_pictures_under_both_names(queue):
    pictures = ["https://a.org/a.png", "https://a.org/b.png"]
    assert result(queue, "x", SCENES, image_urls=pictures, resolution="720p").status_code == 200
    named = [{"image_url": url} for url in pictures]
    assert result(queue, "y", SCENES, images=named, resolution="720p").status_code == 200
    assert result(queue, "z", SCENES).status_code == 422


def test_a_picture_that_cannot_be_read_fails_the_request(queue):
    answer = result(queue, "x", IMAGE, image_url="data:image/png;base64,AAAA")
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert (error["loc"], error["type"]) == (["body", "image_url"], "file_download_error")


@pytest.mark.parametrize(
    ("model", "given", "amount"),
    [
        (TEXT, {}, 0.20),
        (TEXT, {"duration": 10}, 0.40),
        (TEXT, {"resolution": "1080p"}, 0.45),
        (SCENES, {"image_urls": ["https://a.org/a.png"]}, 0.45),
    ],
)
def test_five_seconds_have_a_price_by_resolution(sandbox, queue, model, given, amount):
    prompt = f"Priced {model} {given}"
    assert result(queue, prompt, model, **given).status_code == 200
    (bill,) = bills(sandbox, prompt=prompt)
    assert (float(bill["amount"]), bill["model"], bill["kind"]) == (amount, model, "succeeded")


def test_a_request_that_waits_can_be_canceled_and_one_that_runs_goes_on(sandbox, queue):
    waiting = submit(queue, "Canceled [[stuck-starting]]").json()
    assert queue.put(waiting["cancel_url"]).json() == {"status": "OK"}
    assert until(queue, waiting).json()["error_type"] == "client_cancelled"
    assert queue.get(waiting["response_url"]).status_code == 499
    done = submit(queue, "x").json()
    until(queue, done)
    again = queue.put(done["cancel_url"])
    assert (again.status_code, again.json()) == (400, {"status": "ALREADY_COMPLETED"})
    assert bills(sandbox, prompt="Canceled") == []


def test_one_that_runs_is_asked_to_stop_and_costs_all_the_same(start):
    with start(prediction_seconds=1) as running, queue_of(running) as queue:
        ticket = submit(queue, "x").json()
        until(queue, ticket, "IN_PROGRESS")
        answer = queue.put(ticket["cancel_url"])
        assert (answer.status_code, answer.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
        until(queue, ticket)
        assert queue.get(ticket["response_url"]).status_code == 200
        assert len(bills(running)) == 1


def test_no_request_runs_longer_than_half_an_hour(own, clock):
    with queue_of(own) as queue:
        ticket = submit(queue, "[[stuck]]").json()
        until(queue, ticket, "IN_PROGRESS")
        clock.ahead += 1800
        assert until(queue, ticket).json()["error_type"] == "request_timeout"
        answer = queue.get(ticket["response_url"])
        assert (answer.status_code, answer.headers["x-fal-error-type"]) == (504, "request_timeout")
        assert answer.headers["x-fal-retryable"] == "true"


def test_files_are_kept_for_a_week(own, clock):
    with queue_of(own) as queue:
        url = result(queue, "x").json()["video"]["url"]
    clock.ahead += 7 * 24 * 3600 - 60
    assert httpx.get(url).status_code == 200
    clock.ahead += 60
    assert httpx.get(url).status_code == 404


@pytest.mark.parametrize(
    ("word", "status", "detail"),
    [
        ("402", 403, "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."),
        ("429", 429, "Rate limit exceeded"),
        ("500", 500, "Internal server error"),
    ],
)
def test_a_word_in_the_prompt_gets_it_refused(queue, word, status, detail):
    answer = submit(queue, f"[[{word}]]")
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert (answer.headers.get("retry-after") is not None) == (status == 429)


def test_refused_content_is_told_in_fals_words(sandbox, queue):
    answer = result(queue, "Refused [[refuse]]")
    assert answer.status_code == 422
    assert answer.json()["detail"] == [
        {
            "loc": ["body", "prompt"],
            "msg": FLAGGED,
            "type": "content_policy_violation",
            "url": "https://docs.fal.ai/errors#content_policy_violation",
            "input": {"prompt": "Refused [[refuse]]"},
        }
    ]
    failed = result(queue, "Failed [[fail]]")
    assert (failed.status_code, failed.headers["x-fal-retryable"]) == (500, "true")
    assert result(queue, "Invalid [[422]]").status_code == 422
    assert bills(sandbox, prompt="Refused") == bills(sandbox, prompt="Failed") == []


def test_what_was_accepted_runs_and_is_billed_though_nobody_was_told(sandbox, queue, letterbox):
    assert submit(queue, "Unheard [[500-after-accepting]]", webhook=letterbox.url).status_code == 500
    with pytest.raises(httpx.ReadTimeout):
        queue.post(
            f"/{TEXT}",
            params={"fal_webhook": letterbox.url},
            json={"prompt": "Unheard [[timeout-after-accepting]]"},
            timeout=0.5,
        )
    with pytest.raises(httpx.RemoteProtocolError):
        submit(queue, "Unheard [[dropped-after-accepting]]", webhook=letterbox.url)
    told = {verified(sandbox, letterbox.take())["request_id"] for _ in range(3)}
    assert {bill["id"] for bill in bills(sandbox, prompt="Unheard")} == told


def test_too_many_requests_are_throttled_until_time_has_passed(start, clock):
    with start(clock=clock, creates_per_minute=1) as running, queue_of(running) as queue:
        assert [submit(queue, "[[stuck-starting]]").status_code for _ in range(2)] == [200, 429]
        clock.ahead += 60
        assert submit(queue, "[[stuck-starting]]").status_code == 200


def test_webhooks_carry_the_result_and_a_good_signature(sandbox, queue, letterbox):
    ticket = submit(queue, "x", webhook=f"{letterbox.url}/hook/9").json()
    assert ticket["gateway_request_id"] == ticket["request_id"]
    letter = letterbox.take()
    assert letter.path == "/hook/9"
    assert abs(int(letter.headers["x-fal-webhook-timestamp"]) - time.time()) < 300
    body = verified(sandbox, letter)
    assert body == {
        "request_id": ticket["request_id"],
        "gateway_request_id": ticket["request_id"],
        "status": "OK",
        "payload": queue.get(ticket["response_url"]).json(),
    }


def test_a_webhook_about_a_failure_carries_the_error(sandbox, queue, letterbox):
    submit(queue, "[[refuse]]", webhook=letterbox.url)
    body = verified(sandbox, letterbox.take())
    assert (body["status"], body["error"]) == ("ERROR", "Invalid status code: 422")
    assert body["payload"]["detail"][0]["msg"] == FLAGGED


def test_webhooks_are_sent_again_until_they_are_taken(sandbox, queue, letterbox):
    letterbox.answers = [500, 307]
    ticket = submit(queue, "[[fail]]", webhook=letterbox.url).json()
    letters = [letterbox.take() for _ in range(3)]
    assert {verified(sandbox, letter)["request_id"] for letter in letters} == {ticket["request_id"]}
    assert {letter.path for letter in letters} == {"/"}


def test_webhooks_may_be_forged_doubled_and_replayed(sandbox, queue, letterbox):
    submit(queue, "[[fail]] [[webhook-forged]]", webhook=letterbox.url)
    forged, true = letterbox.take(), letterbox.take()
    with pytest.raises(InvalidSignature):
        verified(sandbox, forged)
    assert json.loads(forged.body)["status"] == "OK"
    assert verified(sandbox, true)["status"] == "ERROR"
    submit(queue, "[[fail]] [[webhook-doubled]]", webhook=letterbox.url)
    assert verified(sandbox, letterbox.take()) == verified(sandbox, letterbox.take())
    submit(queue, "[[fail]] [[webhook-replayed]]", webhook=letterbox.url)
    stamps = [int(letterbox.take().headers["x-fal-webhook-timestamp"]) for _ in range(2)]
    assert stamps[0] - stamps[1] >= 3600


def test_work_goes_on_after_a_restart_and_the_key_stays(start, letterbox):
    with start(prediction_seconds=60) as running, queue_of(running) as queue:
        ticket = submit(queue, "x", webhook=letterbox.url).json()
        keys = httpx.get(f"{running.url}/fal/.well-known/jwks.json").json()
    with start(prediction_seconds=0) as running:
        assert verified(running, letterbox.take())["request_id"] == ticket["request_id"]
        assert httpx.get(f"{running.url}/fal/.well-known/jwks.json").json() == keys
