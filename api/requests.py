"""What surrounds every request: its id, its log line, its headers, and the last answer when all else fails."""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problems
from domain.errors import ErrorCode

log = structlog.get_logger(__name__)

REQUEST_ID_HEADER = "X-Request-Id"
ACCEPTED_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
SCOPE_KEY = "recast.request_id"
PROBES = frozenset({"/healthz", "/readyz"})


def request_id_of(scope: Scope) -> str:
    request_id: str = scope.get(SCOPE_KEY, "")
    return request_id


class RequestMiddleware:
    """Pure ASGI, so that streams stay streams and context variables reach the routes.

    A client's own X-Request-Id is taken over when it is short and plain. Logs name paths without their query, which
    may hold a signature.
    """

    def __init__(self, app: ASGIApp, *, problems: Problems) -> None:
        self.app = app
        self.problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent_id = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = sent_id if ACCEPTED_REQUEST_ID.fullmatch(sent_id) else uuid.uuid4().hex
        scope[SCOPE_KEY] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
                if scope["path"].startswith("/api/"):
                    # Answers are one person's own and hold links that open without a token.
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        began = time.perf_counter()
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            log.exception("request failed")
            if status:
                raise
            response = self.problems.response(ErrorCode.INTERNAL, path=scope["path"], request_id=request_id)
            await response(scope, receive, send_with_headers)
        finally:
            if scope["path"] not in PROBES or status >= 500:
                log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round((time.perf_counter() - began) * 1000, 1),
                )
