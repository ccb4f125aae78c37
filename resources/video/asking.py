"""How providers are asked over HTTP: what costs money exactly once, everything else patiently."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import Any, TypeVar

import httpx
from pydantic import JsonValue
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from domain.errors import ErrorCode, RecastError
from resources.outbound import is_loopback_http, system_tls
from resources.video.protocol import BusyError, OutcomeUnknownError

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
TRIES = 4
LONGEST_PAUSE_SECONDS = 8.0
EXCERPT_LETTERS = 500
GONE = (404, 410)
REQUEST_ID_HEADERS = ("x-request-id", "x-fal-request-id", "request-id", "cf-ray")
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Failures before the first byte of a request has left: no connection, no TLS, no tunnel through the proxy."""

WAIT_IN_WORDS = re.compile(r"(?:resets|available) in ~?(\d+(?:\.\d+)?) ?(s|m)", re.IGNORECASE)
REFUSED_CONTENT = re.compile(
    r"flagged|sensitive|nsfw|safety (?:filter|system|check)|content[ _-]?(?:policy|filter|checker)|moderation"
    r"|prohibited|inappropriate|violat(?:es|ion)|\(E005\)",
    re.IGNORECASE,
)
"""What models say when they refuse the content of a scene; there is no code for it that all of them use."""

Sleep = Callable[[float], Awaitable[None]]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Answer:
    """What a provider answered. ``text`` is the body."""

    status: int
    headers: httpx.Headers
    text: str

    @cached_property
    def body(self) -> JsonValue:
        """The JSON of the body; None when it is none."""
        try:
            parsed: JsonValue = json.loads(self.text)
        except ValueError:
            return None
        return parsed

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """The service's own name for this answer, for a talk with its support."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), None)

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the service asks to wait, by its header or in its words."""
        told = self.headers.get("retry-after", "").strip()
        if told.replace(".", "", 1).isdecimal():
            return float(told)
        if told:
            try:
                return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
            except (ValueError, TypeError):
                return None
        words = WAIT_IN_WORDS.search(self.text)
        return float(words[1]) * (60 if words[2].lower() == "m" else 1) if words else None

    @property
    def cause(self) -> str:
        return f"{self.status}: {' '.join(self.text[:EXCERPT_LETTERS].split()) or 'nothing'}"


