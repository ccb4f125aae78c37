"""Teaching a model a character: asked once, found again, and what it makes."""

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings
from resources.video.protocol import BusyError, Handle, OutcomeUnknownError, Take, TakeStatus, TrainingOrder
from resources.video.registry import trainers
from resources.video.replicate.trainings import ReplicateTrainer
from resources.video.replicate.trainings import trainer as make
from tests.integration.providers.server import Answer, Asked, cut, reply, serving
from tests.orders import ATTEMPT, WEBHOOK, portrait

CREATE = "/models/ostris/flux-dev-lora-trainer/versions/e440/trainings"
PICTURES = (portrait("teal"), portrait("red", kind="WEBP"))
HANDLE = Handle(provider="replicate", request_id="tr1")
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
STARTED = {"id": "tr1", "status": "starting", "created_at": "2026-11-20T10:00:00Z"}
ACCEPTED = reply(201, STARTED)


def order(**values: Any) -> TrainingOrder:
    return TrainingOrder(
        **{
            "attempt_id": ATTEMPT,
            "name": "recast-ada",
            "trigger_word": "ADA77",
            "parameters": {"steps": 1000, "autocaption": True},
            **values,
        }
    )


def trainer(settings: Settings, **values: Any) -> ReplicateTrainer:
    (profile,) = [one for one in trainers() if one.model == "ostris/flux-dev-lora-trainer"]
    return make(profile, settings, **values)


def replicate(create: Answer = ACCEPTED, **answers: Answer) -> Callable[[Asked], Answer]:
    """An account with the trainer's model and, unless ``answers`` say otherwise, with the destination."""
    known: Mapping[str, Answer] = {
        "GET /account": reply(200, {"type": "user", "username": "studio", "name": "A Studio"}),
        "GET /models/studio/recast-ada": reply(200, {"owner": "studio", "latest_version": None}),
        "GET /models/ostris/flux-dev-lora-trainer": reply(200, {"latest_version": {"id": "e440"}}),
        "POST /files": reply(201, {"id": "zip1", "urls": {"get": "https://files.test/zip1"}}),
        f"POST {CREATE}": create,
        **{name.replace("__", " /").replace("_", "/"): answer for name, answer in answers.items()},
    }
    return lambda asked: known[f"{asked.method} {asked.path.partition('?')[0]}"]


async def test_a_training_is_one_request_with_the_pictures_in_an_archive(settings_for):
    async with serving(replicate(reply(201, STARTED, {"x-request-id": "req-3"}))) as server:
        handle = await trainer(settings_for(replicate_base_url=server.url)).submit(order(webhook_url=WEBHOOK), PICTURES)
    assert (handle.request_id, handle.response_id) == ("tr1", "req-3")
    assert handle.details == {"destination": "studio/recast-ada"}
    create = next(asked for asked in server.asked if asked.path == CREATE)
    assert create.json == {
        "destination": "studio/recast-ada",
        "input": {
            "trigger_word": "ADA77",
            "steps": 1000,
            "autocaption": True,
            "input_images": "https://files.test/zip1",
        },
        "webhook": WEBHOOK,
        "webhook_events_filter": ["start", "completed"],
    }
    assert "cancel-after" not in create.headers
    upload = next(asked for asked in server.asked if asked.path == "/files").body
    assert f'"recast_attempt": "{ATTEMPT}"'.encode() in upload
    archive = zipfile.ZipFile(io.BytesIO(upload[upload.index(b"PK\x03\x04") : upload.rindex(b"PK\x05\x06") + 22]))
    assert archive.namelist() == ["01.png", "02.png"]
    assert server.count("POST", "/models") == 0


