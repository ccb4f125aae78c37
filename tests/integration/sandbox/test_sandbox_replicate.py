"""The sandbox's Replicate, driven by Replicate's own client and bare HTTP."""

import base64
import io
import itertools
import json
import re
import zipfile
from fractions import Fraction

import av
import httpx
import pytest
import replicate
from PIL import Image
from replicate.exceptions import ReplicateError
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from resources.media import decode_check, probe

SEEDANCE = "bytedance/seedance-2.0"
TRAINER = "ostris/flux-dev-lora-trainer"


def token_of(running):
    return running.settings.replicate_api_token.get_secret_value()


def client_of(running):
    unkept = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
    client = replicate.Client(
        api_token=token_of(running), base_url=f"{running.url}/replicate", transport=unkept, timeout=httpx.Timeout(30)
    )
    client.poll_interval = 0.02
    return client


def api_of(running):
    headers = {"Authorization": f"Bearer {token_of(running)}"}
    return httpx.Client(base_url=f"{running.url}/replicate/v1", headers=headers, timeout=30)


@pytest.fixture
def client(sandbox):
    return client_of(sandbox)


@pytest.fixture
def api(sandbox):
    with api_of(sandbox) as api:
        yield api


@pytest.fixture
def own(start, clock):
    """A sandbox with a clock that can be set ahead."""
    with start(clock=clock) as running:
        yield running


def done(client, model=SEEDANCE, **given):
    prediction = client.models.predictions.create(model, given)
    prediction.wait()
    return prediction


def order(api, prompt, model=SEEDANCE, headers=None, **body):
    return api.post(f"/models/{model}/predictions", json={"input": {"prompt": prompt}, **body}, headers=headers)


def until(api, run_id, *statuses):
    """The prediction when it has one of these statuses."""
    for _ in range(2000):
        body = api.get(f"/predictions/{run_id}").json()
        if body["status"] in statuses:
            return body
    pytest.fail(f"still {body['status']}")


def bills(running, **query):
    return httpx.get(f"{running.url}/billing", params=query).json()["charges"]


def saved(url, folder):
    path = folder / "output.mp4"
    path.write_bytes(httpx.get(url).content)
    return path


# Videos


def test_a_prediction_becomes_a_moving_video_of_the_length_asked_for(client, tmp_path):
    prediction = done(client, prompt="A lantern on a roof", seed=7, duration=4, aspect_ratio="9:16")
    assert (prediction.status, prediction.version, prediction.error) == ("succeeded", "hidden", None)
    assert prediction.metrics["predict_time"] > 0
    path = saved(prediction.output, tmp_path)
    facts, picture = probe(path), decode_check(path)
    assert (facts.width, facts.height, facts.frame_rate) == (704, 1252, Fraction(24))
    assert (facts.duration, facts.frames, facts.has_audio) == (4.0, 96, True)
    assert not picture.black
    assert not picture.frozen
    with av.open(str(path)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 96


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        ("bytedance/seedance-2.0-fast", {"generate_audio": False, "duration": -1}, (1244, 700, 24, 5.0, False)),
        ("kwaivgi/kling-v3-video", {"duration": 3, "mode": "standard"}, (1272, 716, 24, 3.0, False)),
        ("google/veo-3.1", {"duration": 4, "resolution": "720p"}, (1280, 720, 24, 4.0, True)),
        ("wan-video/wan-2.7-r2v", {"duration": 2, "resolution": "720p"}, (1280, 720, 30, 2.0, False)),
        ("minimax/video-01", {}, (1280, 720, 25, 5.64, False)),
        ("kwaivgi/kling-o1", {"mode": "std", "aspect_ratio": "1:1"}, (716, 716, 24, 5.0, False)),
    ],
)
def test_each_model_has_sizes_frame_rates_and_sound_of_its_own(client, tmp_path, model, given, expected):
    if model.startswith("wan"):
        given = {**given, "reference_images": ["https://example.com/ada.png"]}
    facts = probe(saved(done(client, model, prompt="A boat", **given).output, tmp_path))
    assert (facts.width, facts.height, facts.frame_rate, facts.duration, facts.has_audio) == expected


def test_the_seed_decides_the_look(client):
    videos = [
        httpx.get(done(client, prompt="A boat", seed=seed, generate_audio=False).output).content for seed in (1, 2, 1)
    ]
    assert videos[0] == videos[2]
    assert videos[0] != videos[1]


