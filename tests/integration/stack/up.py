"""``up.py FOLDER [STEP …]``: a stack on free ports, until a signal."""

import asyncio
import sys

from cli.stack.problems import StackError
from cli.stack.service import Progress
from cli.stack.stack import Stack


def tell(progress: Progress) -> None:
    print(f"{progress.step} {progress.event} {progress.seconds:.2f} {progress.text}", flush=True)


async def main() -> None:
    folder, *steps = sys.argv[1:]
    async with Stack(folder, ephemeral=True, only=steps or None, report=tell) as stack:
        await stack.wait()


try:
    asyncio.run(main())
except StackError as error:
    sys.exit(str(error))
