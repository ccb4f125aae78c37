"""Replicate's webhooks: Standard Webhooks, signed with the account's secret."""

import asyncio
import time
from collections.abc import Callable, Mapping

from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from resources.settings import Settings, revealed
from resources.video.replicate.camera import take_of
from resources.video.replicate.client import ReplicateClient, Run
from resources.video.webhooks import WebhookEvent, forged

REFRESH_SECONDS = 60.0
"""How often at most a secret is asked for anew: anybody can send what does not verify."""


class ReplicateWebhooks:
    """``secret`` is the account's; without one it is fetched when first needed, and again when it may have been
    changed."""

    def __init__(
        self, client: ReplicateClient, secret: str | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._secret = secret
        self._is_set = secret is not None
        self._clock = clock
        self._asked_at: float | None = None
        self._asking = asyncio.Lock()

    async def verify(self, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        await self._refresh(None)
        known = self._secret
        if not _is_genuine(known, headers, body):
            await self._refresh(known)
            if self._secret == known or not _is_genuine(self._secret, headers, body):
                raise forged("no signature fits, or it is older than five minutes")
        try:
            run = Run.model_validate_json(body)
        except ValidationError as error:
            raise forged(f"a signed body without a run: {error.error_count()} errors") from error
        webhook_id = next(value for name, value in headers.items() if name.lower() == "webhook-id")
        return WebhookEvent(webhook_id=webhook_id, request_id=run.id, status=take_of(run).status)

    async def _refresh(self, stale: str | None) -> None:
        """Fetch the secret if it is still ``stale``, though not again within a minute."""
        async with self._asking:
            if self._is_set or self._secret != stale:
                return
            if self._asked_at is not None and self._clock() - self._asked_at < REFRESH_SECONDS:
                return
            self._secret = await self._client.webhook_secret()
            self._asked_at = self._clock()


def _is_genuine(secret: str | None, headers: Mapping[str, str], body: bytes) -> bool:
    if secret is None:
        return False
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # malformed headers and bodies show as many kinds of ValueError
        return False
    return True


def webhooks(settings: Settings) -> ReplicateWebhooks:
    return ReplicateWebhooks(ReplicateClient.of(settings), revealed(settings.replicate_webhook_secret))