# Asking for a prediction


@pytest.mark.parametrize("form", ["{name}", "{name}:{version}", "{version}"])
def test_a_version_may_be_named_in_three_ways(client, api, form):
    version = client.models.get(SEEDANCE).latest_version.id
    body = {"version": form.format(name=SEEDANCE, version=version), "input": {"prompt": "x [[stuck-starting]]"}}
    answer = api.post("/predictions", json=body)
    assert answer.status_code == 201
    assert answer.json()["model"] == SEEDANCE


def test_an_unknown_version_is_refused_in_replicates_words(api):
    answer = api.post("/predictions", json={"version": f"{SEEDANCE}:{'0' * 64}", "input": {"prompt": "x"}})
    assert answer.status_code == 422
    assert answer.json() == {
        "title": "Invalid version or not permitted",
        "detail": "The specified version does not exist (or perhaps you don't have permission to use it?)",
        "status": 422,
    }


@pytest.mark.parametrize("path", ["/models/nobody/nothing", "/predictions/nothing", "/nothing"])
def test_what_is_not_there_is_a_404(api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "The requested resource could not be found.", "status": 404}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer another"}, {"Authorization": "Basic r8_sandbox"}])
def test_a_wrong_token_is_refused(sandbox, headers):
    answer = httpx.get(f"{sandbox.url}/replicate/v1/predictions", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {
        "title": "Unauthenticated",
        "detail": "You did not pass a valid authentication token",
        "status": 401,
    }


def test_an_input_that_does_not_fit_is_refused_field_by_field(api):
    given = {"duration": "5", "resolution": "8k", "reference_images": ["no address", 7], "seed": 1.5}
    answer = api.post(f"/models/{SEEDANCE}/predictions", json={"input": given})
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "- input: prompt is required\n"
        "- input.reference_images.0: Does not match format 'uri'\n"
        "- input.reference_images.1: Invalid type. Expected: string, given: integer\n"
        "- input.duration: Invalid type. Expected: integer, given: string\n"
        '- input.resolution: input.resolution must be one of the following: "480p", "720p", "1080p"\n'
        "- input.seed: Invalid type. Expected: integer, given: number\n",
        "status": 422,
        "title": "Input validation failed",
        "invalid_fields": [
            {"type": "required", "field": "input", "description": "prompt is required"},
            {
                "type": "format",
                "field": "input.reference_images.0",
                "description": "Does not match format 'uri'",
            },
            {
                "type": "invalid_type",
                "field": "input.reference_images.1",
                "description": "Invalid type. Expected: string, given: integer",
            },
            {
                "type": "invalid_type",
                "field": "input.duration",
                "description": "Invalid type. Expected: integer, given: string",
            },
            {
                "type": "enum",
                "field": "input.resolution",
                "description": 'input.resolution must be one of the following: "480p", "720p", "1080p"',
            },
            {
                "type": "invalid_type",
                "field": "input.seed",
                "description": "Invalid type. Expected: integer, given: number",
            },
        ],
    }


@pytest.mark.parametrize(
    ("model", "given", "reason"),
    [
        (
            SEEDANCE,
            {"image": "https://example.com/a.png", "reference_images": ["https://example.com/b.png"]},
            "reference_images cannot be used together with image.",
        ),
        (SEEDANCE, {"last_frame_image": "https://example.com/a.png"}, "last_frame_image requires image."),
        (
            "google/veo-3.1",
            {"duration": 4, "reference_images": ["https://example.com/a.png"]},
            "reference_images can only be used with duration 8.",
        ),
        ("wan-video/wan-2.7-r2v", {}, "At least one of reference_images, reference_videos is required."),
        (
            "wan-video/wan-2.7-r2v",
            {"reference_images": ["https://a.org/a.png"] * 4, "reference_videos": ["https://a.org/a.mp4"] * 2},
            "At most 5 references are allowed in all, got 6.",
        ),
    ],
)
def test_a_model_refuses_what_its_schema_lets_pass(sandbox, client, model, given, reason):
    prediction = done(client, model, prompt="x", **given)
    assert (prediction.status, prediction.error) == ("failed", reason)
    assert prediction.id not in [bill["id"] for bill in bills(sandbox)]


