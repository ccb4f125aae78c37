"""The video providers by name. A provider is one module with a ``camera`` function and one line here; a model is one
row of models.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module, resources
from types import ModuleType
from typing import Any

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile, TrainerProfile
from resources.settings import Settings
from resources.video.protocol import Camera, StillCamera, Trainer

PROVIDERS: Mapping[str, str] = {
    "local": "resources.video.local.camera",
    "replicate": "resources.video.replicate.camera",
    "pika": "resources.video.fal.camera",
    "rundiffusion": "resources.video.rundiffusion.camera",
}
"""Modules are loaded when first used: a server that films with one provider needs no other's libraries. Each has
``camera(profile, settings) -> Camera`` and ``is_configured(settings) -> bool``; one whose models are not in
models.toml has ``models(settings) -> Sequence[ModelProfile]``."""


TRAINING: Mapping[str, tuple[str, str]] = {
    "replicate": ("resources.video.replicate.trainings", "resources.video.replicate.keyframes"),
}
"""The providers that train: modules with ``trainer(profile, settings) -> Trainer`` and
``still_camera(settings) -> StillCamera``."""


def models(settings: Settings | None = None) -> Sequence[ModelProfile]:
    """Every model on offer; the first of a provider is its default. With ``settings``, also the models that are
    configured rather than listed. Raises PROVIDER_NOT_CONFIGURED for a configuration that is not understood."""
    return tuple(profile for provider in PROVIDERS for profile in _models_of(provider, settings))


def model_profile(provider: str, model: str | None, settings: Settings | None = None) -> ModelProfile:
    """The profile of ``model``, or of the provider's default. Raises UNKNOWN_MODEL."""
    offered = _models_of(provider, settings)
    for profile in offered:
        if model in (None, profile.model):
            return profile
    names = ", ".join(f"{profile.provider} {profile.model}" for profile in offered or models())
    wanted = f"model {model!r} of {provider!r}" if model else f"provider {provider!r}"
    raise RecastError(ErrorCode.UNKNOWN_MODEL, f"There is no {wanted}. On offer: {names}.")


def _models_of(provider: str, settings: Settings | None) -> Sequence[ModelProfile]:
    listed = tuple(profile for profile in _listed_models() if profile.provider == provider)
    if settings is None or not is_configured(provider, settings):
        return listed
    configured: Sequence[ModelProfile] = getattr(_module(provider), "models", lambda _: ())(settings)
    return (*listed, *configured)


@cache
def _listed_models() -> Sequence[ModelProfile]:
    return tuple(ModelProfile.model_validate(row) for row in _table()["model"])


@cache
def trainers() -> Sequence[TrainerProfile]:
    """Every trainer that is listed; the first is the one that trains."""
    return tuple(TrainerProfile.model_validate(row) for row in _table()["trainer"])


def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("resources.video").joinpath("models.toml").read_text(encoding="utf-8"))


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


def trainer(profile: TrainerProfile, settings: Settings) -> Trainer:
    """Raises PROVIDER_NOT_CONFIGURED."""
    require_configured(profile.provider, settings)
    made: Trainer = import_module(TRAINING[profile.provider][0]).trainer(profile, settings)
    return made


def still_camera(profile: TrainerProfile, settings: Settings) -> StillCamera:
    """For pictures by the models that ``profile`` has trained. Raises PROVIDER_NOT_CONFIGURED."""
    require_configured(profile.provider, settings)
    made: StillCamera = import_module(TRAINING[profile.provider][1]).still_camera(settings)
    return made


def _module(provider: str) -> ModuleType:
    return import_module(PROVIDERS[provider])
