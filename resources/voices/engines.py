"""Which engine speaks, by the settings."""

import tomllib
from datetime import date
from functools import cache
from importlib import resources

from resources.settings import Settings
from resources.voices import openai
from resources.voices.espeak import EspeakVoices
from resources.voices.openai import OpenAIVoices
from resources.voices.protocol import Profiles, VoiceEngine, VoiceProfile

WARN_DAYS = 180
"""So long before a service shuts a model down, operators are told at every narration."""


@cache
def known_models() -> Profiles:
    """The models of models.toml, by name."""
    text = resources.files("resources.voices").joinpath("models.toml").read_text(encoding="utf-8")
    profiles = (VoiceProfile.model_validate(row) for row in tomllib.loads(text)["models"])
    return {profile.model: profile for profile in profiles}


def open_voices(settings: Settings) -> VoiceEngine | None:
    """The configured engine, to be closed after use; None where films are made without voices. Raises
    PROVIDER_NOT_CONFIGURED where what it needs is not on this machine, and UNKNOWN_MODEL for a model whose price nobody
    knows."""
    if settings.voice_engine is None:
        return None
    if settings.voice_engine == "espeak":
        return EspeakVoices(timeout_seconds=settings.voice_timeout_seconds)
    assert settings.voice_model, "the settings see to it"
    profile = openai.profile_of(settings.voice_model, known_models(), settings.voice_usd_per_million_characters)
    return OpenAIVoices(
        profile,
        base_url=settings.voice_base_url,
        api_key=settings.voice_api_key,
        timeout_seconds=settings.voice_timeout_seconds,
        at_once=settings.voice_at_once,
        women=settings.voice_women,
        men=settings.voice_men,
    )


def ending(profile: VoiceProfile, today: date) -> str | None:
    """What operators have to know of a model that its service shuts down soon, or has."""
    days = profile.days_left(today)
    if days is None or days > WARN_DAYS:
        return None
    when = f"in {days} days" if days > 0 else "by now"
    return (
        f"{profile.model} is shut down {when} ({profile.ends_on}), and OpenAI names no other for its speech API: set"
        " RECAST_VOICE_BASE_URL and RECAST_VOICE_MODEL to another service's, or RECAST_VOICE_ENGINE to espeak"
    )
