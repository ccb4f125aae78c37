"""A quote has the price of every line that is still to be spoken, and of none that is owned."""

from collections.abc import AsyncIterator
from decimal import Decimal
from uuid import uuid4

import pytest
from pydantic import SecretStr

from domain.quote import Quote, What
from domain.voices import SpokenBy
from resources.database import jobs
from resources.database.records import JobOptions
from resources.settings import Settings
from resources.video.cameras import Cameras
from resources.voices.engines import Voices
from resources.voices.openai import OpenAIVoices
from studio.quoting import quote_rest
from tests.integration.narration.conftest import Desk, Running, line, voices


@pytest.fixture
def settings(settings: Settings, speaking: Running) -> Settings:
    """Films are spoken by the sandbox's OpenAI."""
    service = {
        "voice_base_url": f"{speaking.url}/openai/v1",
        "voice_service": "openai",
        "voice_api_key": SecretStr("sk-sandbox-1"),
    }
    return settings.model_copy(update={"voice_engine": "openai", "voice_model": "tts-1", **service})


@pytest.fixture
async def engine(speaking: Running) -> AsyncIterator[OpenAIVoices]:
    engine = voices(speaking)
    yield engine
    await engine.close()


async def rest(made: Desk, settings: Settings) -> Quote:
    async with made.database.connect() as connection:
        job = await jobs.find_job(connection, made.job_id)
        assert job
        return await quote_rest(connection, Cameras(settings), job, voices=Voices(settings))


def spoken(quote: Quote) -> list[tuple[int | None, bool, Decimal]]:
    return [(one.scene_index, one.is_owned, one.high_usd) for one in quote.lines if one.what is What.SPEECH]


def usd(text: str) -> Decimal:
    """By tts-1's list, of 15 dollars for a million letters."""
    return Decimal(15) * len(text) / 1_000_000


async def test_every_line_has_its_price_until_it_is_spoken(
    desk: Desk, settings: Settings, engine: OpenAIVoices
) -> None:
    word = uuid4().hex[:10]
    one, two = f"One {word}.", f"And two {word}."
    made = await desk.plan([line(one, 0, 4, "Ada"), line("— …", 4, 5)], [line(two, 5, 9), line(one, 9, 13, "Ada")])
    assert spoken(await rest(made, settings)) == [(1, False, usd(one)), (2, False, usd(two)), (2, True, 0)]
    made_again = await made.narrate(engine)
    quote = await rest(made, settings)
    assert (spoken(quote), quote.high_usd, made_again.cost_usd) == ([], 0, usd(one) + usd(two))


async def test_what_is_said_has_no_price_whatever_the_server_s_voices_are_by_then(
    desk: Desk, settings: Settings, engine: OpenAIVoices
) -> None:
    word = uuid4().hex[:10]
    made = await desk.plan([line(f"One {word}.", 0, 4, "Ada")], options=JobOptions(narration=SpokenBy.OPENAI))
    await made.narrate(engine)
    for other in ({"voice_model": "tts-1-hd"}, {"voice_engine": None, "voice_model": None}):
        assert (await rest(made, settings.model_copy(update=other))).high_usd == 0


async def test_what_another_film_has_said_is_free_in_this_one(
    desk: Desk, settings: Settings, engine: OpenAIVoices
) -> None:
    word = uuid4().hex[:10]
    await (await desk.plan([line(f"One {word}.", 0, 4, "Ada")])).narrate(engine)
    other = await desk.plan([line(f"One {word}.", 0, 4, "Ada"), line(f"Two {word}.", 4, 8, "Ada")])
    assert [owned for _, owned, _ in spoken(await rest(other, settings))] == [True, False]


async def test_a_line_that_was_lost_and_bought_again_is_owned(
    desk: Desk, settings: Settings, engine: OpenAIVoices
) -> None:
    made_line = line(f"One {uuid4().hex[:10]}. [[500-after-accepting-once]]", 0, 4, "Ada")
    made = await desk.plan([made_line])
    await made.narrate(engine)
    other = await desk.plan([made_line])
    assert [owned for _, owned, _ in spoken(await rest(other, settings))] == [True]


async def test_a_line_that_the_engine_does_not_take_is_not_in_the_price(
    desk: Desk, settings: Settings, engine: OpenAIVoices
) -> None:
    made = await desk.plan([line("word " * 1000, 0, 4, "Ada"), line("Hello there.", 4, 8, "Ada")])
    assert [high for _, _, high in spoken(await rest(made, settings))] == [usd("Hello there.")]


@pytest.mark.parametrize("narration", [SpokenBy.OFF, SpokenBy.ESPEAK])
async def test_speech_that_nobody_sells_has_no_price(desk: Desk, settings: Settings, narration: SpokenBy) -> None:
    made = await desk.plan([line("Hello there.", 0, 4, "Ada")], options=JobOptions(narration=narration))
    assert spoken(await rest(made, settings)) == []
