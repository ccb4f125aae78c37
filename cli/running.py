"""The local stack, running in this terminal."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from rich.console import Console

from cli.report import tell_of_urls
from cli.stack.problems import Interrupted
from cli.stack.service import Report
from cli.stack.stack import Stack

Result = TypeVar("Result")


async def run_stack(report: Report, console: Console) -> None:
    """Keep the stack of this folder running until somebody asks it to stop."""
    async with Stack(report=report) as stack:
        console.print("Recast is up.")
        tell_of_urls(console, stack.urls)
        console.print(
            'Try:  recast make https://www.youtube.com/watch?v=demo0000001 --cast "Ada,Bruno"', highlight=False
        )
        console.print("Ctrl-C stops all of it; data stays.")
        await stack.wait()


async def while_up(stack: Stack, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``, unless the stack is asked to stop, or fails, before it is there."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stack.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        stopping.result()
        raise Interrupted("Stopped before the film was made; it goes on when the stack is up again.")
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
