"""Characters trained for films: bought once, whatever happens on the way, and gone when their user wants them gone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import dagster as dg
import pytest

from assets.cast import cast
from domain.characters import CharacterMode, CharacterStatus
from domain.errors import ErrorCode, RecastError
from domain.models import TrainerProfile
from domain.quote import Quote, What
from domain.stages import PARTITIONS, Stage
from domain.states import JobStatus
from domain.training import Likeness
from resources.database import attempts, characters, deletions, jobs, scenes
from resources.database.connection import Database, UserDatabase
from resources.database.records import Job, JobOptions
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.video.protocol import Confirm, Handle, Trainer, TrainingOrder
from sensors.deletions import deletions as deletions_sensor
from tests.conftest import DatabaseUrls
from tests.integration.objects import Bucket
from tests.integration.sandbox.conftest import Running, serve
from tests.integration.studio import KLING, PATIENCE, Studio

TRAINING_USD = Decimal("1.80")
LONG_SECONDS = 600.0
"""Far longer than any test: what takes so long ends when it is canceled, or not at all."""


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    with serve(tmp_path / "sandbox", prediction_seconds=0.3) as running:
        yield running


@pytest.fixture
def settings(database_urls: DatabaseUrls, s3: dict[str, str], sandbox: Running, tmp_path: Path) -> Settings:
    nowhere = "http://127.0.0.1:9"
    own: dict[str, Any] = {
        "database_url": database_urls.worker,
        "api_database_url": database_urls.api,
        "cdn_url": nowhere,
        "cdn_key_pair_id": "none",
        "cdn_private_key_path": tmp_path / "none",
        "dagster_url": nowhere,
        "auth_url": nowhere,
        "replicate_api_token": "r8_sandbox",
        "replicate_base_url": f"{sandbox.url}/replicate/v1",
    }
    return Settings.model_validate({**own, **{name.removeprefix("RECAST_").lower(): one for name, one in s3.items()}})


@pytest.fixture
async def studio(settings: Settings, database_urls: DatabaseUrls, sandbox: Running) -> AsyncIterator[Studio]:
    users = UserDatabase(database_urls.api, max_connections=4)
    await users.open()
    yield Studio(
        settings, Database(database_urls.worker), users, Storage(settings), Cameras(settings), sandbox.listens_at
    )
    await users.close()


class Dying:
    """A trainer whose process dies when it asks: before anybody has heard of it, or before it has heard the answer."""

    can_find = True

    def __init__(self, trainer: Trainer, *, is_heard: bool) -> None:
        self.profile: TrainerProfile = trainer.profile
        self._trainer = trainer
        self._is_heard = is_heard

    async def submit(self, order: TrainingOrder, pictures: Sequence[bytes], confirm: Confirm) -> Handle:
        if self._is_heard:
            await self._trainer.submit(order, pictures, confirm)
        raise Killed


class DyingCameras(Cameras):
    is_heard = False

    def trainer(self) -> Trainer:
        return Dying(super().trainer(), is_heard=self.is_heard)  # type: ignore[return-value]


class NewTrainer(Cameras):
    """The installation a year later: everybody is to be trained anew."""

    @property
    def training(self) -> TrainerProfile:
        return super().training.model_copy(update={"version": "2027-11"})


async def until(is_so: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not await is_so():
            await asyncio.sleep(0.05)


async def until_submitted(studio: Studio) -> None:
    """Until the provider has the one thing that was asked for."""

    async def is_submitted() -> bool:
        return [state for _, state, _ in await studio.ledger()] == ["submitted"]

    await until(is_submitted)


def lines(quote: Quote) -> list[tuple[str, int | None, bool]]:
    return [(line.what.value, line.scene_index, line.is_owned) for line in quote.lines]


# Once


async def test_a_character_is_trained_and_the_film_costs_what_was_quoted(studio: Studio) -> None:
    zed = await studio.character()
    script = await studio.script([zed], lines=2)
    quote = await studio.quote(script)
    assert lines(quote) == [
        ("training", None, False),
        ("keyframe", 1, False),
        ("clip", 1, False),
        ("keyframe", 2, False),
        ("clip", 2, False),
    ]
    job = await studio.order(script)
    assert job.reserved_usd == quote.high_usd
    (member,) = await studio.cast(job)
    trained = await studio.found(zed)
    assert (trained.status, trained.training_progress) == (CharacterStatus.READY, 100)
    assert trained.trainer == "ostris/flux-dev-lora-trainer"
    assert (trained.model_ref, trained.model_version) == (member.model_ref, member.model_version)
    assert member.model_ref
    assert studio.versions(member.model_ref) == [member.model_version]
    (training,) = studio.trainings
    assert (training.is_bought, training.cost_usd) == (True, TRAINING_USD)

    filmed = await studio.film(job)
    assert [one.error for one in filmed] == [None, None]
    assert {one.likeness.how for one in filmed if one.likeness} == {Likeness.TRAINED}
    assert studio.billed() == quote.low_usd == sum(one.cost_usd for one in filmed) + TRAINING_USD
    await studio.assert_the_books_are_in_order()

    again = await studio.quote(script)
    assert (again.high_usd, lines(again)) == (0, [("clip", 1, True), ("clip", 2, True)])
    other = await studio.quote(script, KLING.model_copy(update={"model": "minimax/video-01"}))
    assert lines(other)[:2] == [("keyframe", 1, True), ("clip", 1, False)]


async def test_a_keyframe_lies_beside_its_clip_and_is_what_the_video_model_sees(
    studio: Studio, settings: Settings
) -> None:
    zed = await studio.character()
    job = await studio.order(await studio.script([zed]))
    await studio.cast(job)
    (filmed,) = await studio.film(job)
    folder = f"users/{studio.user_id}/clips/{filmed.clip_key}"
    assert f"{folder}/keyframe.png" in Bucket(settings).keys(folder)
    training, keyframe, clip = studio.charges()
    assert keyframe["input"]["prompt"].startswith(f"A picture of {training['prompt']}, who is called Zed.")
    assert (keyframe["input"]["aspect_ratio"], keyframe["input"]["output_format"]) == ("16:9", "png")
    assert len(clip["input"]["reference_images"]) == 1
    async with studio.database.connect() as connection:
        (row,) = await scenes.list_scenes(connection, job.id)
    assert row.likeness
    assert (row.likeness.how, row.likeness.why) == (Likeness.TRAINED, "Zed is alone and has a trained model.")


async def test_two_films_at_the_same_moment_train_a_character_once(studio: Studio) -> None:
    zed = await studio.character()
    orders = [await studio.order(await studio.script([zed])) for _ in range(2)]
    casts = await asyncio.gather(*(studio.cast(job) for job in orders))
    assert casts[0] == casts[1]
    assert len(studio.trained()) == 1
    assert sorted(training.is_bought for training in studio.trainings) == [False, True]
    await studio.assert_the_books_are_in_order()


async def test_a_film_waits_for_a_training_of_another_and_shows_how_far_it_is(studio: Studio) -> None:
    zed = await studio.character()
    first, second = [await studio.order(await studio.script([zed])) for _ in range(2)]
    studio.slow_down(LONG_SECONDS)
    training = asyncio.create_task(studio.cast(first))

    async def is_told() -> bool:
        told = await studio.rows(f"select kind from job_events where job_id = '{second.id}'")
        return ("training_awaited",) in told and (await studio.job(second)).progress == 4

    await until_submitted(studio)
    waiting = asyncio.create_task(studio.cast(second))
    async with studio.database.connect() as connection:
        await characters.raise_training_progress(connection, zed, 50)
    await until(is_told)
    studio.slow_down(0.1)
    await studio.cancel(first)
    with pytest.raises(RecastError, match="JOB_CANCELED"):
        await training
    assert [member.character_id for member in await waiting] == [zed]


async def test_how_far_a_training_is_can_be_read_from_its_character(studio: Studio) -> None:
    zed = await studio.character()
    job = await studio.order(await studio.script([zed]))
    studio.slow_down(6)
    worker = asyncio.create_task(studio.cast(job))

    async def is_told() -> bool:
        return 0 < (await studio.found(zed)).training_progress < 100

    await until(is_told)
    await worker


async def test_characters_with_the_same_pictures_share_one_model(studio: Studio) -> None:
    twins = [await studio.character(name) for name in ("Zed", "Zoe")]
    script = await studio.script(twins)
    assert [line.is_owned for line in (await studio.quote(script)).lines if line.what is What.TRAINING] == [False, True]
    members = await studio.cast(await studio.order(script))
    assert len({member.model_version for member in members}) == 1
    assert len(studio.trained()) == 1
    await studio.assert_the_books_are_in_order()


async def test_another_user_with_the_same_pictures_has_a_model_of_their_own(studio: Studio, settings: Settings) -> None:
    other = Studio(settings, studio.database, studio.users, studio.storage, studio.cameras, studio.sandbox)
    refs = []
    for one in (studio, other):
        (member,) = await one.cast(await one.order(await one.script([await one.character()])))
        refs.append(member.model_ref)
    assert refs[0] != refs[1]
    assert len(studio.trained()) == 2


async def test_several_trained_characters_in_one_shot_are_shown_by_their_pictures(studio: Studio) -> None:
    pair = [await studio.character("Zed", (1, 2, 3)), await studio.character("Kim", (4,))]
    script = await studio.script(pair)
    quote = await studio.quote(script)
    assert lines(quote) == [("training", None, False), ("training", None, False), ("clip", 1, False)]
    job = await studio.order(script)
    await studio.cast(job)
    (filmed,) = await studio.film(job)
    assert filmed.likeness
    assert filmed.likeness.how is Likeness.REFERENCES
    assert filmed.likeness.why.startswith("Trained models of Zed and Kim would blend their faces in one shot.")
    clip = studio.charges()[-1]["input"]
    assert len(clip["reference_images"]) == 4
    assert clip["prompt"].startswith(
        "<<<image_1>>>, <<<image_2>>>, <<<image_3>>> are Zed. <<<image_4>>> is Kim."
    ) or clip["prompt"].startswith("<<<image_1>>> is Kim. <<<image_2>>>, <<<image_3>>>, <<<image_4>>> are Zed.")
    assert studio.billed() == quote.low_usd


async def test_a_draft_trains_nobody_and_costs_nothing(studio: Studio) -> None:
    zed = await studio.character()
    script = await studio.script([zed])
    draft = JobOptions()
    assert lines(await studio.quote(script, draft)) == [("clip", 1, False)]
    (member,) = await studio.cast(await studio.order(script, draft))
    assert member.model_version is None
    assert (await studio.found(zed)).status is CharacterStatus.UNTRAINED
    assert studio.charges() == []


async def test_whoever_is_filmed_by_pictures_is_not_trained(studio: Studio) -> None:
    kim = await studio.character("Kim", mode=CharacterMode.REFERENCE)
    script = await studio.script([kim])
    assert lines(await studio.quote(script)) == [("clip", 1, False)]
    (member,) = await studio.cast(await studio.order(script))
    assert member.model_version is None
    assert studio.trained() == []


async def test_a_film_whose_training_the_budget_does_not_cover_is_not_ordered(studio: Studio) -> None:
    script = await studio.script([await studio.character()])
    async with studio.database.connect() as connection:
        await connection.execute("insert into budgets (user_id, limit_usd) values (%s, 2)", (studio.user_id,))
    with pytest.raises(RecastError) as refused:
        await studio.order(script)
    assert refused.value.code is ErrorCode.BUDGET_EXCEEDED


async def test_nobody_is_trained_where_the_trainer_is_not_set_up(studio: Studio, settings: Settings) -> None:
    script = await studio.script([await studio.character()])
    without = settings.model_copy(update={"replicate_api_token": None})
    elsewhere = Studio(settings, studio.database, studio.users, studio.storage, Cameras(without), studio.sandbox)
    elsewhere.user_id = studio.user_id
    with pytest.raises(RecastError) as refused:
        await elsewhere.quote(script, JobOptions(provider="pika"))
    assert refused.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED


async def materialized(studio: Studio, job: Job, *, fails: bool = False) -> Mapping[str, Any]:
    """What operators read about the stage, in Dagster."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(PARTITIONS, [str(job.id)])
        result = await asyncio.to_thread(
            dg.materialize,
            [cast],
            instance=instance,
            partition_key=str(job.id),
            raise_on_error=False,
            resources={
                "database": studio.database,
                "storage": studio.storage,
                "cameras": studio.cameras,
                "training_patience": PATIENCE,
            },
        )
    assert result.success is not fails
    if fails:
        failure = result.failure_data_for_node("cast")
        assert failure
        assert failure.user_failure_data
        return failure.user_failure_data.metadata
    (made,) = result.asset_materializations_for_node("cast")
    return made.metadata


