"""Quotes, budgets and costs: nothing is spent that was not asked for, and nothing ordered that is not covered."""

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from pydantic import SecretStr

from domain.attempts import AttemptState, Kind
from domain.script import Line, Script
from resources.database import attempts, jobs
from resources.database.connection import Database
from resources.settings import Settings
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import Pipeline

PAID = {"provider": "replicate", "model": "minimax/video-01"}
"""Half a dollar a clip; the script of these tests is one scene, as is each of its films."""


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """A parameter has more settings."""
    more = getattr(request, "param", {})
    return settings.model_copy(update={"replicate_api_token": SecretStr("r8_a-token"), **more})


async def budget(user: SignedIn) -> tuple[float, float, float]:
    """Reserved, spent and left."""
    answer = (await user.get("/budget")).json()
    return answer["reserved_usd"], answer["spent_usd"], answer["left_usd"]


async def test_a_quote_prices_every_scene_and_reserves_nothing(alice: SignedIn, cast_script: str) -> None:
    answer = await alice.post("/jobs/quote", {"script_id": cast_script, **PAID})
    quote = answer.json()
    assert answer.status_code == 200
    assert (quote["low_usd"], quote["high_usd"], quote["to_buy"]) == (0.5, 0.5, 1)
    assert [(line["scene_index"], line["seconds"], line["is_owned"]) for line in quote["lines"]] == [(1, 5, False)]
    assert quote["is_within_budget"]
    assert await budget(alice) == (0, 0, 20)


async def test_a_quote_has_the_training_that_comes_before_the_film(
    alice: SignedIn, cast_script: str, database_urls: DatabaseUrls
) -> None:
    zed, sha256 = uuid4(), "a" * 64
    folder = f"users/{alice.user_id}/characters/{zed}"
    async with await psycopg.AsyncConnection.connect(database_urls.admin) as connection:
        await connection.execute(
            "insert into characters (id, user_id, name, mode, status, image_url)"
            " values (%s, %s, 'Zed', 'trained', 'untrained', %s)",
            (zed, alice.user_id, f"{folder}/{sha256}.webp"),
        )
        await connection.execute(
            "insert into character_pictures values (%s, %s, 0, %s, %s, 1, 1, 1)",
            (zed, alice.user_id, f"{folder}/{sha256}.webp", sha256),
        )
    await alice.post(f"/scripts/{cast_script}/characters", {"custom_character_ids": [str(zed)]})
    quote = (await alice.post("/jobs/quote", {"script_id": cast_script, **PAID})).json()
    assert [(line["what"], line["scene_index"], line["low_usd"], line["high_usd"]) for line in quote["lines"]] == [
        ("training", None, 1.8, 3.0),
        ("keyframe", 1, 0.032, 0.05),
        ("clip", 1, 0.5, 0.5),
    ]
    job = (await alice.post("/jobs", {"script_id": cast_script, **PAID})).json()
    assert job["cost"]["reserved_usd"] == quote["high_usd"] == 3.55
    assert (await alice.post("/jobs/quote", {"script_id": cast_script})).json()["high_usd"] == 0


async def test_a_film_by_this_machine_costs_nothing(alice: SignedIn, cast_script: str) -> None:
    quote = (await alice.post("/jobs/quote", {"script_id": cast_script})).json()
    assert (quote["high_usd"], quote["to_buy"]) == (0, 1)


FOUR_MINUTES = Script(
    title="Comets, explained",
    language="en",
    lines=tuple(
        Line(text=f"Observation {n} of comet {n % 7}.", start=4.0 * n, end=4.0 * n + 4, speaker=None) for n in range(60)
    ),
)


@pytest.fixture
async def long_script(cast_script: str, database_urls: DatabaseUrls) -> str:
    async with await psycopg.AsyncConnection.connect(database_urls.admin) as connection:
        await connection.execute(
            "update scripts set normalized_script = %s where id = %s", (FOUR_MINUTES.model_dump_json(), cast_script)
        )
    return cast_script


VOICES = {
    "voice_engine": "openai",
    "voice_model": "gpt-4o-mini-tts",
    "voice_base_url": "http://127.0.0.1:9/v1",
    "voice_service": "openai",
    "voice_api_key": SecretStr("sk-a-key"),
}
"""A cent and a half a minute."""


@pytest.mark.parametrize("settings", [VOICES], indirect=True)
async def test_a_quote_has_every_line_that_is_spoken_and_an_order_sets_it_aside(
    alice: SignedIn, long_script: str
) -> None:
    quote = (await alice.post("/jobs/quote", {"script_id": long_script})).json()
    lines = [line for line in quote["lines"] if line["what"] == "speech"]
    assert len(lines) == 60
    assert {(line["provider"], line["model"]) for line in lines} == {("openai", "gpt-4o-mini-tts")}
    assert all(0 < line["low_usd"] < line["high_usd"] < 0.002 for line in lines)
    assert quote["high_usd"] == pytest.approx(sum(line["high_usd"] for line in lines))
    job = (await alice.post("/jobs", {"script_id": long_script})).json()
    assert job["cost"]["reserved_usd"] == pytest.approx(quote["high_usd"])
    assert (await budget(alice))[0] == pytest.approx(quote["high_usd"])