def test_the_schema_of_a_model_can_be_read(client):
    model = client.models.get("google/veo-3.1")
    schemas = model.latest_version.openapi_schema["components"]["schemas"]
    assert schemas["Input"]["required"] == ["prompt"]
    assert schemas["Input"]["properties"]["reference_images"]["maxItems"] == 3
    assert schemas["Input"]["properties"]["resolution"]["allOf"] == [{"$ref": "#/components/schemas/resolution"}]
    assert schemas["resolution"]["enum"] == ["720p", "1080p"]
    assert schemas["Output"]["format"] == "uri"
    assert model.versions.get(model.latest_version.id).id == model.latest_version.id


def test_a_client_may_wait_for_the_output(api):
    answer = order(api, "x", headers={"Prefer": "wait"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (201, "wait")
    assert answer.json()["status"] == "succeeded"
    late = order(api, "x [[stuck]]", headers={"Prefer": "wait=1"})
    assert (late.status_code, late.headers["preference-applied"]) == (202, "wait=1")
    assert late.json()["status"] == "processing"
    assert late.headers["location"] == late.json()["urls"]["get"]


def test_every_answer_has_an_id_and_tells_what_is_left_of_the_rate_limit(api):
    one, two = api.get("/account"), api.get("/account")
    assert one.headers["cf-ray"] != two.headers["cf-ray"]
    assert int(two.headers["ratelimit-remaining"]) < 3000


def test_too_many_predictions_are_throttled_until_time_has_passed(start, clock):
    with start(clock=clock, creates_per_minute=2) as running, api_of(running) as api:
        assert [order(api, "x [[stuck-starting]]").status_code for _ in range(3)] == [201, 201, 429]
        refused = order(api, "x [[stuck-starting]]")
        assert refused.json() == {"detail": "Request was throttled. Your rate limit resets in ~30s.", "status": 429}
        assert refused.headers["retry-after"] == "30"
        assert api.get("/predictions").status_code == 200
        clock.ahead += 30
        assert order(api, "x [[stuck-starting]]").status_code == 201


# Looking after predictions


def test_predictions_are_listed_newest_first_in_pages(own):
    with api_of(own) as api:
        ids = [order(api, f"{number} [[stuck-starting]]").json()["id"] for number in range(205)][::-1]
        first = api.get("/predictions").json()
        assert [run["id"] for run in first["results"]] == ids[:100]
        assert first["results"][0]["input"] == {"prompt": "204 [[stuck-starting]]"}
        assert first["previous"] is None
        second = api.get(first["next"]).json()
        assert [run["id"] for run in second["results"]] == ids[100:200]
        third = api.get(second["next"]).json()
        assert [run["id"] for run in third["results"]] == ids[200:]
        assert third["next"] is None
        assert [run["id"] for run in api.get(third["previous"]).json()["results"]] == ids[100:200]
        pages = list(replicate.pagination.paginate(client_of(own).predictions.list))
        assert [run.id for page in pages for run in page] == ids


def test_predictions_are_listed_by_when_they_were_made(own, clock):
    with api_of(own) as api:
        runs = []
        for _ in range(9):
            runs.append(order(api, "x [[stuck-starting]]").json())
            clock.ahead += 60
        for run, following in itertools.pairwise(runs):
            span = {"created_after": run["created_at"], "created_before": following["created_at"]}
            assert [each["id"] for each in api.get("/predictions", params=span).json()["results"]] == [run["id"]]
        since = api.get("/predictions", params={"created_after": runs[7]["created_at"]}).json()
        assert [run["id"] for run in since["results"]] == [runs[8]["id"], runs[7]["id"]]
        assert api.get("/predictions", params={"created_after": "yesterday"}).status_code == 400


def test_an_hour_after_its_end_a_prediction_has_lost_what_it_was_given_and_made(own, clock):
    client = client_of(own)
    prediction = done(client, prompt="x")
    clock.ahead += 3590
    prediction.reload()
    assert prediction.input == {"prompt": "x"}
    assert httpx.get(prediction.output).status_code == 200
    output, clock.ahead = prediction.output, clock.ahead + 10
    prediction.reload()
    assert (prediction.status, prediction.input, prediction.output, prediction.logs) == ("succeeded", {}, None, "")
    assert httpx.get(output).status_code == 404
    with api_of(own) as api:
        assert api.get("/predictions").json()["results"][0]["data_removed"] is True


def test_a_prediction_can_be_canceled_and_costs_once_it_has_started(own, clock):
    client = client_of(own)
    waiting = client.models.predictions.create(SEEDANCE, {"prompt": "x [[stuck-starting]]"})
    waiting.cancel()
    assert (waiting.status, waiting.started_at) == ("canceled", None)
    running = client.models.predictions.create(SEEDANCE, {"prompt": "x [[stuck]]"})
    with api_of(own) as api:
        until(api, running.id, "processing")
    running.cancel()
    assert running.status == "canceled"
    ended = done(client, prompt="x")
    ended.cancel()
    assert ended.status == "succeeded"
    assert [(bill["id"], bill["kind"]) for bill in bills(own)] == [(running.id, "canceled"), (ended.id, "succeeded")]


def test_a_deadline_aborts_what_waits_and_cancels_what_runs(own, clock):
    with api_of(own) as api:
        waiting = order(api, "x [[stuck-starting]]", headers={"Cancel-After": "15m"}).json()
        running = order(api, "y [[stuck]]", headers={"Cancel-After": "1h30m"}).json()
        until(api, running["id"], "processing")
        clock.ahead += 899
        assert until(api, waiting["id"], "starting")["completed_at"] is None
        clock.ahead += 1
        assert until(api, waiting["id"], "aborted")["started_at"] is None
        assert order(api, "x", headers={"Cancel-After": "4s"}).status_code == 422
        assert order(api, "x", headers={"Cancel-After": "soon"}).status_code == 422
        quick = order(api, "z [[stuck]]", headers={"Cancel-After": "10"}).json()
        until(api, quick["id"], "processing")
        clock.ahead += 10
        assert until(api, quick["id"], "canceled")["metrics"]["predict_time"] > 9
    assert [bill["id"] for bill in bills(own)] == [quick["id"]]


def test_no_prediction_runs_longer_than_half_an_hour(own, clock):
    with api_of(own) as api:
        run = order(api, "x [[stuck]]").json()
        until(api, run["id"], "processing")
        clock.ahead += 1800
        assert until(api, run["id"], "failed")["error"] == "Prediction timed out"
    assert bills(own) == []


def test_work_and_webhooks_go_on_after_a_restart(start, letterbox):
    with start(prediction_seconds=60) as running, api_of(running) as api:
        run = order(api, "x", webhook=f"{letterbox.url}/hook", webhook_events_filter=["completed"]).json()
        secret = client_of(running).webhooks.default.secret().key
    with start(prediction_seconds=0) as running, api_of(running) as api:
        assert until(api, run["id"], "succeeded")["input"] == {"prompt": "x"}
        assert client_of(running).webhooks.default.secret().key == secret
        letter = letterbox.take()
        assert Webhook(secret).verify(letter.body, letter.headers)["id"] == run["id"]
        assert len(bills(running)) == 1


# Faults


@pytest.mark.parametrize(
    ("word", "status", "body"),
    [
        (
            "402",
            402,
            {
                "title": "Insufficient credit",
                "detail": "You have insufficient credit to run this model. Go to "
                "https://replicate.com/account/billing#billing to purchase credit. Once you purchase credit, please "
                "wait a few minutes before trying again.",
                "status": 402,
            },
        ),
        ("429", 429, {"detail": "Request was throttled. Your rate limit resets in ~1s.", "status": 429}),
        ("500", 500, {"detail": "Internal server error", "status": 500}),
    ],
)
def test_a_word_in_the_prompt_gets_it_refused(sandbox, api, word, status, body):
    prompt = f"A refusal [[{word}]]"
    for _ in range(2):
        answer = order(api, prompt)
        assert (answer.status_code, answer.json()) == (status, body)
    assert all(run["input"].get("prompt") != prompt for run in api.get("/predictions").json()["results"])


def test_the_client_library_knows_the_refusals(client):
    with pytest.raises(ReplicateError) as refusal:
        client.models.predictions.create(SEEDANCE, {"prompt": "[[422]]"})
    assert (refusal.value.status, refusal.value.title) == (422, "Input validation failed")


def test_a_fault_that_happens_once_is_over_at_the_second_try(api):
    assert [order(api, "Again ((429-once))").status_code for _ in range(3)] == [429, 201, 201]


@pytest.mark.parametrize("word", ["500-after-accepting", "timeout-after-accepting", "dropped-after-accepting-once"])
def test_what_was_accepted_runs_and_is_billed_though_nobody_was_told(sandbox, api, word):
    prompt = f"Nobody knows [[{word}]]"
    try:
        answer = api.post(f"/models/{SEEDANCE}/predictions", json={"input": {"prompt": prompt}}, timeout=1)
        assert answer.status_code == 500
    except (httpx.ReadTimeout, httpx.RemoteProtocolError):
        pass
    runs = [run for run in api.get("/predictions").json()["results"] if run["input"].get("prompt") == prompt]
    assert len(runs) == 1
    until(api, runs[0]["id"], "succeeded")
    assert [bill["id"] for bill in bills(sandbox, prompt=prompt)] == [runs[0]["id"]]


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("refuse", "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"),
        ("fail", "Prediction interrupted; please retry (code: PA)"),
    ],
)
def test_what_fails_costs_nothing(sandbox, client, word, error):
    prediction = done(client, prompt=f"It fails [[{word}]]")
    assert (prediction.status, prediction.error, prediction.output) == ("failed", error, None)
    assert bills(sandbox, prompt=prediction.input["prompt"]) == []
    assert done(client, prompt=f"Once [[{word}-once]]").status == "failed"
    assert done(client, prompt=f"Once [[{word}-once]]").status == "succeeded"


