"""A limit on the size of request bodies, announced or not; the refusal is a problem like any other."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problems
from api.requests import request_id_of
from domain.errors import ErrorCode

MAX_BODY_BYTES = 1024 * 1024


class BodyLimitMiddleware:
    def __init__(self, app: ASGIApp, *, problems: Problems, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.problems = problems
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > self.max_bytes:
            response = self.problems.response(
                ErrorCode.INVALID_REQUEST,
                path=scope["path"],
                request_id=request_id_of(scope),
                detail=f"The request is larger than {self.max_bytes} bytes.",
                status=413,
            )
            await response(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_within_limit, send)
