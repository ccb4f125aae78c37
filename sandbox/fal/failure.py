"""fal's errors: of the platform, with a sentence; of a model, with a list."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

ERRORS_URL = "https://docs.fal.ai/errors"


class FalError(Exception):
    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.headers = headers


def answer_failure(_: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, FalError)
    return JSONResponse(dict(failure.body), status_code=failure.status, headers=dict(failure.headers or {}))


def sentence(status: int, detail: str, headers: Mapping[str, str] | None = None) -> FalError:
    return FalError(status, {"detail": detail}, headers)


def no_key(app: str) -> FalError:
    detail = f'Cannot access application "{app}". Authentication is required to access this application.'
    return sentence(401, detail)


def malformed_key() -> FalError:
    return sentence(401, "Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'.")


def unknown_key() -> FalError:
    return sentence(401, "No user found for Key ID and Secret")


def no_balance() -> FalError:
    return sentence(403, "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.")


def throttled(seconds: int) -> FalError:
    return sentence(429, "Rate limit exceeded", {"Retry-After": str(seconds)})


def broken() -> FalError:
    return sentence(500, "Internal server error")


def model_error(kind: str, message: str, location: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a model's refusal. ``kind`` is the name that programs go by."""
    item = {"loc": list(location), "msg": message, "type": kind, "url": f"{ERRORS_URL}#{kind}", "input": dict(given)}
    return {"detail": [item]}