async def test_the_stage_tells_who_was_trained_with_what_and_what_it_cost(studio: Studio, settings: Settings) -> None:
    zed, kim = await studio.character("Zed", (1,)), await studio.character("Kim", (2,))
    script = await studio.script([zed, kim])
    broken = (await studio.found(kim)).pictures[0].s3_key
    whole = await studio.storage.get_bytes(broken)
    Bucket(settings).put(broken, b"no picture at all")
    job = await studio.order(script)
    told = await materialized(studio, job, fails=True)
    assert told["error_code"].value == "CHARACTER_NOT_READY"
    assert (told["trained"].value, told["training_cost_usd"].value) == (1, 1.8)
    rows = {record.data["character"]: record.data for record in told["trainings"].records}
    model = await studio.found(zed)
    assert rows["Zed"] == {
        **rows["Zed"],
        "status": "trained",
        "trainer": "ostris/flux-dev-lora-trainer",
        "model": model.model_ref,
        "version": model.model_version,
        "cost_usd": 1.8,
        "error": "",
    }
    assert rows["Kim"]["status"] == "failed"
    assert rows["Kim"]["error"].startswith("CHARACTER_NOT_READY: a portrait cannot be read")

    Bucket(settings).put(broken, whole)
    told = await materialized(studio, await studio.order(await studio.script([zed])))
    assert "trainings" not in told
    assert told["names"].value == ["Zed"]


