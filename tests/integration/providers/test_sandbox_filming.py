"""Replicate and fal as the sandbox plays them: whole orders, and everything that goes wrong on demand."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.media import probe
from resources.settings import Settings
from resources.video.protocol import BusyError, Camera, Handle, Order, OutcomeUnknownError, Take, TakeStatus
from resources.video.registry import camera, model_profile, trainers
from resources.video.replicate.trainings import TrainingOrder, trainer
from resources.video.webhooks import webhooks
from tests.integration.sandbox.conftest import Clock, Letterbox, Running, serve
from tests.orders import PICTURES, SEEDANCE, order_for, portrait

PIKA = model_profile("pika", "fal-ai/pika/v2.2/image-to-video")
BOTH = pytest.mark.parametrize("profile", [SEEDANCE, PIKA], ids=["replicate", "pika"])


@dataclass(frozen=True)
class Stage:
    """The sandbox, and the product's settings for it."""

    running: Running
    settings_for: Callable[..., Settings]

    def settings(self, **values: Any) -> Settings:
        sandbox = self.running.settings
        return self.settings_for(
            **{
                "replicate_base_url": f"{self.running.url}/replicate/v1",
                "replicate_api_token": sandbox.replicate_api_token,
                "fal_base_url": f"{self.running.url}/fal",
                "fal_jwks_url": f"{self.running.url}/fal/.well-known/jwks.json",
                "fal_key": sandbox.fal_key,
                **values,
            }
        )

    def camera(self, profile: ModelProfile, **values: Any) -> Camera:
        return camera(profile, self.settings(**values))

    def leaks(self) -> list[dict[str, Any]]:
        """Requests that brought a token to where it does not belong."""
        return httpx.get(f"{self.running.url}/leaks").json()

    def charges(self, text: str) -> list[dict[str, Any]]:
        return httpx.get(f"{self.running.url}/billing", params={"prompt": text}).json()["charges"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def stage(running: Running, settings_for: Callable[..., Settings]) -> Stage:
    return Stage(running, settings_for)


def told(profile: ModelProfile, fault: str = "", **values: Any) -> tuple[Order, str]:
    """An order with words of its own, and with a fault's word in them."""
    text = f"Ada waves. {uuid4()} {f'[[{fault}]]' if fault else ''}".strip()
    return order_for(profile, attempt=values.pop("attempt", None) or uuid4(), text=text, **values), text


async def ended(film: Camera, handle: Handle) -> Take:
    for _ in range(3000):
        take = await film.poll(handle)
        if take.status.is_final:
            return take
        await asyncio.sleep(0.02)
    pytest.fail(f"still {take.status}")


async def begun(film: Camera, handle: Handle) -> None:
    for _ in range(3000):
        if (await film.poll(handle)).status is TakeStatus.RUNNING:
            return
        await asyncio.sleep(0.02)
    pytest.fail("not begun")


async def test_a_shot_is_filmed_fetched_and_billed_once_with_replicate(stage, tmp_path: Path):
    film = stage.camera(SEEDANCE)
    order, text = told(SEEDANCE)
    handle = await film.submit(order, PICTURES)
    take = await ended(film, handle)
    await film.fetch(handle, tmp_path / "clip.mp4")
    facts = probe(tmp_path / "clip.mp4")
    assert take.status is TakeStatus.SUCCEEDED
    assert take.metadata["provider_url"].endswith(handle.request_id)
    assert facts.duration == pytest.approx(4, abs=0.1)
    (charge,) = stage.charges(text)
    assert charge["id"] == handle.request_id
    assert float(charge["amount"]) == 0.40
    assert handle.response_id
    assert stage.leaks() == []


async def test_a_shot_is_filmed_fetched_and_billed_once_with_pika(stage, tmp_path: Path):
    film = stage.camera(PIKA)
    order, text = told(PIKA)
    handle = await film.submit(order, PICTURES)
    take = await ended(film, handle)
    await film.fetch(handle, tmp_path / "clip.mp4")
    assert take.status is TakeStatus.SUCCEEDED
    assert probe(tmp_path / "clip.mp4").duration == pytest.approx(5, abs=0.1)
    (charge,) = stage.charges(text)
    assert (charge["id"], float(charge["amount"])) == (handle.request_id, 0.20)


@pytest.mark.parametrize(
    "model",
    [
        "kwaivgi/kling-o1",
        "kwaivgi/kling-v3-video",
        "google/veo-3.1",
        "wan-video/wan-2.7-r2v",
        "minimax/video-01",
        "fal-ai/pika/v2.2/text-to-video",
    ],
)
async def test_every_model_takes_what_it_is_asked_and_costs_what_was_quoted(stage, model):
    profile = model_profile("pika" if model.startswith("fal-ai") else "replicate", model)
    film = stage.camera(profile)
    order, text = told(profile)
    take = await ended(film, await film.submit(order, PICTURES))
    assert take.error is None
    assert take.status is TakeStatus.SUCCEEDED
    (charge,) = stage.charges(text)
    assert float(charge["amount"]) == pytest.approx(float(profile.price.of(order.shot.ordered_seconds)[0]))


# an answer that is lost


@BOTH
@pytest.mark.parametrize("fault", ["timeout-after-accepting", "dropped-after-accepting", "500-after-accepting"])
async def test_an_order_whose_answer_is_lost_is_not_made_again(stage, profile, fault):
    film = stage.camera(profile, provider_submit_timeout_seconds=0.5)
    order, text = told(profile, fault)
    with pytest.raises(OutcomeUnknownError):
        await film.submit(order, PICTURES)
    assert await ended_without_handle(stage, text) == 1


async def ended_without_handle(stage: Stage, text: str) -> int:
    """How often an order was billed in the end, after what was made of it has ended."""
    for _ in range(3000):
        if charges := stage.charges(text):
            return len(charges)
        await asyncio.sleep(0.02)
    pytest.fail("never billed")


@pytest.mark.parametrize("fault", ["timeout-after-accepting", "dropped-after-accepting", "500-after-accepting"])
async def test_an_order_whose_answer_is_lost_is_found_again_and_fetched(stage, tmp_path, fault):
    film = stage.camera(SEEDANCE, provider_submit_timeout_seconds=0.5)
    since = datetime.now(UTC)
    order, text = told(SEEDANCE, fault)
    with pytest.raises(OutcomeUnknownError):
        await film.submit(order, PICTURES)
    elsewhere = stage.camera(SEEDANCE)  # another process, which has never seen the order
    (handle,) = await elsewhere.find(order, since)
    assert (await ended(elsewhere, handle)).status is TakeStatus.SUCCEEDED
    await elsewhere.fetch(handle, tmp_path / "clip.mp4")
    assert [charge["id"] for charge in stage.charges(text)] == [handle.request_id]


async def test_of_two_orders_with_the_same_words_each_finds_its_own(stage):
    film = stage.camera(SEEDANCE)
    since = datetime.now(UTC)
    first, _ = told(SEEDANCE)
    second = first.model_copy(update={"attempt_id": uuid4()})
    handles = [await film.submit(order, PICTURES) for order in (first, second)]
    for order, handle in zip((first, second), handles, strict=True):
        assert [found.request_id for found in await film.find(order, since)] == [handle.request_id]


async def test_an_order_that_was_never_made_is_not_found(stage):
    order, _ = told(SEEDANCE)
    assert await stage.camera(SEEDANCE).find(order, datetime.now(UTC)) == []


# refusals


@BOTH
@pytest.mark.parametrize(("fault", "code"), [("402", "PROVIDER_QUOTA"), ("429", "PROVIDER_BUSY")])
async def test_a_refused_order_says_why_and_is_not_billed(stage, profile, fault, code):
    order, text = told(profile, fault)
    with pytest.raises(RecastError) as caught:
        await stage.camera(profile).submit(order, PICTURES)
    assert caught.value.code == ErrorCode(code)
    assert not isinstance(caught.value, BusyError) or caught.value.retry_after_seconds >= 1
    assert stage.charges(text) == []


async def test_an_invalid_order_names_its_field(stage):
    order, _ = told(SEEDANCE, "422")
    with pytest.raises(RecastError) as caught:
        await stage.camera(SEEDANCE).submit(order, PICTURES)
    assert caught.value.code is ErrorCode.PROVIDER_INPUT_INVALID
    assert caught.value.detail == "The model does not accept this scene's prompt."
    assert caught.value.request_id


@BOTH
async def test_a_wrong_key_is_the_operators_affair(stage, profile):
    film = stage.camera(profile, replicate_api_token="r8_wrong", fal_key="wrong:key")
    with pytest.raises(RecastError) as caught:
        await film.submit(told(profile)[0], PICTURES)
    assert caught.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED


# ends


@BOTH
@pytest.mark.parametrize(("fault", "code"), [("refuse", "CONTENT_REJECTED"), ("fail", "AI_PROVIDER_FAILURE")])
async def test_a_take_that_fails_says_why_and_costs_nothing(stage, profile, fault, code):
    film = stage.camera(profile)
    order, text = told(profile, fault)
    take = await ended(film, await film.submit(order, PICTURES))
    assert (take.status, take.error.code.value, take.is_billed) == (TakeStatus.FAILED, code, False)
    assert stage.charges(text) == []


async def test_pika_refuses_a_setting_when_its_turn_has_come(stage):
    wrong = PIKA.model_copy(update={"fixed": {"resolution": "8k"}})
    film = stage.camera(wrong)
    take = await ended(film, await film.submit(told(wrong)[0], PICTURES))
    assert (take.status, take.error.code) == (TakeStatus.FAILED, ErrorCode.PROVIDER_INPUT_INVALID)
    assert "resolution" in take.error.detail


async def test_what_is_canceled_after_it_has_begun_is_billed(stage):
    film = stage.camera(SEEDANCE)
    order, text = told(SEEDANCE, "stuck")
    handle = await film.submit(order, PICTURES)
    await begun(film, handle)
    await film.cancel(handle)
    take = await ended(film, handle)
    assert (take.status, take.is_billed) == (TakeStatus.CANCELED, True)
    assert len(stage.charges(text)) == 1
    await film.cancel(handle)


@BOTH
async def test_what_is_canceled_before_it_began_is_not_billed(stage, profile):
    film = stage.camera(profile)
    order, text = told(profile, "stuck-starting")
    handle = await film.submit(order, PICTURES)
    assert (await film.poll(handle)).status is TakeStatus.QUEUED
    await film.cancel(handle)
    take = await ended(film, handle)
    assert (take.status, take.is_billed) == (TakeStatus.CANCELED, False)
    assert stage.charges(text) == []


async def test_what_does_not_begin_before_the_deadline_is_given_up_and_costs_nothing(settings_for, tmp_path):
    clock = Clock()
    with serve(tmp_path, clock=clock) as running:
        stage = Stage(running, settings_for)
        film = stage.camera(SEEDANCE)
        order, text = told(SEEDANCE, "stuck-starting")
        handle = await film.submit(order, PICTURES)
        clock.ahead += order.deadline_seconds + 1
        take = await ended(film, handle)
        assert (take.status, take.is_billed) == (TakeStatus.CANCELED, False)
        assert take.error.code is ErrorCode.SCENE_TIMEOUT
        assert stage.charges(text) == []


async def test_after_an_hour_the_take_has_succeeded_and_the_clip_is_lost(settings_for, tmp_path):
    clock = Clock()
    with serve(tmp_path, clock=clock) as running:
        film = Stage(running, settings_for).camera(SEEDANCE)
        since = datetime.fromtimestamp(clock(), UTC)
        order, _ = told(SEEDANCE)
        handle = await film.submit(order, PICTURES)
        assert (await ended(film, handle)).status is TakeStatus.SUCCEEDED
        clock.ahead += 3700
        assert (await film.poll(handle)).status is TakeStatus.SUCCEEDED
        with pytest.raises(RecastError) as caught:
            await film.fetch(handle, tmp_path / "clip.mp4")
        assert caught.value.code is ErrorCode.CLIP_LOST
        assert [found.request_id for found in await film.find(order, since)] == [handle.request_id]


@BOTH
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("output-gone", "CLIP_LOST"),
        ("redirect-to-private", "AI_PROVIDER_FAILURE"),
        ("private-output", "AI_PROVIDER_FAILURE"),
        ("endless-output", "CLIP_REJECTED"),
    ],
)
async def test_a_clip_that_cannot_be_had_leaves_nothing_behind(stage, tmp_path, profile, fault, code):
    film = stage.camera(profile, provider_output_max_bytes=20_000_000)
    handle = await film.submit(told(profile, fault)[0], PICTURES)
    assert (await ended(film, handle)).status is TakeStatus.SUCCEEDED
    with pytest.raises(RecastError) as caught:
        await film.fetch(handle, tmp_path / "clip.mp4")
    assert caught.value.code == ErrorCode(code)
    assert list(tmp_path.iterdir()) == []


