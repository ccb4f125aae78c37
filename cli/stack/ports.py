"""Which port each service listens on."""

import atexit
import itertools
import os
import random
import socket
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import psutil

from cli.stack.problems import PortTaken, StackError

PREFERRED_PORTS = {
    "postgres": 54329,
    "s3": 8333,
    "dagster": 3070,
    "code_server": 4266,
    "api": 8080,
    "sandbox": 8090,
}
HOST = "127.0.0.1"
# Below the range from which the kernel hands out ports to outgoing connections, so that a port that was found free
# is not lost to one of them before the service has bound it; so is each of these ports plus 10,000 (see `seaweed`).
FREE_PORTS = range(20_000, 22_700)
# A stack takes about twenty ports.
BLOCK_SIZE = 50
NEXT_PORTS = 200


@dataclass(frozen=True)
class MovedPort:
    """A preferred port was taken, and the service got another one."""

    service: str
    preferred: int
    chosen: int
    holder: str

    def __str__(self) -> str:
        return f"{self.service}: port {self.preferred} is held by {self.holder}, so {self.chosen} is used"


@dataclass(frozen=True)
class ChosenPorts:
    ports: Mapping[str, int]
    moved: tuple[MovedPort, ...] = ()

    def __getitem__(self, service: str) -> int:
        return self.ports[service]


def choose_ports(
    wanted: Mapping[str, int] | None = None, *, ephemeral: bool = False, environ: Mapping[str, str] = os.environ
) -> ChosenPorts:
    """A free port for every service.

    A port asked for in ``wanted`` or as ``RECAST_PORT_API`` and the like is used or is an error (``PortTaken``); a
    preferred port that is taken is replaced by the next free one. With ``ephemeral`` every other port is a free one.
    """
    asked = {**_asked_by_environment(environ), **(wanted or {})}
    if unknown := asked.keys() - PREFERRED_PORTS:
        raise StackError(
            f"There is no port called {', '.join(sorted(unknown))}; there are {', '.join(PREFERRED_PORTS)}."
        )
    chosen: dict[str, int] = {}
    moved = []
    for service, port in asked.items():
        _require(service, port, chosen)
        chosen[service] = port
    for service, preferred in PREFERRED_PORTS.items():
        if service in chosen:
            continue
        if ephemeral:
            chosen[service] = free_port(set(chosen.values()))
        elif preferred not in chosen.values() and is_free(preferred):
            chosen[service] = preferred
        else:
            port = _next_free(preferred, set(chosen.values()))
            moved.append(MovedPort(service, preferred, port, holder(preferred)))
            chosen[service] = port
    return ChosenPorts(chosen, tuple(moved))


def free_port(besides: Collection[int] = ()) -> int:
    """Any free loopback port that is not in ``besides``.

    It comes from a block that this process has to itself (``PortBlock``), or two stacks that start at once would find
    the same port free before either has bound it.
    """
    for block in itertools.chain(_blocks, _new_blocks()):
        for port in random.sample(block.ports, len(block.ports)):
            if port not in besides and is_free(port):
                return port
    raise StackError(f"No free port was found between {FREE_PORTS.start} and {FREE_PORTS.stop}.")


@dataclass(frozen=True)
class PortBlock:
    """Neighbouring ports, held by binding the port before them for as long as the process lives."""

    ports: range
    claim: socket.socket


_blocks: list[PortBlock] = []


def _new_blocks() -> Iterator[PortBlock]:
    starts = FREE_PORTS[::BLOCK_SIZE]
    for start in random.sample(starts, len(starts)):
        claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            claim.bind((HOST, start))
        except OSError:
            claim.close()
            continue
        atexit.register(claim.close)
        block = PortBlock(range(start + 1, start + BLOCK_SIZE), claim)
        _blocks.append(block)
        yield block


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def holder(port: int) -> str:
    """The process that listens on the port, as far as this user may see it."""
    try:
        listeners = [
            c
            for c in psutil.net_connections("tcp")
            if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port
        ]
        for listener in listeners:
            if listener.pid:
                process = psutil.Process(listener.pid)
                return f"{process.name()} (pid {listener.pid}: {' '.join(process.cmdline())[:120]})"
    except (psutil.Error, OSError):
        pass
    return "another user's process"


def _asked_by_environment(environ: Mapping[str, str]) -> dict[str, int]:
    asked = {}
    for service in PREFERRED_PORTS:
        name = f"RECAST_PORT_{service.upper()}"
        if text := environ.get(name):
            if not text.isdecimal():
                raise StackError(f"{name} is {text!r}, which is not a port.")
            asked[service] = int(text)
    return asked


def _require(service: str, port: int, chosen: Mapping[str, int]) -> None:
    setting = f"RECAST_PORT_{service.upper()}"
    if not 0 < port < 65536:
        raise StackError(f"{setting} is {port}; a port lies between 1 and 65535.")
    if port in chosen.values():
        raise StackError(f"Port {port} was asked for twice; choose another for {service} ({setting}).")
    if not is_free(port):
        raise PortTaken(
            f"Port {port}, asked for {service}, is held by {holder(port)}. "
            f"Stop that process, set {setting} to another port, or leave it out to get a free one."
        )


def _next_free(preferred: int, besides: set[int]) -> int:
    for port in range(preferred + 1, min(preferred + NEXT_PORTS, 65536)):
        # a neighbour's preferred port is left to the neighbour
        if port not in besides and port not in PREFERRED_PORTS.values() and is_free(port):
            return port
    return free_port(besides)
