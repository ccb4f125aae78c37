"""An engine is configured whole or not at all, and what it costs is known."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from pydantic import SecretStr, ValidationError

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings
from resources.voices.engines import ending, known_models, open_voices
from resources.voices.espeak import EspeakVoices
from resources.voices.openai import OpenAIVoices

Build = Callable[..., Settings]
KEY = SecretStr("sk-0123456789abcdef")


def test_without_an_engine_nobody_speaks(settings_for: Build) -> None:
    assert open_voices(settings_for()) is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"voice_model": "tts-1"}, "RECAST_VOICE_ENGINE"),
        ({"voice_women": ["nova"]}, "RECAST_VOICE_ENGINE"),
        ({"voice_engine": "openai", "voice_api_key": KEY}, "RECAST_VOICE_MODEL"),
        ({"voice_engine": "openai", "voice_model": "tts-1"}, "RECAST_VOICE_API_KEY"),
    ],
)
def test_half_a_configuration_is_refused(settings_for: Build, given: dict[str, object], missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        settings_for(**given)


def test_espeak_needs_nothing_and_costs_nothing(settings_for: Build) -> None:
    engine = open_voices(settings_for(voice_engine="espeak"))
    assert isinstance(engine, EspeakVoices)
    assert engine.profile.is_free
    assert engine.profile.estimate("Anything at all.") == (0, 0)


def test_a_model_of_the_list_has_its_price(settings_for: Build) -> None:
    engine = open_voices(settings_for(voice_engine="openai", voice_model="tts-1", voice_api_key=KEY))
    assert isinstance(engine, OpenAIVoices)
    assert engine.profile.cost("x" * 100, 9.0) == Decimal("0.0015")


def test_a_model_by_time_costs_between_its_estimates(settings_for: Build) -> None:
    profile = known_models()["gpt-4o-mini-tts"]
    text = "The old keeper of the museum walked slowly down to the water."
    low, high = profile.estimate(text)
    assert low < profile.cost(text, 3.5) < high


def test_a_model_that_nobody_knows_needs_a_price(settings_for: Build) -> None:
    given = {"voice_engine": "openai", "voice_model": "kokoro", "voice_base_url": "http://127.0.0.1:9/v1"}
    with pytest.raises(RecastError) as refused:
        open_voices(settings_for(**given))
    assert refused.value.code is ErrorCode.UNKNOWN_MODEL
    engine = open_voices(settings_for(**given, voice_usd_per_million_characters="0"))
    assert engine
    assert engine.profile.is_free


def test_operators_are_told_of_a_model_that_ends() -> None:
    profile = known_models()["tts-1"]
    assert "in 44 days" in (ending(profile, date(2026, 11, 23)) or "")
    assert "by now" in (ending(profile, date(2027, 2, 1)) or "")
    assert ending(profile.model_copy(update={"ends_on": None}), date(2026, 11, 23)) is None