@BOTH
async def test_a_delivery_that_fails_once_is_asked_for_again(stage, tmp_path, profile):
    film = stage.camera(profile)
    handle = await film.submit(told(profile, "output-unavailable-once")[0], PICTURES)
    await ended(film, handle)
    await film.fetch(handle, tmp_path / "clip.mp4")
    assert probe(tmp_path / "clip.mp4").duration > 3


# webhooks


async def letter_in(letterbox: Letterbox) -> tuple[Mapping[str, str], bytes]:
    letter = await asyncio.to_thread(letterbox.take)
    return letter.headers, letter.body


async def test_replicates_webhooks_tell_the_beginning_and_the_end(stage, letterbox):
    film, verifier = stage.camera(SEEDANCE), webhooks("replicate", stage.settings())
    handle = await film.submit(told(SEEDANCE, webhook_url=letterbox.url)[0], PICTURES)
    events = [await verifier.verify(*await letter_in(letterbox)) for _ in range(2)]
    assert {event.request_id for event in events} == {handle.request_id}
    assert TakeStatus.SUCCEEDED in {event.status for event in events}
    assert len({event.webhook_id for event in events}) == 2


async def test_pikas_webhook_tells_the_end(stage, letterbox):
    film, verifier = stage.camera(PIKA), webhooks("pika", stage.settings())
    handle = await film.submit(told(PIKA, webhook_url=letterbox.url)[0], PICTURES)
    event = await verifier.verify(*await letter_in(letterbox))
    assert (event.request_id, event.status) == (handle.request_id, TakeStatus.SUCCEEDED)


