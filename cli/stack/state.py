"""What a running stack tells other commands about itself, and what a killed one leaves to its successor."""

import os
import time
from pathlib import Path
from typing import Protocol

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from cli.stack.environment import stack_environment
from cli.stack.folder import StackFolder
from cli.stack.processes import recorded_process
from cli.stack.secrets import read_secrets, write_private


class RecordedProcess(BaseModel):
    """A pid alone may belong to another process by now; with its start it cannot be mistaken."""

    model_config = ConfigDict(frozen=True)

    pid: int
    create_time: float

    @classmethod
    def of_this_process(cls) -> "RecordedProcess":
        return cls(pid=os.getpid(), create_time=psutil.Process().create_time())

    def find(self) -> psutil.Process | None:
        return recorded_process(self.pid, self.create_time)


class LiveStack(Protocol):
    """A stack that runs, in this process or in another."""

    @property
    def key(self) -> str:
        """Marks its processes."""

    @property
    def urls(self) -> dict[str, str]: ...

    def environment(self) -> dict[str, str]:
        """The settings with which the product's code, run here, uses this stack."""


class RunningStack(BaseModel):
    """The content of ``state.json``."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    supervisor: RecordedProcess
    ready: bool
    ports: dict[str, int]
    urls: dict[str, str]
    services: dict[str, RecordedProcess]
    written_at: float

    @property
    def key(self) -> str:
        return StackFolder(self.folder).key

    def environment(self) -> dict[str, str]:
        """The settings with which a command of this machine reaches the stack."""
        folder = StackFolder(self.folder)
        return stack_environment(folder, self.ports, read_secrets(folder.secrets))


def write_state(
    folder: StackFolder,
    *,
    ready: bool,
    ports: dict[str, int],
    urls: dict[str, str],
    services: dict[str, RecordedProcess],
) -> None:
    state = RunningStack(
        folder=folder.root,
        supervisor=RecordedProcess.of_this_process(),
        ready=ready,
        ports=ports,
        urls=urls,
        services=services,
        written_at=time.time(),
    )
    write_private(folder.state, state.model_dump_json(indent=2))


def read_state(folder: StackFolder) -> RunningStack | None:
    """What was last written, whether or not its writer still lives."""
    try:
        return RunningStack.model_validate_json(folder.state.read_text())
    except (FileNotFoundError, ValidationError):
        return None


def read_running_stack(path: Path | str | None = None) -> RunningStack | None:
    """The folder's stack if its supervisor lives, else None; ``ready`` says whether all of it has come up."""
    state = read_state(StackFolder.at(path))
    return state if state and state.supervisor.find() else None
