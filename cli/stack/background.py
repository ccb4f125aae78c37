"""A stack for code that is not asynchronous: its event loop runs in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cli.stack.stack import Stack


@contextmanager
def running_stack(*arguments: Any, **options: Any) -> Iterator[Stack]:
    """``Stack(…)``, ready inside the ``with`` and stopped after it."""
    loop = asyncio.new_event_loop()
    # Children end with the thread that started them, so this one lives as long as the block.
    thread = threading.Thread(target=loop.run_forever, name="local-stack", daemon=True)
    thread.start()

    async def begin() -> Stack:
        stack = Stack(*arguments, **options)
        await stack.start()
        return stack

    try:
        stack = asyncio.run_coroutine_threadsafe(begin(), loop).result()
        try:
            yield stack
        finally:
            asyncio.run_coroutine_threadsafe(stack.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
