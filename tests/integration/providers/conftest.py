"""Clients that do not really wait, and the sandbox's letterbox for webhooks."""

import asyncio

import pytest

from tests.integration.sandbox.conftest import letterbox

__all__ = ["letterbox"]


class Pauses:
    """Stands for asyncio.sleep: notes how long a client would have waited, and goes on at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()