# Crashes


@pytest.mark.parametrize("is_heard", [False, True], ids=["before it has asked", "before it has heard the answer"])
async def test_a_worker_that_dies_over_its_order_costs_nothing_twice(studio: Studio, is_heard: bool) -> None:
    zed = await studio.character()
    job = await studio.order(await studio.script([zed]))
    dying = DyingCameras(studio.settings)
    dying.is_heard = is_heard
    with pytest.raises(Killed):
        await studio.cast(job, cameras=dying)
    assert [(kind, state) for kind, state, _ in await studio.ledger()] == [("training", "intent")]
    assert (await studio.found(zed)).status is CharacterStatus.TRAINING
    (member,) = await studio.cast(job)
    assert member.model_version
    assert len(studio.trained()) == 1
    states = [state for _, state, _ in await studio.ledger()]
    assert states == (["succeeded"] if is_heard else ["absent", "succeeded"])
    await studio.assert_the_books_are_in_order()


async def test_a_worker_that_is_stopped_while_it_waits_is_followed_by_one_that_goes_on(studio: Studio) -> None:
    zed = await studio.character()
    job = await studio.order(await studio.script([zed]))
    studio.slow_down(3)
    worker = asyncio.create_task(studio.cast(job))

    await until_submitted(studio)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert (await studio.found(zed)).status is CharacterStatus.TRAINING
    (member,) = await studio.cast(job)
    assert member.model_version
    assert [(state, cost) for _, state, cost in await studio.ledger()] == [("succeeded", TRAINING_USD)]
    await studio.assert_the_books_are_in_order()


