import os
import tempfile
import time
from pathlib import Path

import pytest

from resources.scratch import KEPT_SECONDS, scratch_folder


def test_what_killed_workers_left_is_removed_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder("film") as young:
        pass
    young.mkdir()
    old, foreign = young.with_name(f"{young.name}-old"), tmp_path / "somebody's"
    for folder in (old, foreign):
        folder.mkdir()
        (folder / "film.mp4").touch()
        os.utime(folder, (0, time.time() - KEPT_SECONDS - 1))
    with scratch_folder("film") as present:
        assert {path.name for path in tmp_path.iterdir()} == {young.name, foreign.name, present.name}
    assert not present.exists()
