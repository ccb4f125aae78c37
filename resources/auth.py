"""Supabase Auth: who a token belongs to, and tokens for the command line."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from domain.errors import ErrorCode, RecastError

log = logging.getLogger(__name__)

ALGORITHMS = ("ES256", "RS256")
KEYS_FRESH_SECONDS = 600.0
"""Supabase publishes its keys with ``max-age=600``."""
REFRESH_COOLDOWN_SECONDS = 30.0
FIRST_FETCH_COOLDOWN_SECONDS = 1.0
KEY_FETCH_TIMEOUT_SECONDS = 5.0
CLOCK_SKEW_SECONDS = 10.0
SIGN_IN_TIMEOUT_SECONDS = 10.0


class Claims(BaseModel):
    """What a checked access token says. ``sub`` is the user's id; nothing here grants a role."""

    model_config = ConfigDict(frozen=True)

    sub: UUID
    email: str | None = None
    session_id: UUID | None = None
    is_anonymous: bool = False
    exp: datetime


class TokenVerifier:
    """Checks access tokens against the published keys of one issuer.

    Keys are fetched in a thread, one at a time and at most every 30 seconds. When the issuer does not answer, the
    keys known so far go on being used.
    """

    def __init__(
        self,
        jwks_url: str,
        issuer: str,
        audience: str = "authenticated",
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = jwt.PyJWKClient(jwks_url, cache_jwk_set=False, timeout=KEY_FETCH_TIMEOUT_SECONDS)
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def prefetch(self) -> None:
        """Fetches the keys before the first request needs them; an outage is logged and met again at that request."""
        async with self._lock:
            await self._refresh()

    async def verify(self, token: str) -> Claims:
        """The claims of a valid token.

        Raises ``UNAUTHENTICATED`` when the token is not valid here and now, ``AUTH_UNAVAILABLE`` when no key could be
        fetched yet, so that an outage signs nobody out.
        """
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            claims = jwt.decode(
                token,
                await self._key(kid),
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
            return Claims.model_validate(claims)
        except jwt.ExpiredSignatureError as error:
            raise RecastError(ErrorCode.UNAUTHENTICATED, "The access token has expired.", cause=str(error)) from error
        except (jwt.PyJWTError, ValidationError) as error:
            raise RecastError(ErrorCode.UNAUTHENTICATED, cause=f"{type(error).__name__}: {error}") from error

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        if not kid:
            raise jwt.InvalidTokenError("the token names no key")
        known = self._keys.get(kid)
        if known and (self._is_fresh() or self._lock.locked()):
            return known
        async with self._lock:
            if not (self._is_fresh() and kid in self._keys) and self._may_try():
                await self._refresh()
        if self._fetched_at is None:
            raise RecastError(ErrorCode.AUTH_UNAVAILABLE, cause="no JWKS yet")
        if kid not in self._keys:
            raise jwt.InvalidTokenError("the token was signed with an unknown key")
        return self._keys[kid]

    async def _refresh(self) -> None:
        self._tried_at = self._clock()
        try:
            keys = await asyncio.to_thread(self._client.get_signing_keys, refresh=True)
        except (jwt.PyJWTError, ValueError, OSError) as error:
            log.warning("cannot fetch the signing keys: %s", error)
            return
        self._keys = {key.key_id: key for key in keys if key.key_id}
        self._fetched_at = self._tried_at

    def _is_fresh(self) -> bool:
        return self._fetched_at is not None and self._clock() - self._fetched_at < KEYS_FRESH_SECONDS

    def _may_try(self) -> bool:
        cooldown = REFRESH_COOLDOWN_SECONDS if self._fetched_at is not None else FIRST_FETCH_COOLDOWN_SECONDS
        return self._tried_at is None or self._clock() - self._tried_at >= cooldown


class Session(BaseModel):
    """A signed-in user's tokens. Both are secrets: never print or log them."""

    model_config = ConfigDict(frozen=True)

    access_token: str
    refresh_token: str
    expires_at: datetime
    user_id: UUID

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Self:
        return cls(
            access_token=answer["access_token"],
            refresh_token=answer["refresh_token"],
            expires_at=datetime.fromtimestamp(answer["expires_at"], UTC),
            user_id=answer["user"]["id"],
        )

    def __repr__(self) -> str:
        return f"Session(user_id={self.user_id}, expires_at={self.expires_at.isoformat()})"

    __str__ = __repr__


REFUSALS = {
    "user_already_exists": (ErrorCode.CONFLICT, "There is an account with this e-mail address already."),
    "email_exists": (ErrorCode.CONFLICT, "There is an account with this e-mail address already."),
    "weak_password": (ErrorCode.INVALID_REQUEST, "The password is too weak."),
    "validation_failed": (ErrorCode.INVALID_REQUEST, "The e-mail address or the password does not have a valid form."),
    "signup_disabled": (ErrorCode.INVALID_REQUEST, "New accounts are not accepted here."),
    "invalid_credentials": (ErrorCode.UNAUTHENTICATED, "The e-mail address or the password is wrong."),
    "email_not_confirmed": (ErrorCode.UNAUTHENTICATED, "Confirm your e-mail address first; look for our mail."),
    "refresh_token_not_found": (ErrorCode.UNAUTHENTICATED, "You are signed out; sign in again."),
    "refresh_token_already_used": (ErrorCode.UNAUTHENTICATED, "You are signed out; sign in again."),
    "session_expired": (ErrorCode.UNAUTHENTICATED, "You are signed out; sign in again."),
    "over_request_rate_limit": (ErrorCode.RATE_LIMITED, None),
}
"""GoTrue's error codes in the product's words."""


class AuthClient:
    """Signs people up and in. ``base_url`` ends with ``/auth/v1``; ``api_key`` is Supabase's public one.

    Use it as a context manager: it keeps a connection open.
    """

    def __init__(self, base_url: str, api_key: str | None = None) -> None:
        headers = {"apikey": api_key} if api_key else {}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=SIGN_IN_TIMEOUT_SECONDS)

    def sign_up(self, email: str, password: str) -> Session:
        """Makes an account and signs in. Where addresses must be confirmed first: ``UNAUTHENTICATED``."""
        return self._session("/signup", {"email": email, "password": password})

    def sign_in(self, email: str, password: str) -> Session:
        return self._session("/token?grant_type=password", {"email": email, "password": password})

    def refresh(self, refresh_token: str) -> Session:
        """The next session. The old refresh token is spent, even when the answer gets lost."""
        return self._session("/token?grant_type=refresh_token", {"refresh_token": refresh_token})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _session(self, path: str, body: dict[str, str]) -> Session:
        try:
            response = self._http.post(path, json=body)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            cause = f"{type(error).__name__}: {error}"
            raise RecastError(ErrorCode.AUTH_UNAVAILABLE, cause=cause) from error
        if response.is_success and "access_token" in answer:
            return Session.from_answer(answer)
        error_code = "email_not_confirmed" if response.is_success else str(answer.get("error_code"))
        fallback = ErrorCode.RATE_LIMITED if response.status_code == 429 else ErrorCode.INTERNAL
        code, detail = REFUSALS.get(error_code, (fallback, None))
        cause = f"{response.status_code} {error_code}: {answer.get('msg')}"
        raise RecastError(code, detail, cause=cause, request_id=response.headers.get("sb-request-id"))
