"""Starting, finding and ending the processes of a stack."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil

from cli.stack.service import Account

# Every process of a stack, and all that those processes start, carries this variable with the folder's key.
MARK = "RECAST_STACK"
PR_SET_PDEATHSIG = 1
# A terminal or a shell's `&` may leave these ignored or blocked, and an ignored signal is inherited.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
POLL_SECONDS = 0.05


async def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    key: str,
    stop_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
) -> asyncio.subprocess.Process:
    """Start a program in a session of its own, marked with ``key``, with its output appended to ``log``."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env={**env, MARK: key},
            start_new_session=True,
            preexec_fn=_fresh_start(stop_signal),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def _fresh_start(death_signal: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec: default signals, and on Linux an end when the supervisor ends."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    supervisor = os.getpid()

    def run() -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != supervisor:
                os._exit(1)  # the supervisor died before the wish was registered

    return run


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def recorded_process(pid: int, create_time: float) -> psutil.Process | None:
    """The process that had this pid then, unless it is gone and its number given to another."""
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - create_time) < 1 and is_alive(process) else None
    except psutil.NoSuchProcess:
        return None


def marked_processes(key: str) -> list[psutil.Process]:
    """Every live process that carries the stack's mark, but neither this one nor those it was started by."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in own and process.environ().get(MARK) == key and is_alive(process):
                found.append(process)
    return found


def run_workers(key: str) -> list[psutil.Process]:
    """The processes of a stack that execute runs: what the code server's fork server has forked."""
    found = []
    for process in marked_processes(key):
        with contextlib.suppress(psutil.Error):
            if _is_fork_server(process) and (parent := process.parent()) and _is_fork_server(parent):
                found.append(process)
    return found


def _is_fork_server(process: psutil.Process) -> bool:
    """A fork has the command of what it was forked from."""
    return any("multiprocessing.forkserver" in argument for argument in process.cmdline())


def session_members(session: int) -> list[psutil.Process]:
    """Every live process of a session, whether or not its leader still lives."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == session and is_alive(process):
                found.append(process)
    return found


async def end(
    processes: Iterable[psutil.Process], grace_seconds: float, stop_signal: signal.Signals = signal.SIGTERM
) -> None:
    """Ask the processes to stop, wait, and kill those that did not."""
    living = [process for process in processes if is_alive(process)]
    send(living, stop_signal)
    if living := await _those_left(living, grace_seconds):
        send(living, signal.SIGKILL)
        await _those_left(living, 5.0)


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to those that still live, and wake them to take it."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)


async def _those_left(processes: list[psutil.Process], patience_seconds: float) -> list[psutil.Process]:
    until = time.monotonic() + patience_seconds
    while processes and time.monotonic() < until:
        await asyncio.sleep(POLL_SECONDS)
        processes = [process for process in processes if is_alive(process)]
    return processes
