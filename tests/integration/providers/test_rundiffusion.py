"""Two services of different shapes, spoken to by configuration alone."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.settings import Settings
from resources.video.protocol import BusyError, Camera, Handle, OutcomeUnknownError
from resources.video.registry import camera, is_configured, model_profile, models
from tests.integration.providers.server import Answer, Asked, Server, cut, reply, serving
from tests.orders import ATTEMPT, PICTURES, order_for

CLIP = b"\0\0\0 ftypisom" + bytes(5000)
VIDEO = {"content-type": "video/mp4"}
FLAT = """
base_url = "{url}/api/v1"
output_hosts = ["cdn.flat.test"]
unbilled = ["failed"]

[submit]
path = "/videos"
id = "id"
attempt = "reference"

[poll]
path = "/videos/{{id}}"
status = "state"
error = "reason"
progress = "done"
progress_end = 1.0
cost_usd = "price"

[result]
video = "files.0.href"

[cancel]
method = "DELETE"
path = "/videos/{{id}}"

[statuses]
queued = ["waiting"]
running = ["working"]
succeeded = ["ready", "cached"]
failed = ["broken"]
canceled = ["stopped"]

[[model]]
model = "dreamer"
version = "3"
title = "Dreamer"
likeness = "reference_images"
max_pictures = 2
seconds = [4, 8]
fields = {{ prompt = "text", images = "people", seconds = "length" }}
price = {{ per = "clip", usd = "0.30", as_of = 2026-11-22, source = "the operator" }}
"""
DEEP = """
base_url = "{url}"
output_hosts = ["media.deep.test"]
refusal = "errors.0.message"

[key]
header = "X-Api-Key"
value = "{{key}}"

[submit]
method = "PUT"
path = "/run/{{model}}/jobs"
id = "data.job.number"

[poll]
method = "POST"
path = "/jobs/{{id}}/query"
status = "data.job.phase"
error = "data.job.fault.text"

[result]
path = "/jobs/{{id}}/result"
video = "data.video.url"

[statuses]
succeeded = ["DONE"]
failed = ["FAULT"]

