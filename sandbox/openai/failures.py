"""OpenAI's error bodies."""

from collections.abc import Mapping
from typing import Any


class OpenAIFailure(Exception):
    """One refusal, with the status, the members of ``error`` and the headers that the service sends."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def no_key() -> OpenAIFailure:
    return OpenAIFailure(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from "
        "https://platform.openai.com/account/api-keys.",
    )


def wrong_key(key: str) -> OpenAIFailure:
    """A long key comes back with its middle hidden, a short one as it is."""
    shown = key if len(key) <= 12 else f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"
    return OpenAIFailure(
        401,
        f"Incorrect API key provided: {shown}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    )


def no_model(model: str) -> OpenAIFailure:
    return OpenAIFailure(
        404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
    )


def rate_limit(retry_after_ms: int) -> OpenAIFailure:
    return OpenAIFailure(
        429,
        "Rate limit reached for sandbox-director in organization org-sandbox on requests per min (RPM): Limit 3, "
        f"Used 3, Requested 1. Please try again in {retry_after_ms}ms. Visit "
        "https://platform.openai.com/account/rate-limits to learn more.",
        type="requests",
        code="rate_limit_exceeded",
        headers={
            "retry-after-ms": str(retry_after_ms),
            "retry-after": str(max(1, round(retry_after_ms / 1000))),
            "x-ratelimit-limit-requests": "3",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": f"{retry_after_ms}ms",
        },
    )


def no_credit() -> OpenAIFailure:
    return OpenAIFailure(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        type="insufficient_quota",
        code="insufficient_quota",
    )


def down() -> OpenAIFailure:
    return OpenAIFailure(
        500, "The server had an error while processing your request. Sorry about that!", type="server_error"
    )


def invalid_schema(name: str, context: tuple[str, ...], fault: str) -> OpenAIFailure:
    return OpenAIFailure(
        400, f"Invalid schema for response_format '{name}': In context={context}, {fault}.", param="response_format"
    )