@pytest.mark.parametrize("fault", ["dropped_after_accepting_once", "500_after_accepting_once"])
async def test_an_answer_that_is_lost_is_looked_for_and_not_asked_for_again(studio: Studio, fault: str) -> None:
    job = await studio.order(await studio.script([await studio.character()]))
    studio.trouble(**{fault: 1.0})
    await studio.cast(job)
    assert len(studio.trained()) == 1
    await studio.assert_the_books_are_in_order()


async def test_a_keyframe_whose_answer_is_lost_is_not_paid_for_twice(studio: Studio) -> None:
    job = await studio.order(await studio.script([await studio.character()]))
    await studio.cast(job)
    studio.trouble(dropped_after_accepting_once=1.0)
    (filmed,) = await studio.film(job)
    assert filmed.error is None
    assert [charge["model"].partition("/")[0] for charge in studio.charges()] == ["ostris", "sandbox", "kwaivgi"]
    await studio.assert_the_books_are_in_order()


# Failures


async def test_pictures_that_show_nothing_are_paid_for_and_followed_by_a_new_take(studio: Studio) -> None:
    """The first keyframe is black, and so is the first clip, which was filmed from the second keyframe."""
    job = await studio.order(await studio.script([await studio.character()]))
    await studio.cast(job)
    studio.trouble(black_once=1.0)
    (filmed,) = await studio.film(job)
    assert filmed.error is None
    told = [(kind, state) for kind, state, _ in await studio.ledger()]
    assert told == [
        ("training", "succeeded"),
        ("keyframe", "rejected"),
        ("keyframe", "succeeded"),
        ("clip", "rejected"),
        ("keyframe", "succeeded"),
        ("clip", "succeeded"),
    ]
    assert filmed.cost_usd == studio.billed() - TRAINING_USD
    await studio.assert_the_books_are_in_order()