def test_a_slow_prediction_takes_its_time(start):
    with start(slow_prediction_seconds=60) as running, api_of(running) as api:
        slow, usual = order(api, "x [[slow]]").json(), order(api, "x").json()
        until(api, usual["id"], "succeeded")
        assert api.get(f"/predictions/{slow['id']}").json()["status"] in ("starting", "processing")


def test_flawed_videos_are_delivered_and_billed(sandbox, client, tmp_path):
    flaws = {word: done(client, prompt=f"Flawed [[{word}]]") for word in ("black", "frozen", "short", "corrupt-output")}
    assert all(prediction.status == "succeeded" for prediction in flaws.values())
    assert decode_check(saved(flaws["black"].output, tmp_path)).black
    frozen = decode_check(saved(flaws["frozen"].output, tmp_path))
    assert (frozen.black, frozen.frozen) == (False, True)
    assert probe(saved(flaws["short"].output, tmp_path)).duration == 2.5
    with pytest.raises(av.error.InvalidDataError), av.open(str(saved(flaws["corrupt-output"].output, tmp_path))):
        pass
    assert len(bills(sandbox, prompt="Flawed [[")) == 4


def test_outputs_may_be_gone_late_or_lead_elsewhere(client):
    assert httpx.get(done(client, prompt="[[output-gone]]").output).status_code == 404
    once = done(client, prompt="[[output-unavailable-once]]").output
    assert [httpx.get(once).status_code for _ in range(2)] == [503, 200]
    always = done(client, prompt="[[output-unavailable]]").output
    assert [httpx.get(always).status_code for _ in range(2)] == [503, 503]
    led = httpx.get(done(client, prompt="[[redirect-to-private]]").output)
    assert led.headers["location"].startswith("http://169.254.169.254/")
    assert done(client, prompt="[[private-output]]").output == "http://10.0.0.1/output.mp4"
    with httpx.stream("GET", done(client, prompt="[[endless-output]]").output) as endless:
        read = 0
        for chunk in endless.iter_bytes():
            read += len(chunk)
            if read > 20_000_000:
                break
    assert "content-length" not in endless.headers


