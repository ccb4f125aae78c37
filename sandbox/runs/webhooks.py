"""Sends webhooks as both services do: signed anew for every try, retried a few times, never redirected."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

TIMEOUT_SECONDS = 15.0

Sign = Callable[[bytes, float], Mapping[str, str]]
"""The headers for a body that is sent at a time (seconds since 1970)."""


@dataclass(frozen=True, slots=True)
class Message:
    url: str
    body: bytes
    sign: Sign


class WebhookSender:
    """``retry_seconds`` is the first pause; each is twice as long as the one before."""

    def __init__(self, clock: Callable[[], float], retry_seconds: float) -> None:
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._client: httpx.AsyncClient | None = None

    async def send(self, message: Message, *, retries: int = 0, age_seconds: float = 0) -> None:
        """Returns when somebody has answered with a 2xx, or the retries are used up."""
        for attempt in range(retries + 1):
            if attempt:
                await asyncio.sleep(self._retry_seconds * 2 ** (attempt - 1))
            if await self._is_taken(message, age_seconds):
                return

    async def close(self) -> None:
        if self._client:
            await self._client.aclose()

    async def _is_taken(self, message: Message, age_seconds: float) -> bool:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)
        headers = message.sign(message.body, self._clock() - age_seconds)
        try:
            answer = await self._client.post(
                message.url, content=message.body, headers={"Content-Type": "application/json", **headers}
            )
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.is_success