async def test_who_cannot_be_trained_fails_the_stage_and_the_others_keep_their_models(
    studio: Studio, settings: Settings
) -> None:
    zed, kim = await studio.character("Zed", (1, 2)), await studio.character("Kim", (3, 4))
    job = await studio.order(await studio.script([zed, kim]))
    broken = (await studio.found(kim)).pictures[1].s3_key
    whole = await studio.storage.get_bytes(broken)
    Bucket(settings).put(broken, b"no picture at all")
    with pytest.raises(RecastError) as failed:
        await studio.cast(job)
    assert failed.value.code is ErrorCode.CHARACTER_NOT_READY
    assert failed.value.detail == "Kim could not be trained: A picture cannot be read."
    assert (await studio.job(job)).error_code == "CHARACTER_NOT_READY"
    kept, lost = await studio.found(zed), await studio.found(kim)
    assert kept.status is CharacterStatus.READY
    assert (lost.status, lost.error_code) == (CharacterStatus.FAILED, "CHARACTER_NOT_READY")
    assert {one.name: one.error is None for one in studio.trainings} == {"Zed": True, "Kim": False}
    assert len(studio.trained()) == 1

    Bucket(settings).put(broken, whole)
    async with studio.as_user() as connection:
        assert await jobs.retry_job(connection, job.id)
    assert len(await studio.cast(job)) == 2
    assert (await studio.found(kim)).status is CharacterStatus.READY
    assert len(studio.trained()) == 2
    await studio.assert_the_books_are_in_order()


async def test_a_training_that_fails_costs_nothing_and_is_tried_again(studio: Studio) -> None:
    job = await studio.order(await studio.script([await studio.character()]))
    studio.trouble(fail_once=1.0)
    await studio.cast(job)
    assert [(state, cost) for _, state, cost in await studio.ledger()] == [("failed", 0), ("succeeded", TRAINING_USD)]
    await studio.assert_the_books_are_in_order()


