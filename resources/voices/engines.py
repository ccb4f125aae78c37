"""Which engine speaks, by the settings and by what a film asks for."""

import tomllib
from datetime import date
from functools import cache
from importlib import resources

from domain.errors import ErrorCode, RecastError
from domain.voices import SpokenBy
from resources.settings import Settings
from resources.voices import openai
from resources.voices.espeak import EspeakVoices
from resources.voices.kokoro import KokoroVoices
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


class Voices:
    """The engines of this installation. One is used unless a film asks for another; of those, espeak-ng needs nothing,
    and the others their own settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def usual(self) -> SpokenBy:
        """Who speaks for a film that does not say."""
        return SpokenBy(self._settings.voice_engine) if self._settings.voice_engine else SpokenBy.OFF

    def chosen(self, wanted: SpokenBy) -> SpokenBy:
        """Who speaks a film that wants this: an engine by its name, or nobody."""
        return self.usual if wanted is SpokenBy.AUTO else wanted

    def open(self, engine: SpokenBy) -> VoiceEngine:
        """An engine by its name, to be closed once it has spoken. Raises PROVIDER_NOT_CONFIGURED for one that is not
        set up, or where what it needs is not on this machine, and UNKNOWN_MODEL for a model whose price nobody
        knows."""
        if self.usual is SpokenBy.OFF:
            raise _not_set_up(engine, "RECAST_VOICE_ENGINE")
        match engine:
            case SpokenBy.KOKORO:
                return self._kokoro()
            case SpokenBy.OPENAI:
                return self._openai()
        return EspeakVoices(timeout_seconds=self._settings.voice_timeout_seconds)

    def offered(self) -> list[tuple[SpokenBy, VoiceProfile | None]]:
        """Every engine that there is, with what is known of it where it is set up."""
        return [(one, self._profile(one)) for one in SpokenBy if one not in (SpokenBy.AUTO, SpokenBy.OFF)]

    def _profile(self, engine: SpokenBy) -> VoiceProfile | None:
        try:
            return self.open(engine).profile
        except RecastError:
            return None

    def _kokoro(self) -> KokoroVoices:
        settings = self._settings
        if not settings.voice_kokoro_model or not settings.voice_kokoro_voices:
            raise _not_set_up(SpokenBy.KOKORO, "RECAST_VOICE_KOKORO_MODEL and RECAST_VOICE_KOKORO_VOICES")
        women, men = self._names(SpokenBy.KOKORO)
        return KokoroVoices(
            settings.voice_kokoro_model,
            settings.voice_kokoro_voices,
            timeout_seconds=settings.voice_timeout_seconds,
            women=women,
            men=men,
        )

    def _openai(self) -> OpenAIVoices:
        settings = self._settings
        if not settings.voice_model:
            raise _not_set_up(SpokenBy.OPENAI, "RECAST_VOICE_MODEL")
        women, men = self._names(SpokenBy.OPENAI)
        return OpenAIVoices(
            openai.profile_of(
                settings.voice_model,
                known_models(),
                settings.voice_usd_per_million_characters,
                openai.service_name(settings.voice_base_url, settings.voice_service),
            ),
            base_url=settings.voice_base_url,
            api_key=settings.voice_api_key,
            timeout_seconds=settings.voice_timeout_seconds,
            at_once=settings.voice_at_once,
            women=women,
            men=men,
        )

    def _names(self, engine: SpokenBy) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The chosen voices, which are those of the usual engine: another knows none of them."""
        return (self._settings.voice_women, self._settings.voice_men) if engine is self.usual else ((), ())


def _not_set_up(engine: SpokenBy, missing: str) -> RecastError:
    return RecastError(
        ErrorCode.PROVIDER_NOT_CONFIGURED,
        f"This server has no voices by {engine}; GET /voices says which it has.",
        cause=f"{missing} is not set",
    )


def ending(profile: VoiceProfile, today: date) -> str | None:
    """What operators have to know of a model that its service shuts down soon, or has."""
    days = profile.days_left(today)
    if days is None or days > WARN_DAYS:
        return None
    when = f"in {days} days" if days > 0 else "by now"
    return (
        f"{profile.model} is shut down {when} ({profile.ends_on}), and OpenAI names no other for its speech API: set"
        " RECAST_VOICE_BASE_URL and RECAST_VOICE_MODEL to another service's, or RECAST_VOICE_ENGINE to kokoro or espeak"
    )
