"""Which problem an exception becomes."""

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.problems import Problems, fields_of
from api.requests import request_id_of
from domain.errors import ErrorCode, RecastError, StaleVersionError

log = structlog.get_logger(__name__)

CODE_OF_STATUS = {
    401: ErrorCode.UNAUTHENTICATED,
    404: ErrorCode.NOT_FOUND,
    413: ErrorCode.TOO_LARGE,
    429: ErrorCode.RATE_LIMITED,
}
DETAIL_OF_STATUS = {
    404: "There is no such address.",
    405: "This address does not take that method.",
    413: "The request is larger than this server accepts.",
}


def answer_errors_as_problems(app: FastAPI, problems: Problems) -> None:
    """Register a handler for everything that can go wrong in a route; what is left is a 500 of the middleware."""

    def recast_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, RecastError)
        write = log.warning if error.meaning.http_status >= 500 else log.info
        write("request refused", error_code=error.code.value, cause=error.cause, outside_request_id=error.request_id)
        return problems.response(
            error.code,
            path=request.url.path,
            request_id=request_id_of(request.scope),
            detail=error.detail,
            current_version=error.current_version if isinstance(error, StaleVersionError) else None,
        )

    def invalid_request(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fields = fields_of(error)
        return problems.response(
            ErrorCode.INVALID_REQUEST,
            path=request.url.path,
            request_id=request_id_of(request.scope),
            detail="; ".join(dict.fromkeys(f"{field.location}: {field.message}" for field in fields)),
            errors=fields,
        )

    def http_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        fallback = ErrorCode.INTERNAL if error.status_code >= 500 else ErrorCode.INVALID_REQUEST
        return problems.response(
            CODE_OF_STATUS.get(error.status_code, fallback),
            path=request.url.path,
            request_id=request_id_of(request.scope),
            detail=DETAIL_OF_STATUS.get(error.status_code, error.detail),
            status=error.status_code,
            headers=error.headers,
        )

    def refused_row(request: Request, error: Exception) -> Response:
        return recast_error(request, RecastError(ErrorCode.CONFLICT, cause=f"{type(error).__name__}: {error}"))

    def unstorable_value(request: Request, error: Exception) -> Response:
        sentence = "A text has characters in it that cannot be stored."
        cause = f"{type(error).__name__}: {error}"
        return recast_error(request, RecastError(ErrorCode.INVALID_REQUEST, sentence, cause=cause))

    app.add_exception_handler(RecastError, recast_error)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_refusal)
    app.add_exception_handler(psycopg.IntegrityError, refused_row)
    app.add_exception_handler(psycopg.DataError, unstorable_value)
