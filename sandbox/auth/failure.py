"""GoTrue's errors, in both of its shapes."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

API_VERSION_HEADER = "X-Supabase-Api-Version"
FIRST_VERSION_WITH_STRING_CODES = "2024-01-01"


class AuthError(Exception):
    """One refusal. ``extra`` stands beside the code, such as the reasons of a weak password."""

    def __init__(self, status: int, error_code: str, message: str, extra: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.message = message
        self.extra = extra or {}


def answer_failure(request: Request, failure: Exception) -> JSONResponse:
    """``{code, error_code, msg}``, or ``{code, message}`` for clients that name API version 2024-01-01 or later."""
    if not isinstance(failure, AuthError):
        failure = AuthError(400, "validation_failed", "Could not parse request body as JSON")
    body: dict[str, Any]
    if request.headers.get(API_VERSION_HEADER, "") >= FIRST_VERSION_WITH_STRING_CODES:
        body = {"code": failure.error_code, "message": failure.message}
    else:
        body = {"code": failure.status, "error_code": failure.error_code, "msg": failure.message}
    headers = {"X-Sb-Error-Code": failure.error_code}
    return JSONResponse(body | failure.extra, status_code=failure.status, headers=headers)


HANDLED = (AuthError, RequestValidationError)