@pytest.mark.parametrize("settings", [VOICES], indirect=True)
async def test_a_film_without_speech_or_with_a_free_voice_is_quoted_without_it(
    alice: SignedIn, long_script: str
) -> None:
    for narration in ("off", "espeak"):
        quote = (await alice.post("/jobs/quote", {"script_id": long_script, "narration": narration})).json()
        assert {line["what"] for line in quote["lines"]} == {"clip"}
    job = (await alice.post("/jobs", {"script_id": long_script, "narration": "off"})).json()
    assert (job["options"]["narration"], job["cost"]["reserved_usd"]) == ("off", 0)


@pytest.mark.parametrize("settings", [{"voice_engine": "espeak"}], indirect=True)
@pytest.mark.parametrize("path", ["/jobs", "/jobs/quote"])
async def test_a_voice_that_is_not_set_up_takes_no_orders(alice: SignedIn, cast_script: str, path: str) -> None:
    answer = await alice.post(path, {"script_id": cast_script, "narration": "kokoro"})
    assert answer.json()["code"] == "PROVIDER_NOT_CONFIGURED"
    assert "KOKORO" not in answer.text
    answer = await alice.post(path, {"script_id": cast_script, "narration": "somebody"})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")


@pytest.mark.parametrize("settings", [VOICES], indirect=True)
async def test_the_engines_that_speak_are_listed_with_their_prices(alice: SignedIn) -> None:
    listed = (await alice.get("/voices")).json()["voices"]
    assert [(one["narration"], one["model"], one["is_available"], one["is_usual"]) for one in listed] == [
        ("espeak", "espeak-ng", True, False),
        ("kokoro", None, False, False),
        ("openai", "gpt-4o-mini-tts", True, True),
    ]
    assert [one["usd_per_minute"] for one in listed] == [0, 0, 0.015]


@pytest.mark.parametrize("settings", [{"director_model": "some-model"}], indirect=True)
async def test_the_price_of_a_film_whose_lines_a_model_has_still_to_choose_is_a_range(
    alice: SignedIn, long_script: str
) -> None:
    short = {"script_id": long_script, "target_seconds": 40, **PAID}
    quote = (await alice.post("/jobs/quote", short)).json()
    usual = 0.5 * len(quote["lines"])
    assert (quote["is_estimate"], quote["low_usd"], quote["high_usd"]) == (True, 0.75 * usual, 1.25 * usual)
    preview = (await alice.get(f"/scripts/{long_script}/scenes?target_seconds=40")).json()
    assert (preview["is_estimate"], preview["film_seconds"]) == (True, pytest.approx(40, rel=0.1))
    job = (await alice.post("/jobs", short)).json()
    assert job["cost"]["reserved_usd"] == quote["high_usd"]
    whole = (await alice.post("/jobs/quote", {**short, "target_seconds": 0})).json()
    assert (whole["is_estimate"], whole["low_usd"]) == (False, whole["high_usd"])


async def test_a_shorter_film_is_quoted_for_what_it_films(alice: SignedIn, long_script: str) -> None:
    whole = (await alice.post("/jobs/quote", {"script_id": long_script, **PAID})).json()
    short = (await alice.post("/jobs/quote", {"script_id": long_script, "target_seconds": 40, **PAID})).json()
    seconds = [sum(line["seconds"] for line in quote["lines"]) for quote in (whole, short)]
    assert seconds[0] > 240 > 60 > seconds[1] >= 36
    job = (await alice.post("/jobs", {"script_id": long_script, "target_seconds": 40, **PAID})).json()
    assert (job["options"]["target_seconds"], job["cost"]["reserved_usd"]) == (40, short["high_usd"])


async def test_an_order_sets_its_price_aside(alice: SignedIn, cast_script: str) -> None:
    job = (await alice.post("/jobs", {"script_id": cast_script, **PAID})).json()
    assert job["cost"] == {"reserved_usd": 0.5, "spent_usd": 0}
    assert await budget(alice) == (0.5, 0, 19.5)


async def test_an_edit_while_a_film_is_ordered_changes_neither_its_version_nor_its_price(
    alice: SignedIn, cast_script: str, database_urls: DatabaseUrls
) -> None:
    async with await psycopg.AsyncConnection.connect(database_urls.admin) as connection:
        # The order waits for the cast, with the script in its hands.
        await connection.execute("lock table script_characters in access exclusive mode")
        order = asyncio.create_task(alice.post("/jobs", {"script_id": cast_script, **PAID}))
        while not order.done():
            waiting = await connection.execute("select from pg_locks where locktype = 'relation' and not granted")
            if waiting.rowcount:
                break
            await asyncio.sleep(0.01)
        await connection.execute(
            "update scripts set normalized_script = %s, version = 2 where id = %s",
            (FOUR_MINUTES.model_dump_json(), cast_script),
        )
    job = (await order).json()
    assert (job["script_version"], job["cost"]["reserved_usd"]) == (1, 0.5)


