"""`recast up` in a process of its own, which a test may kill and start again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from benchmarks.surroundings import FOREIGN
from cli.stack.folder import StackFolder
from cli.stack.ports import free_port
from cli.stack.processes import marked_processes
from cli.stack.state import RunningStack, read_running_stack

START_SECONDS = 120
STOP_SECONDS = 60
PORTS = ("POSTGRES", "S3", "DAGSTER", "CODE_SERVER", "API", "SANDBOX")


class Recast:
    """The stack of the folder ``home``, always on the same ports, with ``settings`` in its environment."""

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self.home = home
        self.folder = StackFolder.at(home)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self._environment = {**kept, **settings, "RECAST_HOME": str(home)}
        taken: set[int] = set()
        for name in PORTS:
            port = free_port(taken)
            taken.add(port)
            self._environment[f"RECAST_PORT_{name}"] = str(port)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> str:
        return self.folder.key

    @property
    def urls(self) -> dict[str, str]:
        return self._running.urls

    def environment(self) -> dict[str, str]:
        return self._running.environment()

    def processes(self) -> list[psutil.Process]:
        return marked_processes(self.key)

    def start(self) -> None:
        log = self.home.parent / "up.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "up"],
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while not ((running := read_running_stack(self.home)) and running.ready):
            assert time.monotonic() < until, log.read_text()[-2000:]
            assert self._process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """All of it, at once, without a word."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def remove(self) -> None:
        self.kill()
        self.folder.remove()

    @property
    def _running(self) -> RunningStack:
        running = read_running_stack(self.home)
        assert running is not None, "the stack does not run"
        return running
