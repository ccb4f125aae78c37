"""``python -m cli.stack.beside_code_server MODULE …``: a Dagster program that starts beside the code server.

Webserver and daemon look for their code once when they start, and the daemon only a minute later again, so they must
not be first; but nearly all of their start is spent on imports. This does the imports, waits for the code server, and
then runs the module's ``main`` with the remaining arguments.
"""

import asyncio
import gc
import importlib
import os
import sys
import time

from cli.stack.checks import grpc_serving

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.1


async def _wait_for_code_server() -> None:
    serving = grpc_serving(os.environ["RECAST_CODE_SERVER_HOST"], int(os.environ["RECAST_CODE_SERVER_PORT"]))
    until = time.monotonic() + PATIENCE_SECONDS
    while not await serving() and time.monotonic() < until:
        await asyncio.sleep(POLL_SECONDS)


def run() -> None:
    # Nothing that is imported is garbage: without the collector this takes a tenth less time.
    gc.disable()
    module = importlib.import_module(sys.argv[1])
    gc.freeze()
    gc.enable()
    asyncio.run(_wait_for_code_server())
    sys.argv = sys.argv[1:]
    module.main()


if __name__ == "__main__":
    run()
