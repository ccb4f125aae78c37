"""What is told of a storage that does not do as it is asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings
from resources.storage import Storage


async def test_a_storage_that_takes_nothing_is_told_apart_from_a_fault_of_ours(
    s3: dict[str, str], settings_for: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    storage = Storage(settings_for(s3_bucket=s3["RECAST_S3_BUCKET"], s3_secret_access_key="not the key"))
    (tmp_path / "film.mp4").write_bytes(b"film")
    with pytest.raises(RecastError) as raised:
        await storage.upload(tmp_path / "film.mp4", "film.mp4", "video/mp4")
    assert raised.value.code is ErrorCode.STORAGE_UNAVAILABLE
