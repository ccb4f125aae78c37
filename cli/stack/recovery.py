"""Ends what is left of a stack whose supervisor was killed, so that a new one can use its data."""

import contextlib
import signal
from pathlib import Path

import psutil

from cli.stack.folder import StackFolder
from cli.stack.processes import end, is_alive, marked_processes, session_members
from cli.stack.state import read_state

GRACE_SECONDS = 8.0
POSTGRES_GRACE_SECONDS = 60.0


async def end_leftovers(folder: StackFolder, postgres_data: Path) -> list[str]:
    """End every process of the folder's former stack, PostgreSQL last; returns what was found, for people.

    The caller holds the folder's lock, so whatever is found has lost its supervisor.
    """
    found = {process.pid: process for process in marked_processes(folder.key)}
    if state := read_state(folder):
        for recorded in state.services.values():
            for process in session_members(recorded.pid) if recorded.find() else ():
                found[process.pid] = process
    postmaster = _postmaster(postgres_data)
    if postmaster is not None:
        # The backends end with their postmaster, and a signal to one of them would look like a crash.
        backends = {postmaster.pid, *(process.pid for process in postmaster.children(recursive=True))}
        found = {pid: process for pid, process in found.items() if pid not in backends}
    names = [_title(process) for process in [*found.values(), *([postmaster] if postmaster else [])]]
    await end(found.values(), GRACE_SECONDS)
    if postmaster is not None:
        # SIGINT is the fast shutdown: it ends sessions and writes a checkpoint.
        await end([postmaster], POSTGRES_GRACE_SECONDS, signal.SIGINT)
    _forget_dead_postmaster(postgres_data)
    return names


def _forget_dead_postmaster(data: Path) -> None:
    """Remove the pid file of a server that was killed and that its new parent has not yet reaped: PostgreSQL would take
    the dead process for a running one and refuse to start."""
    lock = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        if not is_alive(psutil.Process(int(lock.read_text().splitlines()[0]))):
            lock.unlink()


def _postmaster(data: Path) -> psutil.Process | None:
    """The server that holds the data folder, by its own pid file; checked, since the file may be years old."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
        if is_alive(process) and Path(process.cwd()).samefile(data):
            return process
    return None


def _title(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.name()} (pid {process.pid})"
    return f"pid {process.pid}"
