"""Concurrency: things done at once, of which the first failure stops the rest."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from domain.errors import ErrorCode, RecastError
from studio.work import Work

CANCEL_CHECK_SECONDS = 1.0

Result = TypeVar("Result")


async def all_of(*coroutines: Coroutine[Any, Any, Result]) -> list[Result]:
    """The results, in order. Raises the first failure, once the others have been stopped: nothing is left at work on
    files that the caller is about to remove."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def until_canceled(
    work: Work, coroutine: Coroutine[Any, Any, Result], *, on_cancel: Callable[[], None] = lambda: None
) -> Result:
    """The result of ``coroutine``. As soon as the user asks for that, calls ``on_cancel``, stops it, and raises
    JOB_CANCELED."""
    doing = asyncio.ensure_future(coroutine)

    async def watch() -> None:
        while not (await asyncio.wait({doing}, timeout=CANCEL_CHECK_SECONDS))[0]:
            if await work.is_canceled():
                on_cancel()
                raise RecastError(ErrorCode.JOB_CANCELED)

    async def waited() -> None:
        await doing

    await all_of(waited(), watch())
    return doing.result()


async def uninterrupted(doing: asyncio.Future[Any]) -> bool:
    """Wait until ``doing`` has ended, however often the caller is canceled meanwhile; says whether it was. Whoever is
    told so has to raise CancelledError in the end."""
    is_canceled = False
    while not doing.done():
        try:
            await asyncio.wait({doing})
        except asyncio.CancelledError:
            is_canceled = True
    return is_canceled
