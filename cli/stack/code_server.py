"""``python -m cli.stack.code_server api grpc …``: Dagster's code server, whose run workers are forked and not spawned.

Dagster starts every run in a new interpreter, and nearly all of the time until its first step is spent on imports. Here
one process imports everything beside the code server, and every run is a fork of it; see
docs/decisions/0013-forked-workers.md.
"""

import multiprocessing
import sys
from multiprocessing.context import BaseContext
from multiprocessing.forkserver import ensure_running

PRELOADED = ["orchestration.preload"]


def run() -> None:
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(PRELOADED)
    get_context = multiprocessing.get_context

    def choose(method: str | None = None) -> BaseContext:
        return forking if method == "spawn" else get_context(method)

    multiprocessing.get_context = choose  # type: ignore[assignment]
    ensure_running()
    from dagster._cli import main

    sys.argv[0] = "dagster"
    main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    run()
