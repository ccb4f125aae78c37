"""What the supervisor is told about: services that keep running, and tasks that run once between them."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Account:
    """The system user a service runs as, where that is not the user who started the stack."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Service:
    """One long-running process.

    ``ready`` returns whether the service does its work; it is asked again and again until ``deadline_seconds``.
    ``prepare`` runs before every start. To stop, ``stop_signal`` goes to the process, then SIGKILL to what is left of
    its session after ``stop_grace_seconds``.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    depends_on: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    """Services that it may start beside, but stops before."""
    prepare: Callable[[], Awaitable[None]] | None = None
    deadline_seconds: float = 90.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_seconds: float = 10.0
    account: Account | None = None
    has_workers: bool = False
    """Whether what it starts does work of its own: left alone when it crashes, and told to stop when it is."""


@dataclass(frozen=True)
class Task:
    """Something to be done once, after some steps and before others."""

    name: str
    action: Callable[[], Awaitable[None]]
    depends_on: tuple[str, ...] = ()
    deadline_seconds: float = 120.0


Step = Service | Task


@dataclass(frozen=True)
class Progress:
    """One line of news for whoever started the stack; ``seconds`` counts from the step's own start."""

    step: str
    event: Literal["starting", "ready", "failed", "restarting", "stopping", "stopped", "note"]
    seconds: float = 0.0
    text: str = ""


Report = Callable[[Progress], None]


def say_nothing(_progress: Progress) -> None:
    """The report of those who do not listen."""
