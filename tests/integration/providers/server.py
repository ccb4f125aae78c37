"""A real HTTP server that answers as a test says, also in ways that no framework would."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request. ``path`` has its query; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
Answering = Callable[[Asked], Answer]


@dataclass
class Server:
    url: str
    port: int
    asked: list[Asked] = field(default_factory=list)

    def count(self, method: str, path: str) -> int:
        return sum(asked.method == method and asked.path.partition("?")[0] == path for asked in self.asked)


def reply(status: int = 200, body: Any = b"", headers: Mapping[str, str] | None = None, *, length: int | None = None):
    """JSON, or bytes as they are. ``length`` promises another length than the body has."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    told = {"content-type": kind, "content-length": str(len(content) if length is None else length), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} Told\r\n{head}connection: close\r\n\r\n".encode() + content)
        await writer.drain()

    return answer


async def cut(writer: asyncio.StreamWriter) -> None:
    """The connection ends without a word."""


async def silence(writer: asyncio.StreamWriter) -> None:
    """No answer, until the client has gone."""
    await asyncio.Event().wait()


@asynccontextmanager
async def serving(answering: Answering, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """``answering`` chooses an answer for each request."""
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.current_task())
        try:
            asked = await _read(reader)
            server.asked.append(asked)
            await answering(asked)(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            with suppress(ConnectionError, ssl.SSLError):
                writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    server = Server(f"http{'s' if tls else ''}://127.0.0.1:{port}", port)
    try:
        yield server
    finally:
        listener.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))
