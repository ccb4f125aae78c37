"""Errands that follow a request: after its transaction is committed, and before its answer, if that takes not long."""

import asyncio
from collections.abc import Coroutine
from typing import Any

PATIENCE_SECONDS = 3.0
CLOSING_SECONDS = 4.0


class Errands:
    """One that takes longer than ``patience`` seconds goes on while its request is answered.

    Cutting it off would leave something half done that nobody has heard of. What is under way when the process ends is
    waited for a little.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task}, timeout=self._patience)

    async def close(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSING_SECONDS)