def test_the_token_is_refused_by_the_file_host_and_its_leak_written_down(own):
    output = done(client_of(own), prompt="x").output
    answer = httpx.get(output, headers={"Authorization": f"Bearer {token_of(own)}"})
    assert answer.status_code == 403
    assert httpx.get(output, headers={"Range": "bytes=0-9"}).status_code == 206
    leaks = httpx.get(f"{own.url}/leaks").json()
    assert [(leak["path"], leak["scheme"]) for leak in leaks] == [(httpx.URL(output).path, "Bearer")]


def test_faults_can_be_met_at_a_rate_that_is_the_same_every_time(own):
    def outcomes():
        httpx.delete(f"{own.url}/faults")
        httpx.post(f"{own.url}/faults", json={"rates": {"500": 0.3}, "seed": 5}).raise_for_status()
        return [order(api, f"{number} [[stuck-starting]]").status_code for number in range(60)]

    with api_of(own) as api:
        first = outcomes()
        assert first == outcomes()
        assert 8 <= first.count(500) <= 28
        assert httpx.get(f"{own.url}/faults").json()["met"]["500"] == first.count(500)
        unknown = httpx.post(f"{own.url}/faults", json={"rates": {"no-such-word": 1}})
        assert unknown.status_code == 422


def test_the_time_of_predictions_can_be_changed_while_the_sandbox_runs(start):
    with start(prediction_seconds=60) as running, api_of(running) as api:
        httpx.post(f"{running.url}/faults", json={"prediction_seconds": 0}).raise_for_status()
        until(api, order(api, "x").json()["id"], "succeeded")


