"""The headers that Replicate's edge puts on every answer."""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class EdgeHeaders:
    """``CF-Ray`` is the id to name to Replicate's support; ``ratelimit-…`` tell what is left of the rate limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["CF-Ray"] = f"{secrets.token_hex(8)}-SBX"
                headers["replicate-edge-cluster"] = "sandbox"
                remaining = scope.get("state", {}).get("remaining")
                if remaining is not None:
                    headers["ratelimit-remaining"] = str(remaining)
                    headers["ratelimit-reset"] = "1"
            await send(message)

        await self._app(scope, receive, send_with_headers)
