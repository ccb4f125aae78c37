"""Replicate's errors: problem details, in the bodies that it really sends."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from sandbox.replicate.validation import InvalidField


class ReplicateError(Exception):
    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.headers = headers


def answer_failure(_: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, ReplicateError)
    return JSONResponse(
        dict(failure.body),
        status_code=failure.status,
        headers=dict(failure.headers or {}),
        media_type="application/problem+json",
    )


def problem(status: int, detail: str, title: str | None = None) -> ReplicateError:
    return ReplicateError(status, ({"title": title} if title else {}) | {"detail": detail, "status": status})


def unauthenticated() -> ReplicateError:
    return problem(401, "You did not pass a valid authentication token", "Unauthenticated")


def no_credit() -> ReplicateError:
    detail = (
        "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to "
        "purchase credit. Once you purchase credit, please wait a few minutes before trying again."
    )
    return problem(402, detail, "Insufficient credit")


def not_found() -> ReplicateError:
    return problem(404, "The requested resource could not be found.")


def unknown_version() -> ReplicateError:
    detail = "The specified version does not exist (or perhaps you don't have permission to use it?)"
    return problem(422, detail, "Invalid version or not permitted")


def invalid(fields: Sequence[InvalidField]) -> ReplicateError:
    lines = "".join(f"- {field.field}: {field.description}\n" for field in fields)
    items = [{"type": field.type, "field": field.field, "description": field.description} for field in fields]
    body = {"detail": lines, "status": 422, "title": "Input validation failed", "invalid_fields": items}
    return ReplicateError(422, body)


def throttled(seconds: int) -> ReplicateError:
    body = {"detail": f"Request was throttled. Your rate limit resets in ~{seconds}s.", "status": 429}
    return ReplicateError(429, body, {"Retry-After": str(seconds)})


def broken() -> ReplicateError:
    return problem(500, "Internal server error")
