"""A folder of this user's own among the machine's temporary ones: what all of its processes share, and nobody else."""

import atexit
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

PRIVATE = 0o700


def own_folder(what: str) -> Path:
    """The folder for ``what``; nobody but this user can write there.

    The name in the temporary folder is one that others can take before us. Nothing in such a folder is believed: this
    process then has one of its own, until it ends.
    """
    folder = Path(tempfile.gettempdir()) / f"recast-{what}-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE)
    if not _is_ours(folder):
        log.warning("a folder is somebody else's", folder=str(folder))
        return _folder_of_this_process(what)
    folder.chmod(PRIVATE)
    return folder


def _is_ours(folder: Path) -> bool:
    """A link is not, wherever it leads."""
    found = folder.lstat()
    is_open_to_others = bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not is_open_to_others


@cache
def _folder_of_this_process(what: str) -> Path:
    folder = tempfile.mkdtemp(prefix=f"recast-{what}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
