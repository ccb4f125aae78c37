"""What every route of OpenAI's has: who may come in, and what stands in the head of each answer."""

from uuid import uuid4

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from sandbox.openai.failures import OpenAIFailure, no_key, wrong_key

PREFIX = "/openai/v1"
KEY_PREFIX = "sk-sandbox"


def check_key(request: Request) -> None:
    """Raises OpenAIFailure."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not key:
        raise no_key()
    if not key.startswith(KEY_PREFIX):
        raise wrong_key(key)


def failed(failure: OpenAIFailure) -> Response:
    return JSONResponse(failure.body, status_code=failure.status, headers=answer_headers() | failure.headers)


def answer_headers(request_id: str = "", seconds: float = 0.001) -> dict[str, str]:
    return {
        "x-request-id": request_id or f"req_{uuid4().hex}",
        "openai-organization": "org-sandbox",
        "openai-version": "2020-10-01",
        "openai-processing-ms": str(max(1, round(seconds * 1000))),
    }