# Webhooks


def test_webhooks_are_signed_and_tell_of_the_start_and_the_end(client, letterbox):
    secret = client.webhooks.default.secret().key
    prediction = client.models.predictions.create(SEEDANCE, {"prompt": "x"}, webhook=f"{letterbox.url}/hook/7")
    letters = [letterbox.take(), letterbox.take()]
    told = [Webhook(secret).verify(letter.body, letter.headers) for letter in letters]
    assert [body["status"] for body in told] == ["starting", "succeeded"]
    assert {body["id"] for body in told} == {prediction.id}
    assert {letter.path for letter in letters} == {"/hook/7"}
    assert len({letter.headers["webhook-id"] for letter in letters}) == 2
    assert told[1]["output"].startswith("http")
    assert told[1]["webhook"] == f"{letterbox.url}/hook/7"


def test_only_the_events_that_were_asked_for_are_told(api, letterbox):
    order(api, "[[fail]]", webhook=letterbox.url, webhook_events_filter=["completed"])
    assert json.loads(letterbox.take().body)["status"] == "failed"
    order(api, "[[stuck]]", webhook=letterbox.url, webhook_events_filter=["start"])
    assert json.loads(letterbox.take().body)["status"] == "starting"
    assert letterbox.is_empty()


def test_the_end_is_told_again_until_it_is_taken_and_never_elsewhere(api, letterbox):
    letterbox.answers = [503, 307, 200]
    order(api, "[[fail]]", webhook=letterbox.url, webhook_events_filter=["completed"])
    letters = [letterbox.take() for _ in range(3)]
    assert {letter.path for letter in letters} == {"/"}
    assert len({letter.headers["webhook-id"] for letter in letters}) == 1
    order(api, "[[stuck]]", webhook=letterbox.url, webhook_events_filter=["start"])
    assert json.loads(letterbox.take().body)["status"] == "starting"


@pytest.mark.parametrize("webhook", ["no address", "http://example.com/hook", "ftp://127.0.0.1/hook", 7])
def test_a_webhook_must_be_https_or_near(api, webhook):
    answer = order(api, "x", webhook=webhook)
    assert answer.status_code == 422
    assert answer.json()["invalid_fields"][0]["field"] == "webhook"


def test_webhooks_may_be_lost_doubled_forged_and_replayed(client, api, letterbox):
    secret = Webhook(client.webhooks.default.secret().key)
    asked = {"webhook": letterbox.url, "webhook_events_filter": ["completed"]}
    order(api, "[[fail]] [[webhook-lost]]", **asked)
    order(api, "[[fail]] [[webhook-doubled]]", **asked)
    twins = [letterbox.take(), letterbox.take()]
    assert twins[0].headers["webhook-id"] == twins[1].headers["webhook-id"]
    assert "webhook-doubled" in twins[0].body.decode()
    order(api, "[[fail]] [[webhook-forged]]", **asked)
    forged, true = letterbox.take(), letterbox.take()
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        secret.verify(forged.body, forged.headers)
    assert json.loads(forged.body)["status"] == "succeeded"
    assert secret.verify(true.body, true.headers)["status"] == "failed"
    order(api, "[[fail]] [[webhook-replayed]]", **asked)
    fresh, old = letterbox.take(), letterbox.take()
    assert secret.verify(fresh.body, fresh.headers)
    with pytest.raises(WebhookVerificationError, match="too old"):
        secret.verify(old.body, old.headers)


# Files