async def test_pictures_that_the_provider_refuses_are_not_sent_again(studio: Studio) -> None:
    zed = await studio.character()
    job = await studio.order(await studio.script([zed]))
    studio.trouble(refuse=1.0)
    with pytest.raises(RecastError) as failed:
        await studio.cast(job)
    assert failed.value.code is ErrorCode.CONTENT_REJECTED
    assert [state for _, state, _ in await studio.ledger()] == ["failed"]
    refused = await studio.found(zed)
    assert (refused.status, refused.error_code) == (CharacterStatus.FAILED, "CONTENT_REJECTED")
    assert studio.charges() == []


async def test_a_training_that_takes_too_long_is_canceled_and_told(studio: Studio) -> None:
    zed = await studio.character()
    job = await studio.order(await studio.script([zed]))
    studio.slow_down(LONG_SECONDS)
    impatient = type(PATIENCE)(take_seconds=1, absent_seconds=0.5, sign_seconds=60)
    with pytest.raises(RecastError) as failed:
        await studio.cast(job, patience=impatient)
    assert failed.value.code is ErrorCode.SCENE_TIMEOUT
    assert "The training did not end" in failed.value.detail
    assert (await studio.found(zed)).status is CharacterStatus.FAILED
    assert [state for _, state, _ in await studio.ledger()] == ["canceled"]
    await studio.assert_the_books_are_in_order()


async def cancel_while_training(studio: Studio, zed: UUID) -> Job:
    job = await studio.order(await studio.script([zed]))
    studio.trouble(stuck=1.0)
    worker = asyncio.create_task(studio.cast(job))

    async def is_under_way() -> bool:
        runs = studio.asked("GET", "/replicate/v1/trainings").json()["results"]
        return any(run["status"] == "processing" for run in runs)

    await until(is_under_way)
    studio.trouble()
    await studio.cancel(job)
    with pytest.raises(RecastError, match="JOB_CANCELED"):
        await worker
    return job


async def test_a_canceled_job_cancels_its_trainings_and_the_next_film_pays_for_another(studio: Studio) -> None:
    """Replicate charges for what had begun."""
    zed = await studio.character()
    job = await cancel_while_training(studio, zed)
    assert (await studio.job(job)).status is JobStatus.CANCELED
    assert (await studio.found(zed)).status is CharacterStatus.UNTRAINED
    assert [(state, cost) for _, state, cost in await studio.ledger()] == [("canceled", TRAINING_USD)]
    await studio.assert_the_books_are_in_order()

    script = await studio.script([zed])
    assert lines(await studio.quote(script))[0] == ("training", None, False)
    await studio.cast(await studio.order(script))
    assert (await studio.found(zed)).status is CharacterStatus.READY
    assert [state for _, state, _ in await studio.ledger()] == ["canceled", "succeeded"]
    await studio.assert_the_books_are_in_order()


# What is left behind


async def leave_behind(studio: Studio, zed: UUID) -> Job:
    """A job that has ended, by no fault of the training's, while it was under way."""
    job = await studio.order(await studio.script([zed]))
    studio.slow_down(3)
    worker = asyncio.create_task(studio.cast(job))

    await until_submitted(studio)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await give_up(studio, job)
    return job


async def give_up(studio: Studio, job: Job) -> None:
    """As the reconciler does with a job whose worker has died too often."""
    run_id = (await studio.job(job)).dagster_run_id
    async with studio.database.connect() as connection:
        assert await jobs.fail_job(connection, job.id, ErrorCode.RUN_LOST, "lost", run_id=run_id)


async def settled(studio: Studio) -> list[str]:
    """What the sweep that finds everything at an end has done."""
    async with asyncio.timeout(30):
        while "still under way" in " ".join(done := await studio.settle()):
            await asyncio.sleep(0.1)
    return done


