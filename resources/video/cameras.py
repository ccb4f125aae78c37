"""The cameras of this installation: made once per model, with the installation's limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.models import ModelProfile
from resources.settings import Settings
from resources.video import registry
from resources.video.protocol import Camera


@dataclass(frozen=True, slots=True)
class ProviderLimit:
    """What is asked of a provider at most, by all processes together."""

    in_flight: int
    starts_per_minute: int


@dataclass(slots=True)
class Cameras:
    settings: Settings
    _made: dict[tuple[str, str], Camera] = field(default_factory=dict)

    def camera(self, profile: ModelProfile) -> Camera:
        """Raises PROVIDER_NOT_CONFIGURED."""
        key = (profile.provider, profile.model)
        if key not in self._made:
            self._made[key] = registry.camera(profile, self.settings)
        return self._made[key]

    def limit(self, provider: str) -> ProviderLimit:
        limits: Mapping[str, tuple[int, int]] = self.settings.provider_limits
        in_flight, starts = limits.get(provider, (100, 500))
        return ProviderLimit(in_flight, starts)

    def webhook_url(self, provider: str, attempt_id: UUID) -> str | None:
        """Where the provider may tell of an attempt; None where this API cannot be reached from outside."""
        base = self.settings.webhook_base_url
        return f"{base.rstrip('/')}/api/v1/webhooks/{provider}/{attempt_id}" if base else None