class Asking:
    """Requests to one ``service``, which is its name for people. ``headers`` carry its key and go to ``base_url``
    alone: redirects are not followed.

    Every verb has connections of its own: a kept connection that the server closes at the wrong moment would make an
    order's outcome unknown, and cameras are used in more than one event loop.
    """

    def __init__(
        self,
        service: str,
        base_url: str,
        headers: Mapping[str, str],
        *,
        submit_seconds: float,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.service = service
        self.base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._submit_seconds = submit_seconds
        self.sleep = sleep

    def callable_webhook(self, url: str | None) -> str | None:
        """A webhook's address if it may be asked for: https, or any address while the service is the sandbox."""
        is_callable = url is not None and (url.startswith("https://") or is_loopback_http(self.base_url))
        return url if is_callable else None

    async def once(self, method: str, path: str, **request: Any) -> Answer:
        """One request that may cost money. The answer is a success or a refusal (4xx); whatever leaves open whether it
        was accepted is ``OutcomeUnknownError``, and what certainly never arrived, or came too soon, ``BusyError``."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS + self._submit_seconds):
                answer = await self._ask(method, path, self._submit_seconds, request)
        except NEVER_SENT as error:
            raise BusyError(cause=_named(error)) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise OutcomeUnknownError(cause=_named(error)) from error
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            raise _busy(answer)
        if answer.is_success or (400 <= answer.status < 500 and answer.status != httpx.codes.REQUEST_TIMEOUT):
            return answer
        raise OutcomeUnknownError(cause=answer.cause, request_id=answer.request_id)

    async def patiently(self, method: str, path: str, *, seconds: float = ANSWER_SECONDS, **request: Any) -> Answer:
        """A request that may be repeated, up to four times while the service is out of order or asks for patience. The
        answer is a success or a refusal (4xx). Raises ``BusyError`` when that does not help."""
        return await patiently(partial(self._try, method, path, seconds, request), self.sleep)

    async def look(self, path: str, method: str = "GET", **request: Any) -> Answer | None:
        """How something stands that may be paid for; None when the service knows it no more. A wrong key is
        PROVIDER_NOT_CONFIGURED; any other refusal says nothing about it, and so is ``BusyError``."""
        answer = await self.patiently(method, path, **request)
        if answer.status in GONE:
            return None
        if answer.status in (401, 403):
            raise refusal(answer, self.service, answer.text)
        if not answer.is_success:
            raise _busy(answer)
        return answer

    async def ask_to_stop(self, method: str, path: str) -> None:
        """A request to cancel. What has ended, or is not known, stays as it is; so refusals but of the key are none."""
        answer = await self.patiently(method, path)
        if answer.status in (401, 403):
            raise refusal(answer, self.service, answer.text)

    async def _try(self, method: str, path: str, seconds: float, request: Mapping[str, Any]) -> Answer:
        try:
            async with asyncio.timeout(CONNECT_SECONDS + seconds):
                answer = await self._ask(method, path, seconds, request)
        except (httpx.HTTPError, TimeoutError) as error:
            raise BusyError(cause=_named(error)) from error
        if answer.status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT) or answer.status >= 500:
            raise _busy(answer)
        return answer

    async def _ask(self, method: str, path: str, seconds: float, request: Mapping[str, Any]) -> Answer:
        headers = {**self._headers, **request.get("headers", {})}
        options = {name: value for name, value in request.items() if name != "headers"}
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(timeout=timeout, verify=system_tls()) as client:
            response = await client.request(method, f"{self.base_url}{path}", headers=headers, **options)
        return Answer(response.status_code, response.headers, response.text)


def refusal(answer: Answer, service: str, reason: str, fields: Sequence[str] = ()) -> RecastError:
    """What a refusal (4xx) means. ``reason`` is the service's own text, ``fields`` the input fields it names."""
    code, detail = _meaning(answer.status, service, reason, fields)
    return RecastError(code, detail, cause=answer.cause, request_id=answer.request_id)


def failure(reason: str, request_id: str | None = None) -> RecastError:
    """What the end of a shot means that the service has accepted and not filmed."""
    code = ErrorCode.CONTENT_REJECTED if REFUSED_CONTENT.search(reason) else ErrorCode.AI_PROVIDER_FAILURE
    return RecastError(code, cause=reason, request_id=request_id)


async def patiently(attempt: Callable[[], Awaitable[Value]], sleep: Sleep) -> Value:
    """The value of the first attempt that succeeds, of four. An attempt says by ``BusyError`` that another may."""
    tries = AsyncRetrying(
        stop=stop_after_attempt(TRIES),
        wait=_pause,
        retry=retry_if_exception(_is_worth_waiting),
        sleep=sleep,
        reraise=True,
    )
    return await tries(attempt)


def _meaning(status: int, service: str, reason: str, fields: Sequence[str]) -> tuple[ErrorCode, str | None]:
    match status:
        case 401 | 403:
            return ErrorCode.PROVIDER_NOT_CONFIGURED, f"{service} does not accept the key of this server."
        case 402:
            return ErrorCode.PROVIDER_QUOTA, None
        case 404:
            return ErrorCode.UNKNOWN_MODEL, f"{service} does not offer this model."
    if REFUSED_CONTENT.search(reason):
        return ErrorCode.CONTENT_REJECTED, None
    if fields:
        return ErrorCode.PROVIDER_INPUT_INVALID, f"The model does not accept this scene's {', '.join(fields)}."
    return ErrorCode.PROVIDER_INPUT_INVALID, None


def _busy(answer: Answer) -> BusyError:
    return BusyError(cause=answer.cause, retry_after_seconds=answer.retry_after_seconds, request_id=answer.request_id)


def _is_worth_waiting(error: BaseException) -> bool:
    return isinstance(error, BusyError) and (error.retry_after_seconds or 0) <= LONGEST_PAUSE_SECONDS


def _pause(state: RetryCallState) -> float:
    """What the service asks for, or longer and longer; never in step with other workers."""
    error = state.outcome.exception() if state.outcome else None
    told = error.retry_after_seconds if isinstance(error, BusyError) else None
    return (told or 0.0) + wait_random_exponential(multiplier=0.5, max=LONGEST_PAUSE_SECONDS)(state)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