[[model]]
model = "studio/films-2"
version = "2"
title = "Films 2"
likeness = "start_image"
max_pictures = 1
fields = {{ prompt = "job.input.prompt", image = "job.input.frame", aspect = "job.output.ratio" }}
fixed = {{ "job.output.format" = "mp4" }}
price = {{ per = "second", usd = "0.05", as_of = 2026-11-22, source = "the operator" }}
"""

Setup = Callable[..., tuple[Camera, ModelProfile]]


@pytest.fixture
def configured(settings_for: Callable[..., Settings], tmp_path: Path) -> Setup:
    def configure(shape: str, server: Server) -> tuple[Camera, ModelProfile]:
        (tmp_path / "rundiffusion.toml").write_text(shape.format(url=server.url))
        settings = settings_for(rundiffusion_config=tmp_path / "rundiffusion.toml", rundiffusion_key="rd-key")
        profile = model_profile("rundiffusion", None, settings)
        return camera(profile, settings), profile

    return configure


async def test_a_flat_service_is_asked_in_its_own_words(configured):
    async with serving(lambda asked: reply(202, {"id": "v-7"}, {"x-request-id": "r-1"})) as server:
        film, profile = configured(FLAT, server)
        handle = await film.submit(order_for(profile), PICTURES)
    assert (handle.provider, handle.request_id, handle.response_id) == ("rundiffusion", "v-7", "r-1")
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/videos")
    assert asked.headers["authorization"] == "Bearer rd-key"
    told = asked.json
    assert [picture.partition(",")[0] for picture in told.pop("people")] == [
        "data:image/png;base64",
        "data:image/jpeg;base64",
    ]
    assert told == {
        "text": "Medium two-shot of Ada and Bob. Ada says: “Good evening.”",
        "length": 4,
        "reference": str(ATTEMPT),
    }


async def test_a_deep_service_is_asked_in_its_own_words(configured):
    async with serving(lambda asked: reply(200, {"data": {"job": {"number": 12}}})) as server:
        film, profile = configured(DEEP, server)
        handle = await film.submit(order_for(profile), PICTURES)
    assert handle.request_id == "12"
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("PUT", "/run/studio/films-2/jobs")
    assert asked.headers["x-api-key"] == "rd-key"
    assert "authorization" not in asked.headers
    job = asked.json["job"]
    assert job["input"].pop("frame").startswith("data:image/jpeg;base64,")
    assert job == {
        "input": {"prompt": "Medium two-shot of Ada and Bob. Ada says: “Good evening.”"},
        "output": {"ratio": "16:9", "format": "mp4"},
    }


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        (FLAT, cut),
        (FLAT, reply(503, b"")),
        (FLAT, reply(200, {"name": "v-7"})),
        (DEEP, reply(200, {"data": {"job": {"number": True}}})),
        (DEEP, reply(200, {"data": []})),
        (DEEP, reply(200, b"ok")),
    ],
)
async def test_a_lost_answer_leaves_the_outcome_unknown_and_is_never_asked_for_again(configured, shape, answer):
    async with serving(lambda asked: answer) as server:
        film, profile = configured(shape, server)
        with pytest.raises(OutcomeUnknownError):
            await film.submit(order_for(profile), PICTURES)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("shape", "answer", "code"),
    [
        (FLAT, reply(401, b"who?"), "PROVIDER_NOT_CONFIGURED"),
        (FLAT, reply(402, b""), "PROVIDER_QUOTA"),
        (FLAT, reply(422, b"inappropriate prompt"), "CONTENT_REJECTED"),
        (FLAT, reply(422, b"too long"), "PROVIDER_INPUT_INVALID"),
        (DEEP, reply(400, {"errors": [{"message": "violates our content policy"}]}), "CONTENT_REJECTED"),
        (DEEP, reply(400, {"errors": [{"message": "ratio"}], "see": "content policy"}), "PROVIDER_INPUT_INVALID"),
        (DEEP, reply(429, b"", {"retry-after": "9"}), "PROVIDER_BUSY"),
    ],
)  # fmt: skip
async def test_a_refusal_has_the_code_of_its_reason(configured, shape, answer, code):
    async with serving(lambda asked: answer) as server:
        film, profile = configured(shape, server)
        with pytest.raises(RecastError) as caught:
            await film.submit(order_for(profile), PICTURES)
    assert caught.value.code == ErrorCode(code)


def deep(phase: str, **more: Any) -> Answer:
    return reply(200, {"data": {"job": {"phase": phase, **more}}})


@pytest.mark.parametrize(
    ("shape", "answer", "expected"),
    [
        (FLAT, reply(200, {"state": "waiting"}), ("queued", 0, None, None, True)),
        (FLAT, reply(200, {"state": "working", "done": 0.42}), ("running", 42, None, None, True)),
        (FLAT, reply(200, {"state": "working", "done": "lots"}), ("running", 0, None, None, True)),
        (FLAT, reply(200, {"state": "new word", "done": 7}), ("running", 99, None, None, True)),
        (FLAT, reply(200, {"state": "working", "done": -3}), ("running", 0, None, None, True)),
        (FLAT, reply(200, {"state": "ready", "price": "NaN"}), ("succeeded", 100, None, None, True)),
        (FLAT, reply(200, {"state": "ready", "price": "-1"}), ("succeeded", 100, None, None, True)),
        (FLAT, reply(200, {"state": "cached", "price": "0.25"}), ("succeeded", 100, None, Decimal("0.25"), True)),
        (FLAT, reply(200, {"state": "broken", "reason": "NSFW"}), ("failed", 0, "CONTENT_REJECTED", None, False)),
        (FLAT, reply(200, {"state": "stopped"}), ("canceled", 0, "AI_PROVIDER_FAILURE", None, True)),
        (FLAT, reply(404, b""), ("expired", 0, "CLIP_LOST", None, True)),
        (DEEP, deep("DONE"), ("succeeded", 100, None, None, True)),
        (DEEP, deep("FAULT", fault={"text": "no GPU"}), ("failed", 0, "AI_PROVIDER_FAILURE", None, True)),
    ],
)
async def test_a_take_is_told_in_our_words(configured, shape, answer, expected):
    async with serving(lambda asked: answer) as server:
        film, _ = configured(shape, server)
        take = await film.poll(Handle(provider="rundiffusion", request_id="v/7"))
    code = take.error.code.value if take.error else None
    assert (take.status.value, take.progress, code, take.cost_usd, take.is_billed) == expected
    method, path = ("GET", "/api/v1/videos/v%2F7") if shape == FLAT else ("POST", "/jobs/v%2F7/query")
    assert (server.asked[0].method, server.asked[0].path) == (method, path)


async def test_an_answer_without_a_status_is_no_end(configured):
    async with serving(lambda asked: reply(200, {"status": "DONE"})) as server:
        film, _ = configured(DEEP, server)
        with pytest.raises(BusyError):
            await film.poll(Handle(provider="rundiffusion", request_id="12"))


async def test_a_cancel_is_sent_where_there_is_one(configured):
    handle = Handle(provider="rundiffusion", request_id="v-7")
    async with serving(lambda asked: reply(204, b"")) as server:
        await configured(FLAT, server)[0].cancel(handle)
    assert [(asked.method, asked.path) for asked in server.asked] == [("DELETE", "/api/v1/videos/v-7")]


async def test_a_service_that_cannot_cancel_is_not_asked_to(configured):
    async with serving(lambda asked: reply(200, b"")) as server:
        await configured(DEEP, server)[0].cancel(Handle(provider="rundiffusion", request_id="12"))
    assert server.asked == []


async def test_the_clip_of_a_flat_service_is_named_by_the_poll(configured, tmp_path):
    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/api/v1"):
            return reply(200, {"state": "ready", "files": [{"href": f"http://{asked.headers['host']}/f.mp4"}]})
        return reply(200, CLIP, VIDEO)

    async with serving(answer) as server:
        film, _ = configured(FLAT, server)
        await film.fetch(Handle(provider="rundiffusion", request_id="v-7"), tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP
    assert "authorization" not in server.asked[-1].headers


async def test_the_clip_of_a_deep_service_is_named_by_its_result(configured, tmp_path):
    def answer(asked: Asked) -> Answer:
        if asked.path == "/jobs/12/result":
            return reply(200, {"data": {"video": {"url": f"http://{asked.headers['host']}/f.mp4"}}})
        return reply(200, CLIP, VIDEO)

    async with serving(answer) as server:
        film, _ = configured(DEEP, server)
        await film.fetch(Handle(provider="rundiffusion", request_id="12"), tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP
    assert "x-api-key" not in server.asked[-1].headers


@pytest.mark.parametrize(
    ("shape", "answer", "code"),
    [
        (FLAT, reply(404, b""), "CLIP_LOST"),
        (DEEP, reply(410, b""), "CLIP_LOST"),
        (DEEP, reply(200, {"data": {"video": None}}), "CLIP_REJECTED"),
        (DEEP, reply(200, {"data": {"video": {"url": "https://evil.test/f.mp4"}}}), "AI_PROVIDER_FAILURE"),
        (DEEP, reply(403, b""), "PROVIDER_NOT_CONFIGURED"),
    ],
)
async def test_a_clip_that_does_not_come_says_why(configured, tmp_path, shape, answer, code):
    async with serving(lambda asked: answer) as server:
        film, _ = configured(shape, server)
        with pytest.raises(RecastError) as caught:
            await film.fetch(Handle(provider="rundiffusion", request_id="12"), tmp_path / "clip.mp4")
    assert caught.value.code == ErrorCode(code)


def test_its_models_are_offered_only_where_it_is_set_up(settings_for, tmp_path):
    (tmp_path / "flat.toml").write_text(FLAT.format(url="https://flat.test"))
    ours = settings_for(rundiffusion_config=tmp_path / "flat.toml", rundiffusion_key="k")
    assert "dreamer" in {profile.model for profile in models(ours)}
    assert model_profile("rundiffusion", "dreamer", ours).price.usd == Decimal("0.30")
    assert {profile.provider for profile in models(settings_for())} == {"local", "replicate", "pika"}
    assert not is_configured("rundiffusion", settings_for(rundiffusion_config=tmp_path / "flat.toml"))


@pytest.mark.parametrize(
    "broken",
    [
        "not toml = = ",
        FLAT.replace("{url}", "http://flat.test"),
        FLAT.replace("{url}", "https://flat.test").replace('succeeded = ["ready", "cached"]', ""),
        FLAT.replace("{url}", "https://flat.test").replace("/videos/{{id}}", "/videos"),
        FLAT.replace("{url}", "https://flat.test").replace('path = "/videos"', 'path = "/videos/{{secret}}"'),
        FLAT.replace("{url}", "https://flat.test").replace('state"', 'state"\nsecret = "x"'),
    ],
)
def test_a_configuration_that_is_not_understood_is_told_to_the_operator_alone(settings_for, tmp_path, broken):
    path = tmp_path / "broken.toml"
    path.write_text(broken.replace("{{", "{").replace("}}", "}"))
    with pytest.raises(RecastError) as caught:
        models(settings_for(rundiffusion_config=path, rundiffusion_key="k"))
    assert caught.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED
    assert "broken.toml" in caught.value.cause
    assert "broken.toml" not in caught.value.detail


def test_the_example_in_the_decision_is_a_configuration(repository, settings_for, tmp_path):
    text = (repository / "docs/decisions/0007-rundiffusion.md").read_text()
    (tmp_path / "example.toml").write_text(text.partition("```toml\n")[2].partition("```")[0])
    settings = settings_for(rundiffusion_config=tmp_path / "example.toml", rundiffusion_key="k")
    profile = model_profile("rundiffusion", None, settings)
    assert camera(profile, settings).profile.title == "Example model"