async def test_an_order_over_the_budget_is_refused_and_nothing_is_stored(alice: SignedIn, cast_script: str) -> None:
    await alice.request("PUT", "/budget", json={"limit_usd": 0.49})
    before = (await alice.get("/jobs")).json()
    answer = await alice.post("/jobs", {"script_id": cast_script, **PAID})
    assert (answer.status_code, answer.json()["code"]) == (402, "BUDGET_EXCEEDED")
    assert (await alice.get("/jobs")).json() == before
    assert await budget(alice) == (0, 0, 0.49)
    assert (await alice.post("/jobs", {"script_id": cast_script})).status_code == 202


async def test_orders_at_the_same_moment_do_not_overdraw(alice: SignedIn, cast_script: str) -> None:
    await alice.request("PUT", "/budget", json={"limit_usd": 1})
    answers = await asyncio.gather(
        *(alice.post("/jobs", {"script_id": cast_script, "seed": seed, **PAID}) for seed in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [202, 202, 402, 402]
    assert await budget(alice) == (1, 0, 0)


async def test_a_canceled_order_gives_its_money_back(alice: SignedIn, cast_script: str, pipeline: Pipeline) -> None:
    job = (await alice.post("/jobs", {"script_id": cast_script, **PAID})).json()
    await alice.post(f"/jobs/{job['id']}/cancel")
    await pipeline.carry_out_cancel(job["id"])
    assert await budget(alice) == (0, 0, 20)


async def test_a_retry_sets_aside_what_is_missing(alice: SignedIn, cast_script: str, pipeline: Pipeline) -> None:
    job = (await alice.post("/jobs", {"script_id": cast_script, **PAID})).json()
    await pipeline.begin(job["id"], "clips")
    await pipeline.plan_scenes(job["id"])
    await pipeline.fail(job["id"], "clips")
    assert await budget(alice) == (0, 0, 20)
    assert (await alice.post(f"/jobs/{job['id']}/retry")).json()["cost"]["reserved_usd"] == 1
    await pipeline.begin(job["id"], "clips")
    await pipeline.fail(job["id"], "clips")
    await alice.request("PUT", "/budget", json={"limit_usd": 0})
    answer = await alice.post(f"/jobs/{job['id']}/retry")
    assert answer.json()["code"] == "BUDGET_EXCEEDED"
    assert (await alice.get(f"/jobs/{job['id']}")).json()["status"] == "failed"


@pytest.mark.parametrize("limit", [-1, -0.01, 1000.01, "many", None, 1e30, 0.001])
async def test_a_budget_that_is_none_is_refused(alice: SignedIn, limit: object) -> None:
    answer = await alice.request("PUT", "/budget", json={"limit_usd": limit})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")
    assert await budget(alice) == (0, 0, 20)


@pytest.mark.parametrize("order", [{"provider": "imaginary"}, {"provider": "replicate", "model": "imaginary/model"}])
@pytest.mark.parametrize("path", ["/jobs", "/jobs/quote"])
async def test_a_model_that_does_not_exist_is_a_clear_problem(
    alice: SignedIn, cast_script: str, path: str, order: dict[str, str]
) -> None:
    answer = await alice.post(path, {"script_id": cast_script, **order})
    assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_MODEL")


async def test_a_provider_without_its_key_takes_no_orders(alice: SignedIn, cast_script: str) -> None:
    order = {"script_id": cast_script, "provider": "pika"}
    assert (await alice.post("/jobs", order)).json()["code"] == "PROVIDER_NOT_CONFIGURED"
    offered = {model["provider"]: model["is_available"] for model in (await alice.get("/models")).json()["models"]}
    assert (offered["local"], offered["replicate"], offered["pika"]) == (True, True, False)


async def test_costs_are_ones_own_by_provider_and_model(
    alice: SignedIn, mallory: SignedIn, cast_script: str, database_urls: DatabaseUrls
) -> None:
    job = (await alice.post("/jobs", {"script_id": cast_script, **PAID})).json()
    async with Database(database_urls.worker).connect() as connection:
        row = await jobs.find_job(connection, UUID(job["id"]))
        assert row
        opening = await attempts.open_attempt(
            connection,
            user_id=row.user_id,
            job_id=row.id,
            scene_id=None,
            kind=Kind.TRAINING,
            key="k",
            provider="replicate",
            model="m",
            model_version="1",
            estimate=Decimal("0.5"),
            request={},
        )
        assert opening.attempt
        await attempts.close_attempt(
            connection, opening.attempt, AttemptState.SUCCEEDED, cost=Decimal("0.4"), billed=True
        )
    costs = (await alice.get("/costs")).json()
    assert costs["usd"] == 0.4
    assert costs["lines"] == [{"provider": "replicate", "model": "m", "kind": "training", "bought": 1, "usd": 0.4}]
    assert (await mallory.get("/costs")).json()["lines"] == []
    assert (await alice.get("/costs?month=2020-02-29")).json()["usd"] == 0
    assert (await alice.get(f"/jobs/{job['id']}")).json()["cost"] == {"reserved_usd": 0, "spent_usd": 0.4}
