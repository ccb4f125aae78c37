"""Progress: told as often as something moves, and written down now and then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

WRITE_SECONDS = 1.0

Tell = Callable[[float], None]
"""Called with how far something is, from 0 to 1."""


@asynccontextmanager
async def written_down(write: Callable[[float], Awaitable[None]]) -> AsyncIterator[Tell]:
    """A function to tell of progress. The highest that it was told is given to ``write``, at most once a second; what
    ``write`` raises is not worth more than what is being done."""
    reached = 0.0

    def tell(done: float) -> None:
        nonlocal reached
        reached = max(reached, min(1.0, done))

    async def write_now_and_then() -> None:
        written = 0.0
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            if reached > written:
                written = reached
                await write(written)

    writing = asyncio.create_task(write_now_and_then())
    try:
        yield tell
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)


def part_of(tell: Tell, first: float, last: float) -> Tell:
    """For a part of what is done, after which the whole has gone from ``first`` to ``last``."""
    return lambda done: tell(first + (last - first) * min(1.0, done))
