"""Clients that do not really wait."""

import asyncio

import pytest


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