@BOTH
@pytest.mark.parametrize("fault", ["webhook-forged", "webhook-replayed"])
async def test_a_strangers_or_an_old_webhook_is_not_believed(stage, letterbox, profile, fault):
    film, verifier = stage.camera(profile), webhooks(profile.provider, stage.settings())
    await film.submit(told(profile, fault, webhook_url=letterbox.url)[0], PICTURES)
    letters = [await letter_in(letterbox) for _ in range(2 if profile is PIKA else 4)]
    verdicts = await asyncio.gather(*(verifier.verify(*letter) for letter in letters), return_exceptions=True)
    refused = [verdict.code for verdict in verdicts if isinstance(verdict, RecastError)]
    assert refused == [ErrorCode.UNAUTHENTICATED] * (len(letters) // 2)


@BOTH
async def test_a_webhook_that_is_sent_twice_has_the_same_name(stage, letterbox, profile):
    film, verifier = stage.camera(profile), webhooks(profile.provider, stage.settings())
    await film.submit(told(profile, "webhook-doubled", webhook_url=letterbox.url)[0], PICTURES)
    names = [
        (await verifier.verify(*await letter_in(letterbox))).webhook_id for _ in range(2 if profile is PIKA else 4)
    ]
    assert len(set(names)) == len(names) // 2


# trainings


(TRAINER,) = trainers()
LOOKS = (portrait("teal"), portrait("red", kind="WEBP"))


def training(**values: Any) -> TrainingOrder:
    return TrainingOrder(
        **{
            "attempt_id": uuid4(),
            "name": f"recast-{uuid4().hex[:8]}",
            "trigger_word": f"ADA{uuid4().hex[:6]}",
            **values,
        }
    )


async def trained(stage: Stage, handle: Handle) -> Take:
    school = trainer(TRAINER, stage.settings())
    for _ in range(3000):
        if (take := await school.poll(handle)).status.is_final:
            return take
        await asyncio.sleep(0.02)
    pytest.fail("still training")


async def test_a_character_is_trained_and_forgotten_again(stage):
    school = trainer(TRAINER, stage.settings())
    order = training()
    take = await trained(stage, await school.submit(order, LOOKS))
    assert (take.status, take.error) == (TakeStatus.SUCCEEDED, None)
    assert f"/{order.name}:" in take.metadata["version"]
    assert take.metadata["weights"]
    await school.delete(*take.metadata["version"].split(":"))
    await school.delete(*take.metadata["version"].split(":"))


async def test_a_second_training_adds_a_version_to_the_model(stage):
    school = trainer(TRAINER, stage.settings())
    order = training()
    takes = [await trained(stage, await school.submit(each, LOOKS)) for each in (order, training(name=order.name))]
    first, second = (take.metadata["version"] for take in takes)
    assert first.partition(":")[0] == second.partition(":")[0]
    assert first != second


async def test_a_training_whose_answer_is_lost_is_found_by_its_pictures(stage):
    school = trainer(TRAINER, stage.settings(provider_submit_timeout_seconds=0.5))
    since = datetime.now(UTC)
    word = f"[[timeout-after-accepting]] {uuid4()}"
    order = training(trigger_word=word)
    with pytest.raises(OutcomeUnknownError):
        await school.submit(order, LOOKS)
    other = training(trigger_word=word)
    with pytest.raises(OutcomeUnknownError):
        await school.submit(other, LOOKS)
    (handle,) = await school.find(order, since)
    (another,) = await school.find(other, since)
    assert handle.request_id != another.request_id
    await school.cancel(another)
