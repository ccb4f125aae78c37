"""Programs that run to their end while the stack starts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.stack.folder import StackFolder
from cli.stack.problems import ServiceFailed
from cli.stack.processes import end, session_members, spawn


async def run_once(name: str, command: Sequence[str], env: Mapping[str, str], cwd: Path, folder: StackFolder) -> None:
    """Run the program to its end, with its output in ``logs/<name>.log``; ServiceFailed if it did not end well."""
    log = folder.log(name)
    log.unlink(missing_ok=True)
    process = await spawn(command, env=env, cwd=cwd, log=log, key=folder.key)
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            await end(session_members(process.pid), 1.0)
    if code != 0:
        raise ServiceFailed(name, f"ended with exit code {code}", log)