def picture(colour="red"):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_file_is_kept_for_an_hour(own, clock, tmp_path):
    client = client_of(own)
    path = tmp_path / "ada.png"
    path.write_bytes(picture())
    file = client.files.create(path, metadata={"who": "Ada"})
    assert (file.name, file.content_type, file.size) == ("ada.png", "image/png", len(picture()))
    assert file.metadata == {"who": "Ada"}
    assert [each.id for each in client.files.list()] == [file.id]
    assert client.files.get(file.id).checksums == file.checksums
    assert client.files.delete(file.id)
    with pytest.raises(ReplicateError):
        client.files.get(file.id)
    file = client.files.create(path)
    clock.ahead += 3600
    assert client.files.list() == []
    assert done(client, prompt="x", reference_images=[file.urls["get"]]).status == "failed"


def test_pictures_that_can_be_reached_are_looked_at(client):
    data = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    uploaded = client.files.create(io.BytesIO(picture())).urls["get"]
    assert done(client, prompt="x", reference_images=[data, uploaded, "https://a.org/a.png"]).status == "succeeded"
    broken = done(client, prompt="x", reference_images=["data:image/png;base64,AAAA"])
    assert broken.error == "Could not read reference_images: the file is damaged or of another kind."
    away = done(client, prompt="x", reference_images=["http://127.0.0.1:9/a.png"])
    assert away.error == "Failed to download the input file: ConnectError"


# Models and trainings


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pictures:
        pictures.writestr("1.png", picture())
    return buffer.getvalue()


def test_a_training_makes_a_version_that_draws(sandbox, client, api, tmp_path):
    client.models.create("recast", "ada", visibility="private", hardware="gpu-t4")
    version = client.models.get(TRAINER).latest_version.id
    images = client.files.create(io.BytesIO(archive())).urls["get"]
    training = client.trainings.create(
        model=TRAINER,
        version=version,
        input={"input_images": images, "trigger_word": "ADA42"},
        destination="recast/ada",
    )
    assert training.status == "starting"
    while training.status not in ("succeeded", "failed"):
        training.reload()
    assert training.status == "succeeded"
    trained, weights = training.output["version"], training.output["weights"]
    assert httpx.get(weights).content
    assert client.models.get("recast/ada").latest_version.id == trained.partition(":")[2]
    body = api.get(f"/trainings/{training.id}").json()
    assert body["metrics"]["predict_time"] == 1200
    (bill,) = bills(sandbox, model=TRAINER, prompt="ADA42")
    assert (bill["id"], float(bill["amount"]), bill["prompt"]) == (training.id, 1.80, "ADA42")
    drawing = client.predictions.create(trained, {"prompt": "ADA42 smiles", "num_outputs": 2})
    drawing.wait()
    assert (drawing.model, drawing.version) == ("recast/ada", trained.partition(":")[2])
    assert len(drawing.output) == 2
    assert Image.open(io.BytesIO(httpx.get(drawing.output[0]).content)).size == (768, 768)


def trained_version(api, name):
    """A version of a model of one's own, ``recast/name``, that a training has made."""
    api.post("/models", json={"owner": "recast", "name": name, "visibility": "private", "hardware": "gpu-t4"})
    version = api.get(f"/models/{TRAINER}").json()["latest_version"]["id"]
    path = f"/models/{TRAINER}/versions/{version}/trainings"
    training = api.post(path, json={"input": {"input_images": "https://a.org/a.zip"}, "destination": f"recast/{name}"})
    while (made := api.get(f"/trainings/{training.json()['id']}").json())["status"] != "succeeded":
        continue
    return made["output"]["version"]


@pytest.mark.parametrize(("suffix", "kind"), [("png", "PNG"), ("webp", "WEBP"), ("jpg", "JPEG")])
def test_a_trained_version_draws_a_still_in_the_shape_and_kind_that_is_asked_for(own, suffix, kind):
    given = {"prompt": "A portrait", "aspect_ratio": "16:9", "output_format": suffix, "seed": 4}
    with api_of(own) as api:
        version = trained_version(api, "stills")
        body = {"version": version, "input": given}
        drawing = api.post("/predictions", json=body, headers={"Prefer": "wait"}).json()
    assert (drawing["status"], drawing["version"]) == ("succeeded", version.partition(":")[2])
    (address,) = drawing["output"]
    answer = httpx.get(address)
    still = Image.open(io.BytesIO(answer.content))
    assert (still.format, answer.headers["content-type"]) == (kind, f"image/{'jpeg' if suffix == 'jpg' else suffix}")
    assert still.width / still.height == pytest.approx(16 / 9, abs=0.01)
    (bill,) = bills(own, prompt="A portrait")
    assert float(bill["amount"]) == 0.032


