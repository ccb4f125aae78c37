"""The video providers by name. A provider is one module with a ``camera`` function and one line here; a model is one
row of models.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module, resources
from types import ModuleType

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.settings import Settings
from resources.video.protocol import Camera

PROVIDERS: Mapping[str, str] = {
    "local": "resources.video.local.camera",
    "replicate": "resources.video.replicate.camera",
    "pika": "resources.video.fal.camera",
}
"""Modules are loaded when first used: a server that films with one provider needs no other's libraries. Each has
``camera(profile, settings) -> Camera`` and ``is_configured(settings) -> bool``."""


@cache
def models() -> Sequence[ModelProfile]:
    """Every model on offer; the first of a provider is its default."""
    table = tomllib.loads(resources.files("resources.video").joinpath("models.toml").read_text(encoding="utf-8"))
    return tuple(ModelProfile.model_validate(row) for row in table["model"])


def model_profile(provider: str, model: str | None) -> ModelProfile:
    """The profile of ``model``, or of the provider's default. Raises UNKNOWN_MODEL."""
    for profile in models():
        if profile.provider == provider and model in (None, profile.model):
            return profile
    offered = ", ".join(f"{profile.provider} {profile.model}" for profile in models())
    wanted = f"model {model!r} of {provider!r}" if model else f"provider {provider!r}"
    raise RecastError(ErrorCode.UNKNOWN_MODEL, f"There is no {wanted}. On offer: {offered}.")


def is_configured(provider: str, settings: Settings) -> bool:
    return provider in PROVIDERS and bool(_module(provider).is_configured(settings))


def require_configured(provider: str, settings: Settings) -> None:
    """Raises PROVIDER_NOT_CONFIGURED when the provider is known and its key or address is not set."""
    if provider in PROVIDERS and not is_configured(provider, settings):
        raise RecastError(
            ErrorCode.PROVIDER_NOT_CONFIGURED, f"The video provider {provider!r} is not set up on this server."
        )


def camera(profile: ModelProfile, settings: Settings) -> Camera:
    """Raises PROVIDER_NOT_CONFIGURED."""
    require_configured(profile.provider, settings)
    made: Camera = _module(profile.provider).camera(profile, settings)
    return made


def _module(provider: str) -> ModuleType:
    return import_module(PROVIDERS[provider])