async def test_a_training_that_its_job_has_left_behind_is_kept(studio: Studio) -> None:
    zed = await studio.character()
    await leave_behind(studio, zed)
    assert (await settled(studio))[0].endswith("kept")
    assert (await studio.found(zed)).status is CharacterStatus.READY
    assert lines(await studio.quote(await studio.script([zed])))[0][0] == "keyframe"
    await studio.assert_the_books_are_in_order()


async def test_a_training_that_ends_after_its_character_is_deleted_is_deleted_too(studio: Studio) -> None:
    zed = await studio.character()
    await leave_behind(studio, zed)
    await studio.delete(zed)
    assert await studio.carry_out_deletions() == 1, "the pictures are gone already"
    assert (await settled(studio))[0].endswith("kept")
    async with studio.database.connect() as connection:
        noted = await deletions.find_deletion(connection, zed)
    assert noted
    assert noted.finished_at is None
    (model,) = noted.models
    assert studio.versions(model.model_ref) == [model.model_version]
    await studio.assert_the_books_are_in_order()
    assert await studio.carry_out_deletions() == 1
    assert studio.models(model.model_ref) == 404


async def test_a_keyframe_that_its_job_has_left_behind_is_kept(studio: Studio) -> None:
    job = await studio.order(await studio.script([await studio.character()]))
    await studio.cast(job)
    studio.slow_down(3)
    worker = asyncio.create_task(studio.film(job))

    async def is_submitted() -> bool:
        return ("keyframe", "submitted", None) in await studio.ledger()

    await until(is_submitted)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await give_up(studio, job)
    assert (await settled(studio))[0].endswith("kept")
    assert await studio.rows("select type, metadata ->> 'cost_usd' from assets") == [("image", "0.0320")]
    await studio.assert_the_books_are_in_order()


async def test_what_nobody_can_settle_does_not_keep_the_rest_waiting(studio: Studio) -> None:
    zed = await studio.character()
    await leave_behind(studio, zed)
    async with studio.database.connect() as connection:
        await connection.execute(
            "insert into provider_attempts (user_id, job_id, kind, purchase_key, provider, model, estimated_cost_usd,"
            " request, state, created_at) select user_id, job_id, 'clip', 'x', provider, 'kwaivgi/kling-o1', 0,"
            " '{}', 'submitted', created_at - interval '1 day' from provider_attempts"
        )
    assert (await settled(studio))[-1].endswith("kept")
    assert (await studio.found(zed)).status is CharacterStatus.READY


async def test_a_character_whose_training_nobody_remembers_can_be_trained_again(studio: Studio) -> None:
    """Its worker died between the end of the attempt and the word about it."""
    zed = await studio.character()
    async with studio.database.connect() as connection:
        await characters.start_training(connection, zed)
    assert await studio.settle() == [f"{zed}: is not in training any more"]
    assert (await studio.found(zed)).status is CharacterStatus.UNTRAINED


async def test_a_training_that_a_worker_carries_on_is_left_alone_by_the_sweep(studio: Studio) -> None:
    zed = await studio.character()
    job = await studio.order(await studio.script([zed]))
    dying = DyingCameras(studio.settings)
    with pytest.raises(Killed):
        await studio.cast(job, cameras=dying)
    async with studio.stage(job, Stage.CAST) as work:
        (attempt,) = await attempts.list_job_attempts(work.connection, job.id)
        assert await attempts.try_lock_purchase(work.connection, studio.user_id, attempt.purchase_key)
        assert await studio.settle() == []
    assert (await studio.found(zed)).status is CharacterStatus.TRAINING


# Deletions