async def test_the_model_to_be_is_made_when_it_is_not_there(settings_for):
    answers = iter([reply(404, b"{}")])
    served = replicate()

    def answer(asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("GET", "/models/studio/recast-ada"):
            return next(answers)
        return reply(201, {}) if (asked.method, asked.path) == ("POST", "/models") else served(asked)

    async with serving(answer) as server:
        await trainer(settings_for(replicate_base_url=server.url)).submit(order(), PICTURES)
    made = next(asked for asked in server.asked if asked.path == "/models").json
    assert made | {"description": ""} == {
        "owner": "studio",
        "name": "recast-ada",
        "visibility": "private",
        "hardware": "gpu-t4",
        "description": "",
    }


async def test_a_model_that_was_made_meanwhile_is_taken(settings_for):
    there = iter([reply(404, b"{}"), reply(200, {"owner": "studio"})])
    served = replicate()

    def answer(asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("GET", "/models/studio/recast-ada"):
            return next(there)
        exists = reply(409, {"detail": "A model with that name and owner already exists."})
        return exists if (asked.method, asked.path) == ("POST", "/models") else served(asked)

    async with serving(answer) as server:
        handle = await trainer(settings_for(replicate_base_url=server.url)).submit(order(), PICTURES)
    assert handle.request_id == "tr1"


async def test_a_model_that_cannot_be_made_ends_the_order_before_it_costs_anything(settings_for):
    answering = replicate(
        **{"GET__models_studio_recast-ada": reply(404, b"{}"), "POST__models": reply(402, {"detail": "no credit"})}
    )
    async with serving(answering) as server:
        with pytest.raises(RecastError) as caught:
            await trainer(settings_for(replicate_base_url=server.url)).submit(order(), PICTURES)
        assert server.count("POST", CREATE) == 0
    assert caught.value.code is ErrorCode.PROVIDER_QUOTA


@pytest.mark.parametrize("lost", [cut, reply(500, b""), reply(201, b"<html>")])
async def test_a_lost_answer_leaves_the_outcome_unknown_and_is_never_asked_for_again(settings_for, lost):
    async with serving(replicate(lost)) as server:
        with pytest.raises(OutcomeUnknownError):
            await trainer(settings_for(replicate_base_url=server.url)).submit(order(), PICTURES)
        assert server.count("POST", CREATE) == 1


def run(name: str, **values: Any) -> dict[str, Any]:
    told = {"trigger_word": "ADA77", "steps": 1000, "autocaption": True, "input_images": "https://files.test/zip1"}
    return {
        "id": name,
        "model": "ostris/flux-dev-lora-trainer",
        "status": "processing",
        "input": told,
        "created_at": "2026-11-20T10:00:30Z",
        **values,
    }


async def test_a_lost_training_is_found_by_its_mark_its_webhook_or_its_words(settings_for):
    hook = f"https://recast.example/hook/{ATTEMPT}"

    def answer(asked: Asked) -> Answer:
        base = f"http://{asked.headers['host']}/files"
        if asked.path == "/files/theirs":
            return reply(200, {"id": "theirs", "metadata": {"recast_attempt": "x"}, "urls": {"get": "x"}})
        if asked.path == "/files/mine":
            return reply(200, {"id": "mine", "metadata": {"recast_attempt": str(ATTEMPT)}, "urls": {"get": "x"}})
        runs = [
            run("words"),
            run("mine", input=run("")["input"] | {"input_images": f"{base}/mine"}),
            run("theirs", input=run("")["input"] | {"input_images": f"{base}/theirs"}),
            run("other", input=run("")["input"] | {"trigger_word": "BOB"}),
            run("trainer", model="somebody/trainer"),
            run("hook", webhook=hook, input={}, data_removed=True),
            run("removed", input={}, data_removed=True),
            run("early", created_at="2026-11-20T09:58:59Z"),
        ]
        return reply(200, {"next": None, "results": runs})

    async with serving(answer) as server:
        found = await trainer(settings_for(replicate_base_url=server.url)).find(order(webhook_url=hook), NOW)
    assert [handle.request_id for handle in found] == ["removed", "hook", "mine", "words"]


async def polled(settings_for, answer: Answer, **values: Any):
    async with serving(lambda asked: answer) as server:
        take = await trainer(settings_for(replicate_base_url=server.url), **values).poll(HANDLE)
    assert server.asked[0].path == "/trainings/tr1"
    return take


async def test_a_finished_training_tells_the_version_it_made(settings_for):
    made = {"version": "studio/recast-ada:ab12", "weights": "https://replicate.delivery/x/weights.tar"}
    done = reply(200, run("tr1", status="succeeded", output=made, metrics={"predict_time": 1200.5}))
    take = await polled(settings_for, done)
    assert take.status is TakeStatus.SUCCEEDED
    assert take.metadata == {"provider_status": "succeeded", "predict_seconds": 1200.5, **made}


@pytest.mark.parametrize(
    ("answer", "status", "is_billed"),
    [
        (reply(200, run("tr1", status="failed", error="no pictures")), TakeStatus.FAILED, False),
        (reply(200, run("tr1", status="canceled", started_at="2026-11-20T10:01:00Z")), TakeStatus.CANCELED, True),
        (reply(404, b"{}"), TakeStatus.EXPIRED, True),
    ],
)
async def test_a_training_that_came_to_nothing_says_so(settings_for, answer, status, is_billed):
    take = await polled(settings_for, answer)
    assert (take.status, take.is_billed) == (status, is_billed)
    assert take.error is not None


async def test_a_training_can_be_canceled(settings_for):
    async with serving(lambda asked: reply(200, run("tr1", status="canceled"))) as server:
        await trainer(settings_for(replicate_base_url=server.url)).cancel(HANDLE)
    assert [(asked.method, asked.path) for asked in server.asked] == [("POST", "/trainings/tr1/cancel")]


async def made(settings_for, take, answers: Mapping[str, Answer]) -> tuple[str, str] | None:
    async with serving(replicate(**answers)) as server:
        return await trainer(settings_for(replicate_base_url=server.url)).made("recast-ada", take)


async def test_what_a_training_has_made_is_told_by_the_training_or_later_by_its_model(settings_for):
    told = Take(status=TakeStatus.SUCCEEDED, metadata={"version": "studio/recast-ada:ab12"})
    late = Take(status=TakeStatus.SUCCEEDED)
    there = {"GET__models_studio_recast-ada": reply(200, {"latest_version": {"id": "cd34"}})}
    gone = {"GET__models_studio_recast-ada": reply(404, b"{}")}
    assert await made(settings_for, told, gone) == ("studio/recast-ada", "ab12")
    assert await made(settings_for, late, there) == ("studio/recast-ada", "cd34")
    assert await made(settings_for, late, {}) is None
    assert await made(settings_for, late, gone) is None


@pytest.mark.parametrize("status", [202, 204, 404])
async def test_what_a_training_made_can_be_deleted_and_stays_deleted(settings_for, status):
    async with serving(lambda asked: reply(status, b"")) as server:
        await trainer(settings_for(replicate_base_url=server.url)).delete("studio/recast-ada", "ab12")
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("DELETE", "/models/studio/recast-ada/versions/ab12"),
        ("DELETE", "/models/studio/recast-ada"),
    ]


async def test_a_model_whose_version_is_not_gone_yet_is_asked_for_again_later(settings_for):
    def answer(asked: Asked) -> Answer:
        return reply(202, b"") if "versions" in asked.path else reply(403, {"detail": "It has versions."})

    async with serving(answer) as server:
        with pytest.raises(BusyError):
            await trainer(settings_for(replicate_base_url=server.url)).delete("studio/recast-ada", "ab12")


async def test_a_version_that_replicate_keeps_is_told(settings_for):
    kept = reply(400, {"detail": "Version is used by other models"})
    async with serving(lambda asked: kept) as server:
        with pytest.raises(RecastError) as caught:
            await trainer(settings_for(replicate_base_url=server.url)).delete("studio/recast-ada", "ab12")
    assert caught.value.code is ErrorCode.PROVIDER_INPUT_INVALID
    assert "other models" in caught.value.cause


@pytest.mark.parametrize(
    ("model", "version"),
    [("", "ab"), ("studio", "ab"), ("studio/ada", ""), ("a/b/c", "ab"), ("studio/ada", "../../x"), ("a/..", "ab")],
)
async def test_nothing_but_a_version_is_ever_deleted(settings_for, model, version):
    async with serving(lambda asked: reply(204, b"")) as server:
        with pytest.raises(RecastError):
            await trainer(settings_for(replicate_base_url=server.url)).delete(model, version)
    assert server.asked == []


async def test_a_service_that_stays_away_is_busy(settings_for, pauses):
    with pytest.raises(BusyError):
        await polled(settings_for, reply(503, b""), sleep=pauses)
