"""A limit on the size of request bodies, announced or not; the refusal is a problem like any other."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problems
from api.requests import request_id_of
from domain.errors import ErrorCode

MAX_BODY_BYTES = 1024 * 1024


class BodyLimitMiddleware:
    """``larger`` names the operations that take more than ``max_bytes``: bytes by method and path."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        problems: Problems,
        max_bytes: int = MAX_BODY_BYTES,
        larger: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self.app = app
        self.problems = problems
        self.max_bytes = max_bytes
        self.larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        max_bytes = self.larger.get((scope["method"], scope["path"]), self.max_bytes)
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > max_bytes:
            response = self.problems.response(
                ErrorCode.TOO_LARGE,
                path=scope["path"],
                request_id=request_id_of(scope),
                detail=f"The request is larger than {max_bytes} bytes.",
            )
            await response(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_within_limit, send)
