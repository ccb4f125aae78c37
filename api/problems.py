"""Errors as RFC 9457 problems: one shape, one media type, one taxonomy, whatever went wrong."""

from collections.abc import Mapping, Sequence

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from domain.errors import TAXONOMY, ErrorCode

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5


class ProblemField(BaseModel):
    """One thing that is wrong with the request."""

    location: str = Field(description="Where: body, query, path or header, then the names on the way there.")
    message: str
    code: str = Field(description="What kind of mistake it is, for programs.")


class Problem(BaseModel):
    """Any error of this API (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "http://127.0.0.1:8080/docs/errors#INVALID_LINK",
                    "title": "This is not a link to a YouTube video.",
                    "status": 422,
                    "detail": "This link does not lead to YouTube.",
                    "instance": "/api/v1/youtube/import",
                    "code": "INVALID_LINK",
                    "remedy": TAXONOMY[ErrorCode.INVALID_LINK].remedy,
                    "retryable": False,
                    "request_id": "0f6c1f5f9c7e4b0c8f1d0a8f6f1f3a52",
                }
            ]
        }
    )

    type: str = Field(description="A stable address that explains the code.")
    title: str = Field(description="What the code means in general.")
    status: int
    detail: str = Field(description="What happened this time, in a sentence for people.")
    instance: str = Field(description="The path of the request.")
    code: ErrorCode
    remedy: str = Field(description="What can be done about it.")
    retryable: bool = Field(description="Whether the same request may succeed later without a change.")
    request_id: str = Field(description="Name it when you report the problem.")
    errors: list[ProblemField] | None = Field(default=None, description="What is wrong with the request, one by one.")
    current_version: int | None = Field(
        default=None, description="With `STALE_VERSION`: the version that is there now."
    )


class Problems:
    """Writes problems with addresses under ``public_url``."""

    def __init__(self, public_url: str) -> None:
        self._page = f"{public_url.rstrip('/')}/docs/errors"

    def response(
        self,
        code: ErrorCode,
        *,
        path: str,
        request_id: str,
        detail: str | None = None,
        status: int | None = None,
        errors: Sequence[ProblemField] | None = None,
        current_version: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JSONResponse:
        """``status`` overrides the code's own, for refusals of HTTP itself (405, 413, …) that share one code."""
        meaning = TAXONOMY[code]
        problem = Problem(
            type=f"{self._page}#{code}",
            title=meaning.sentence,
            status=status or meaning.http_status,
            detail=detail or meaning.sentence,
            instance=path,
            code=code,
            remedy=meaning.remedy,
            retryable=meaning.retryable,
            request_id=request_id,
            errors=list(errors) if errors else None,
            current_version=current_version,
        )
        return JSONResponse(
            problem.model_dump(mode="json", exclude_none=True),
            problem.status,
            headers={**_headers(problem.status), **(headers or {})},
            media_type=MEDIA_TYPE,
        )


def fields_of(error: RequestValidationError) -> list[ProblemField]:
    """What is wrong with each field. The values sent are left out: they may be secrets."""
    return [
        ProblemField(
            location=".".join(str(part) for part in mistake["loc"]),
            message=str(mistake["msg"]).removeprefix("Value error, "),
            code=str(mistake["type"]),
        )
        for mistake in error.errors()
    ]


def _headers(status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if status == 503:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {}