def test_a_version_that_is_deleted_draws_no_more(own):
    with api_of(own) as api:
        version = trained_version(api, "gone")
        model, _, version_id = version.partition(":")
        api.delete(f"/models/{model}/versions/{version_id}")
        answer = api.post("/predictions", json={"version": version, "input": {"prompt": "x"}})
    assert (answer.status_code, answer.json()["title"]) == (422, "Invalid version or not permitted")


def test_a_trainer_at_work_writes_how_far_it_is(start, clock):
    with start(clock=clock, prediction_seconds=8) as running, api_of(running) as api:
        api.post("/models", json={"owner": "recast", "name": "slow", "visibility": "private", "hardware": "gpu-t4"})
        version = api.get(f"/models/{TRAINER}").json()["latest_version"]["id"]
        training = api.post(
            f"/models/{TRAINER}/versions/{version}/trainings",
            json={"input": {"input_images": "https://a.org/a.zip", "steps": 400}, "destination": "recast/slow"},
        ).json()
        assert training["logs"] == ""
        while api.get(f"/trainings/{training['id']}").json()["status"] != "processing":
            continue
        clock.ahead = 4.0
        logs = api.get(f"/trainings/{training['id']}").json()["logs"]
        assert re.fullmatch(r"flux_train_replicate:\s+\d\d%\|█+ +\| \d{3}/400\n", logs)


def test_a_training_needs_a_destination_that_exists(api):
    version = api.get(f"/models/{TRAINER}").json()["latest_version"]["id"]
    body = {"input": {"input_images": "https://a.org/a.zip"}, "destination": "recast/nowhere"}
    answer = api.post(f"/models/{TRAINER}/versions/{version}/trainings", json=body)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "The specified training destination does not exist", "status": 404}


def test_trainings_are_listed_canceled_and_fail_on_what_is_no_archive(own):
    client = client_of(own)
    client.models.create("recast", "bruno", visibility="private", hardware="gpu-t4")
    version = client.models.get(TRAINER).latest_version.id

    def train(images, word):
        given = {"input_images": images, "trigger_word": word}
        return client.trainings.create(model=TRAINER, version=version, input=given, destination="recast/bruno")

    stuck = train("https://a.org/a.zip", "[[stuck-starting]]")
    stuck.cancel()
    assert stuck.status == "canceled"
    bad = train("data:application/zip;base64,AAAA", "BRUNO")
    while bad.status not in ("succeeded", "failed"):
        bad.reload()
    assert bad.error == "Could not read input_images: the file is damaged or of another kind."
    assert [each.id for each in client.trainings.list()] == [bad.id, stuck.id]
    assert client.models.get("recast/bruno").latest_version is None
    assert bills(own) == []


def test_models_can_be_made_once_and_deleted_when_empty(api):
    body = {"owner": "recast", "name": "carla", "visibility": "private", "hardware": "gpu-t4"}
    assert api.post("/models", json=body).status_code == 201
    assert api.post("/models", json=body).status_code == 409
    assert api.post("/models", json={"owner": "recast"}).status_code == 422
    version = api.get(f"/models/{TRAINER}").json()["latest_version"]["id"]
    training = api.post(
        f"/models/{TRAINER}/versions/{version}/trainings",
        json={"input": {"input_images": "https://a.org/a.zip"}, "destination": "recast/carla"},
    ).json()
    while api.get(f"/trainings/{training['id']}").json()["status"] != "succeeded":
        continue
    assert api.delete("/models/recast/carla").status_code == 403
    (trained,) = api.get("/models/recast/carla/versions").json()["results"]
    assert api.get(f"/models/recast/carla/versions/{trained['id']}").json()["id"] == trained["id"]
    assert api.delete(f"/models/recast/carla/versions/{trained['id']}").status_code == 202
    assert api.delete("/models/recast/carla").status_code == 204
    assert api.get("/models/recast/carla").status_code == 404
