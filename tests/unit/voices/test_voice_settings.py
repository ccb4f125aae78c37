"""An engine is configured whole or not at all, and what it costs is known."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from pydantic import SecretStr, ValidationError

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.voices import SpokenBy
from resources.settings import Settings
from resources.voices.engines import Voices, ending, known_models
from resources.voices.espeak import EspeakVoices
from resources.voices.openai import MEN, OpenAIVoices

Build = Callable[..., Settings]
KEY = SecretStr("sk-0123456789abcdef")


def test_without_an_engine_nobody_speaks(settings_for: Build) -> None:
    assert Voices(settings_for()).chosen(SpokenBy.AUTO) is SpokenBy.OFF


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"voice_model": "tts-1"}, "RECAST_VOICE_ENGINE"),
        ({"voice_women": ["nova"]}, "RECAST_VOICE_ENGINE"),
        ({"voice_engine": "openai", "voice_api_key": KEY}, "RECAST_VOICE_MODEL"),
        ({"voice_engine": "openai", "voice_model": "tts-1"}, "RECAST_VOICE_API_KEY"),
        ({"voice_engine": "espeak", "voice_model": "tts-1"}, "RECAST_VOICE_API_KEY"),
        ({"voice_kokoro_model": "kokoro.onnx"}, "RECAST_VOICE_ENGINE"),
        ({"voice_engine": "kokoro", "voice_kokoro_model": "kokoro.onnx"}, "RECAST_VOICE_KOKORO_VOICES"),
    ],
)
def test_half_a_configuration_is_refused(settings_for: Build, given: dict[str, object], missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        settings_for(**given)


def test_espeak_needs_nothing_and_costs_nothing(settings_for: Build) -> None:
    engine = Voices(settings_for(voice_engine="espeak")).open(SpokenBy.ESPEAK)
    assert isinstance(engine, EspeakVoices)
    assert engine.profile.is_free
    assert engine.profile.estimate("Anything at all.") == (0, 0)


def test_a_model_of_the_list_has_its_price(settings_for: Build) -> None:
    engine = Voices(settings_for(voice_engine="openai", voice_model="tts-1", voice_api_key=KEY)).open(SpokenBy.OPENAI)
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
        Voices(settings_for(**given)).open(SpokenBy.OPENAI)
    assert refused.value.code is ErrorCode.UNKNOWN_MODEL
    engine = Voices(settings_for(**given, voice_usd_per_million_characters="0")).open(SpokenBy.OPENAI)
    assert engine
    assert engine.profile.is_free


@pytest.mark.parametrize(
    ("given", "provider"),
    [
        ({"voice_api_key": KEY}, "openai"),
        ({"voice_base_url": "https://api.openai.com/v1", "voice_api_key": KEY}, "openai"),
        ({"voice_base_url": "https://voices.example.com:8880/v1"}, "voices.example.com"),
        ({"voice_base_url": "https://voices.example.com/v1", "voice_service": "speaches"}, "speaches"),
    ],
)
def test_services_of_one_protocol_are_not_one_service(
    settings_for: Build, given: dict[str, object], provider: str
) -> None:
    settings = settings_for(voice_engine="openai", voice_model="tts-1", voice_usd_per_million_characters="1", **given)
    assert Voices(settings).open(SpokenBy.OPENAI).profile.provider == provider


def test_another_service_s_model_has_no_price_of_openai_s(settings_for: Build) -> None:
    """Though many call theirs tts-1."""
    given = {"voice_engine": "openai", "voice_model": "tts-1", "voice_base_url": "http://127.0.0.1:9/v1"}
    with pytest.raises(RecastError) as refused:
        Voices(settings_for(**given)).open(SpokenBy.OPENAI)
    assert refused.value.code is ErrorCode.UNKNOWN_MODEL


def test_operators_are_told_of_a_model_that_ends() -> None:
    profile = known_models()["tts-1"]
    assert "in 44 days" in (ending(profile, date(2026, 11, 23)) or "")
    assert "by now" in (ending(profile, date(2027, 2, 1)) or "")
    assert ending(profile.model_copy(update={"ends_on": None}), date(2026, 11, 23)) is None


def test_a_film_may_ask_for_another_engine_that_is_set_up(settings_for: Build) -> None:
    voices = Voices(settings_for(voice_engine="espeak", voice_model="tts-1", voice_api_key=KEY, voice_men=["own"]))
    assert voices.usual is SpokenBy.ESPEAK
    assert isinstance(voices.open(voices.chosen(SpokenBy.AUTO)), EspeakVoices)
    paid = voices.open(SpokenBy.OPENAI)
    assert isinstance(paid, OpenAIVoices)
    # The chosen names are those of the usual engine.
    assert paid.voice_of(Voice(name="en-us+m1"), "en").name in MEN
    assert voices.chosen(SpokenBy.OFF) is SpokenBy.OFF


@pytest.mark.parametrize(
    ("given", "wanted", "missing"),
    [
        ({}, SpokenBy.ESPEAK, "RECAST_VOICE_ENGINE"),
        ({"voice_engine": "espeak"}, SpokenBy.OPENAI, "RECAST_VOICE_MODEL"),
        ({"voice_engine": "espeak"}, SpokenBy.KOKORO, "RECAST_VOICE_KOKORO_MODEL"),
    ],
)
def test_an_engine_that_is_not_set_up_is_named_with_its_setting(
    settings_for: Build, given: dict[str, object], wanted: SpokenBy, missing: str
) -> None:
    with pytest.raises(RecastError, match=f"no voices by {wanted}") as refused:
        Voices(settings_for(**given)).open(wanted)
    assert refused.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED
    assert missing in (refused.value.cause or "")


def test_what_is_offered_says_what_is_set_up(settings_for: Build) -> None:
    offered = dict(Voices(settings_for(voice_engine="espeak")).offered())
    assert {engine: profile is not None for engine, profile in offered.items()} == {
        SpokenBy.ESPEAK: True,
        SpokenBy.KOKORO: False,
        SpokenBy.OPENAI: False,
    }
