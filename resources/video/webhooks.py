"""Webhooks of the video providers: verified by their raw bytes, and no more than a hint that a take has changed."""

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings
from resources.video.protocol import TakeStatus
from resources.video.registry import is_configured

PROVIDERS: Mapping[str, str] = {
    "replicate": "resources.video.replicate.webhooks",
    "pika": "resources.video.fal.webhooks",
}
"""Each module has ``webhooks(settings) -> Webhooks``."""


class WebhookEvent(BaseModel):
    """What a genuine webhook says. ``webhook_id`` is the same when it is sent again; ``request_id`` is the handle's.
    ``status`` is a hint: poll before you believe it."""

    model_config = ConfigDict(frozen=True)

    webhook_id: str
    request_id: str
    status: TakeStatus


class Webhooks(Protocol):
    """The webhooks of one provider. It keeps the provider's keys, so make it once and use it for every webhook."""

    async def verify(self, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        """Raises UNAUTHENTICATED when the provider did not send this now, and ``BusyError`` when its keys cannot be
        had."""
        ...


def webhooks(provider: str, settings: Settings) -> Webhooks:
    """Raises NOT_FOUND for a provider that is not set up or sends none."""
    if provider not in PROVIDERS or not is_configured(provider, settings):
        raise RecastError(ErrorCode.NOT_FOUND)
    made: Webhooks = import_module(PROVIDERS[provider]).webhooks(settings)
    return made


def forged(why: str) -> RecastError:
    return RecastError(ErrorCode.UNAUTHENTICATED, "The webhook is not signed by the provider.", cause=why)
