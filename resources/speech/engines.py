"""Which engine transcribes, by the settings."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings
from resources.speech import openai
from resources.speech.local import LocalWhisper
from resources.speech.openai import OpenAITranscriptions
from resources.speech.protocol import Engine, EngineProfile

WARN_DAYS = 180
"""So long before a service shuts a model down, operators are told at every transcription."""


@cache
def known_models() -> Mapping[str, EngineProfile]:
    """The models of models.toml, by name."""
    text = resources.files("resources.speech").joinpath("models.toml").read_text(encoding="utf-8")
    profiles = (EngineProfile.model_validate(row) for row in tomllib.loads(text)["models"])
    return {profile.model: profile for profile in profiles}


def open_engine(settings: Settings) -> Engine:
    """The configured one, to be closed after use. Raises PROVIDER_NOT_CONFIGURED where none is set or a local model is
    not on this disk, and UNKNOWN_MODEL for one whose price nobody knows."""
    if settings.whisper_engine is None or not settings.whisper_model:
        raise RecastError(ErrorCode.PROVIDER_NOT_CONFIGURED, "Transcribing is not set up on this server.")
    if settings.whisper_engine == "local":
        return LocalWhisper(Path(settings.whisper_model), timeout_seconds=settings.whisper_timeout_seconds)
    profile = openai.profile_of(settings.whisper_model, known_models(), settings.whisper_usd_per_minute)
    return OpenAITranscriptions(
        profile,
        base_url=settings.whisper_base_url,
        api_key=settings.whisper_api_key,
        timeout_seconds=settings.whisper_timeout_seconds,
        at_once=settings.whisper_at_once,
    )


def ending(profile: EngineProfile, today: date) -> str | None:
    """What operators have to know of a model that its service shuts down soon, or has."""
    days = profile.days_left(today)
    if days is None or days > WARN_DAYS:
        return None
    when = f"in {days} days" if days > 0 else "by now"
    return (
        f"{profile.model} is shut down {when} ({profile.ends_on}): set RECAST_WHISPER_MODEL to gpt-transcribe,"
        " or RECAST_WHISPER_ENGINE to local"
    )
