"""What a program costs: its CPU, its time and its memory, with all the processes that it starts."""

import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Cost:
    """``peak_rss_mb`` is the highest sum over all its processes; pages that two of them share are counted twice."""

    cpu_s: float
    wall_s: float
    peak_rss_mb: float

    def and_then(self, other: "Cost") -> "Cost":
        return Cost(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s, max(self.peak_rss_mb, other.peak_rss_mb))


def cost_of(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run ``command`` to its end. Raises SystemExit with what it said when it fails."""
    before, began = _children_cpu_seconds(), time.monotonic()
    process = subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    watch = _Watch(process.pid)
    watch.start()
    said, _ = process.communicate()
    watch.stop()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode(errors='replace')}")
    return Cost(
        round(_children_cpu_seconds() - before, 2), round(time.monotonic() - began, 2), round(watch.peak / 2**20, 1)
    )


def _children_cpu_seconds() -> float:
    """Of the children that have ended, and of theirs that they have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Watch(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._over = pid, threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, self._resident())

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _resident(self) -> int:
        total = 0
        with suppress(psutil.NoSuchProcess):
            program = psutil.Process(self._pid)
            total, line = program.memory_info().rss, program.cmdline()
            for child in program.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    # For a moment after the fork a child is its parent over again, and has no page of its own.
                    total += 0 if child.cmdline() == line else child.memory_info().rss
        return total
