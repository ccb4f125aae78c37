"""Answers that do not arrive."""

import asyncio
from contextlib import suppress

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send


async def hold(request: Request, seconds: float) -> Response:
    """Keeps the client waiting until it gives up; a gateway gives up after ``seconds``."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                continue
    return Response(status_code=504)


class BrokenOff(Response):
    """The head of an answer and half of its body; the server closes a connection that was left like this."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
