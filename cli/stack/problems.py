"""What can go wrong with a local stack, told so that the reader knows what to do next."""

import re
from pathlib import Path

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class StackError(Exception):
    """The message is meant for the person at the terminal."""


class PortTaken(StackError):
    """A port that was asked for belongs to somebody else."""


class AlreadyRunning(StackError):
    """The folder's stack is running."""


class Interrupted(StackError):
    """Somebody asked the stack to stop before it was ready."""


class ServiceFailed(StackError):
    """A service died, or was not ready in time."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        self.name = name
        self.reason = reason
        self.log = log
        lines = [f"{name} {reason}."]
        if last := last_lines(log):
            lines += [f"The last lines of {log}:", *(f"    {line}" for line in last)]
        super().__init__("\n".join(lines))


def last_lines(log: Path, count: int = 15) -> list[str]:
    """The end of a log, without reading all of it."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 200 * count))
            return COLOURS.sub("", file.read().decode(errors="replace")).splitlines()[-count:]
    except FileNotFoundError:
        return []