async def test_a_deleted_character_takes_its_model_with_it(studio: Studio, settings: Settings) -> None:
    zed = await studio.character()
    (member,) = await studio.cast(await studio.order(await studio.script([zed])))
    assert member.model_ref
    await studio.delete(zed)
    assert studio.models(member.model_ref) == 200
    resources = {"database": studio.database, "storage": studio.storage, "cameras": studio.cameras}
    told = await asyncio.to_thread(deletions_sensor, dg.build_sensor_context(), **resources)
    assert isinstance(told, dg.SkipReason)
    assert told.skip_message == "1 deletions are finished; 0 abandoned files and sounds were given up."
    assert studio.models(member.model_ref) == 404
    assert Bucket(settings).keys(f"users/{studio.user_id}/characters/{zed}") == set()
    assert await studio.carry_out_deletions() == 0
    await studio.assert_the_books_are_in_order()


async def test_a_model_stays_while_another_character_is_filmed_with_it(studio: Studio) -> None:
    zed, twin = await studio.character("Zed"), await studio.character("Zoe")
    first, _ = await studio.cast(await studio.order(await studio.script([zed, twin])))
    assert first.model_ref
    await studio.delete(zed)
    assert await studio.carry_out_deletions() == 1
    assert studio.models(first.model_ref) == 200
    await studio.delete(twin)
    assert await studio.carry_out_deletions() == 1
    assert studio.models(first.model_ref) == 404


async def test_a_model_is_not_deleted_while_a_training_of_the_same_pictures_is_under_way(studio: Studio) -> None:
    zed = await studio.character("Zed")
    (member,) = await studio.cast(await studio.order(await studio.script([zed])))
    assert member.model_ref
    key = (await studio.found(zed)).training_key
    await studio.delete(zed)
    async with studio.database.connect() as connection:
        assert key
        assert await attempts.try_lock_purchase(connection, studio.user_id, key)
        assert await studio.carry_out_deletions() == 0
        assert studio.models(member.model_ref) == 200
        # Not left to the end of the connection: the server gives up the locks of one a moment after it is closed.
        await attempts.unlock_purchase(connection, studio.user_id, key)
    assert await studio.carry_out_deletions(later_seconds=3600) == 1
    assert studio.models(member.model_ref) == 404


async def test_the_same_pictures_again_after_a_deletion_are_trained_anew(studio: Studio) -> None:
    for _ in range(2):
        zed = await studio.character()
        (member,) = await studio.cast(await studio.order(await studio.script([zed])))
        assert member.model_version
        await studio.delete(zed)
        await studio.carry_out_deletions()
    assert len(studio.trained()) == 2
    await studio.assert_the_books_are_in_order()


async def test_a_character_that_is_trained_anew_keeps_its_old_model_until_it_is_deleted(studio: Studio) -> None:
    zed = await studio.character()
    (old,) = await studio.cast(await studio.order(await studio.script([zed])))
    (new,) = await studio.cast(await studio.order(await studio.script([zed])), cameras=NewTrainer(studio.settings))
    assert old.model_ref
    assert new.model_ref
    assert old.model_ref != new.model_ref
    assert (studio.models(old.model_ref), studio.models(new.model_ref)) == (200, 200)
    await studio.delete(zed)
    assert await studio.carry_out_deletions() == 1
    assert (studio.models(old.model_ref), studio.models(new.model_ref)) == (404, 404)


async def test_a_provider_that_is_away_keeps_a_deletion_waiting(
    studio: Studio, settings: Settings, sandbox: Running
) -> None:
    zed = await studio.character()
    (member,) = await studio.cast(await studio.order(await studio.script([zed])))
    assert member.model_ref
    await studio.delete(zed)
    cameras = studio.cameras
    studio.cameras = Cameras(settings.model_copy(update={"replicate_api_token": None}))
    assert await studio.carry_out_deletions() == 0
    async with studio.database.connect() as connection:
        noted = await deletions.find_deletion(connection, zed)
    assert noted
    assert (noted.error_code, noted.attempts) == ("PROVIDER_NOT_CONFIGURED", 1)
    studio.cameras = cameras
    assert await studio.carry_out_deletions() == 0, "not before its time"
    assert await studio.carry_out_deletions(later_seconds=3600) == 1
    assert studio.models(member.model_ref) == 404
