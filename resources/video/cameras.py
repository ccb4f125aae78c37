"""The cameras of this installation, each made when it is first needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.models import ModelProfile, TrainerProfile
from resources.settings import Settings
from resources.video import registry
from resources.video.protocol import Camera, StillCamera, Trainer


@dataclass(frozen=True, slots=True)
class ProviderLimit:
    """What is asked of a provider at most, by all processes together."""

    in_flight: int
    starts_per_minute: int


@dataclass(slots=True)
class Cameras:
    """What this installation can film with: models by name, cameras for them, and how much each provider is asked."""

    settings: Settings
    _made: dict[tuple[str, str], Camera] = field(default_factory=dict)

    def camera(self, profile: ModelProfile) -> Camera:
        """Raises PROVIDER_NOT_CONFIGURED."""
        key = (profile.provider, profile.model)
        if key not in self._made:
            self._made[key] = registry.camera(profile, self.settings)
        return self._made[key]

    def profile(self, provider: str, model: str | None = None) -> ModelProfile:
        """The model's profile, or that of the provider's default. Raises UNKNOWN_MODEL."""
        return registry.model_profile(provider, model, self.settings)

    def offered(self) -> Sequence[ModelProfile]:
        return registry.models(self.settings)

    @property
    def training(self) -> TrainerProfile:
        """The trainer that trains characters, and the price of what it makes."""
        return registry.trainers()[0]

    def trainer(self) -> Trainer:
        """Raises PROVIDER_NOT_CONFIGURED."""
        return registry.trainer(self.training, self.settings)

    def still_camera(self) -> StillCamera:
        """For pictures by the models that were trained. Raises PROVIDER_NOT_CONFIGURED."""
        return registry.still_camera(self.training, self.settings)

    def is_configured(self, provider: str) -> bool:
        return registry.is_configured(provider, self.settings)

    def require_configured(self, provider: str) -> None:
        """Raises PROVIDER_NOT_CONFIGURED for a known provider whose key or address is not set."""
        registry.require_configured(provider, self.settings)

    def limit(self, provider: str) -> ProviderLimit:
        limits: Mapping[str, tuple[int, int]] = self.settings.provider_limits
        in_flight, starts = limits.get(provider, (100, 500))
        return ProviderLimit(in_flight, starts)

    def webhook_url(self, provider: str, attempt_id: UUID) -> str | None:
        """Where the provider may tell of an attempt; None where this API cannot be reached from outside."""
        base = self.settings.webhook_base_url
        return f"{base.rstrip('/')}/api/v1/webhooks/{provider}/{attempt_id}" if base else None
