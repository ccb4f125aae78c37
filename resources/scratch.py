"""Scratch folders: what a stage needs on disk while it works, and what killed workers have left of it."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "recast-scratch-"
KEPT_SECONDS = 24 * 3600.0
"""Several times as long as a run may take."""


@contextmanager
def scratch_folder(what: str) -> Iterator[Path]:
    """A new folder in the system's temporary folder, gone with all that is in it at the end. What workers that were
    killed have left there is removed after a day, and so is what a thread still wrote when its caller had given up."""
    forget_old(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{what}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def forget_old(place: Path) -> None:
    for folder in place.glob(f"{PREFIX}*/"):
        with suppress(FileNotFoundError):  # another process clears the same place
            found = folder.stat()
            if found.st_uid == os.getuid() and time.time() - found.st_mtime > KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
