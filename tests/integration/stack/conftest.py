"""Stacks in folders of their own, whose paths have a space, on ports of their own."""

import contextlib
import ipaddress
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.stack.folder import CHECKOUT, StackFolder
from cli.stack.processes import is_alive, marked_processes
from cli.stack.state import RunningStack, read_running_stack

UP = Path(__file__).with_name("up.py")
PATIENCE_SECONDS = 90.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder for one stack; whatever still runs of it afterwards is killed."""
    path = tmp_path / "a stack"
    yield path
    place = StackFolder.at(path)
    for process in marked_processes(place.key):
        process.kill()
    place.remove()


class Up:
    """``recast up`` in a process of its own, which a test may end as it likes."""

    def __init__(self, folder: Path, *steps: str) -> None:
        self.folder = folder
        self.output = folder.with_suffix(".out")
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(UP), str(folder), *steps], stdout=output, stderr=output, cwd=CHECKOUT
            )

    def until_ready(self) -> RunningStack:
        def ready() -> bool:
            assert self.process.poll() is None, self.output.read_text()
            running = read_running_stack(self.folder)
            return running is not None and running.ready

        eventually(ready)
        running = read_running_stack(self.folder)
        assert running is not None
        return running

    def send(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def up(folder: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def begin(*steps: str) -> Up:
        started.append(Up(folder, *steps))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def eventually(question: Callable[[], object], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Ask until the answer is yes."""
    until = time.monotonic() + patience_seconds
    while not question():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.05)


def family(running: RunningStack) -> list[psutil.Process]:
    """Every process of a stack, however far down."""
    children = [process for one in running.services.values() if (process := one.find())]
    found = {process.pid: process for child in children for process in [child, *child.children(recursive=True)]}
    for process in marked_processes(StackFolder(running.folder).key):
        found[process.pid] = process
    return list(found.values())


def survivors(processes: list[psutil.Process]) -> list[str]:
    names = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if is_alive(process):
                names.append(f"{process.pid} {' '.join(process.cmdline())}")
    return names


def listens_on_loopback_alone(processes: list[psutil.Process]) -> bool:
    addresses = {
        ipaddress.ip_address(connection.laddr.ip)
        for process in processes
        for connection in _connections(process)
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }
    # gRPC listens on IPv6 sockets and writes 127.0.0.1 as ::ffff:127.0.0.1.
    plain = {getattr(address, "ipv4_mapped", None) or address for address in addresses}
    return bool(plain) and all(address.is_loopback for address in plain)


def _connections(process: psutil.Process) -> list[Any]:
    """None of a process that has just ended, as workers do at any time."""
    try:
        return process.net_connections("tcp")
    except (psutil.NoSuchProcess, FileNotFoundError):
        return []


@contextlib.contextmanager
def held_port() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]
