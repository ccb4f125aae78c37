"""fal's webhooks, signed with ED25519: https://docs.fal.ai/model-apis/model-endpoints/webhooks."""

import asyncio
import hashlib
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, Field, JsonValue, ValidationError

from resources.settings import Settings
from resources.video.asking import Asking
from resources.video.protocol import BusyError, TakeStatus
from resources.video.webhooks import WebhookEvent, forged

PREFIX = "x-fal-webhook-"
TOLERANCE_SECONDS = 300
KEEP_KEYS_SECONDS = 24 * 3600
REFRESH_SECONDS = 60.0
"""How often at most keys are asked for anew: anybody can send what does not verify."""


class _Body(BaseModel):
    request_id: str = Field(min_length=1)
    status: Literal["OK", "ERROR"]


class FalWebhooks:
    """``clock`` tells seconds since 1970. fal names no deliveries; a request has one webhook, so it stands for it.

    fal signs for all its users with the same keys: ``user_id``, if it is known, is the one whose requests are ours.
    """

    def __init__(self, asking: Asking, *, user_id: str | None = None, clock: Callable[[], float] = time.time) -> None:
        self._asking = asking
        self._user_id = user_id
        self._clock = clock
        self._keys: Sequence[Ed25519PublicKey] = ()
        self._asked_at: float | None = None
        self._fetching = asyncio.Lock()

    async def verify(self, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        told = {name.lower(): value for name, value in headers.items()}
        message, signature = self._signed(told, body)
        await self._refresh(KEEP_KEYS_SECONDS)
        if not _is_signed(self._keys, message, signature):
            await self._refresh(REFRESH_SECONDS)
            if not _is_signed(self._keys, message, signature):
                raise forged("no key fits the signature")
        try:
            event = _Body.model_validate_json(body)
        except ValidationError as error:
            raise forged(f"a signed body of another form: {error.error_count()} errors") from error
        status = TakeStatus.SUCCEEDED if event.status == "OK" else TakeStatus.FAILED
        return WebhookEvent(webhook_id=event.request_id, request_id=event.request_id, status=status)

    def _signed(self, told: Mapping[str, str], body: bytes) -> tuple[bytes, bytes]:
        """What was signed, and the signature."""
        try:
            parts = [told[f"{PREFIX}{name}"] for name in ("request-id", "user-id", "timestamp")]
            age = abs(self._clock() - int(parts[2]))
            signature = bytes.fromhex(told[f"{PREFIX}signature"])
        except (KeyError, ValueError) as error:
            raise forged(f"its headers are not fal's: {error}") from error
        if self._user_id is not None and parts[1] != self._user_id:
            raise forged("it is of another user's request")
        if age > TOLERANCE_SECONDS:
            raise forged(f"it is {age:.0f} s old")
        return "\n".join([*parts, hashlib.sha256(body).hexdigest()]).encode(), signature

    async def _refresh(self, after_seconds: float) -> None:
        async with self._fetching:
            if self._asked_at is not None and self._clock() - self._asked_at < after_seconds:
                return
            try:
                answer = await self._asking.patiently("GET", "")
                if not (keys := _keys(answer.body)):
                    raise BusyError(cause=f"no keys: {answer.cause}", request_id=answer.request_id)
            except BusyError:
                if not self._keys:
                    raise
                keys = self._keys  # better yesterday's keys than none
            self._keys, self._asked_at = keys, self._clock()


def _keys(jwks: JsonValue) -> Sequence[Ed25519PublicKey]:
    """The ED25519 keys of a key set; others are passed over."""
    listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
    keys = []
    for key in listed if isinstance(listed, list) else ():
        if isinstance(key, Mapping) and key.get("crv") == "Ed25519":
            with suppress(ValueError):
                keys.append(Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(f"{key.get('x')}==")))
    return keys


def _is_signed(keys: Sequence[Ed25519PublicKey], message: bytes, signature: bytes) -> bool:
    for key in keys:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False


def webhooks(settings: Settings) -> FalWebhooks:
    return FalWebhooks(
        Asking("fal.ai", settings.fal_jwks_url, {}, submit_seconds=settings.provider_submit_timeout_seconds),
        user_id=settings.fal_user_id,
    )
