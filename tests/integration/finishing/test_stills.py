"""Stills of clips, and what is said where there are none."""

from pathlib import Path

import pytest

from domain.errors import ErrorCode, RecastError
from resources.stills import still
from tests.integration.finishing.clips import TINY, Make


def test_a_still_is_a_picture_of_its_clip(make: Make) -> None:
    assert still(make(45), 1.2, scene=1).size == (TINY.width, TINY.height)


def test_a_clip_that_no_still_can_be_taken_of_is_named_by_its_scene(make: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(make(45).read_bytes()[:1500])
    with pytest.raises(RecastError, match="scene 7") as raised:
        still(broken, 1.0, scene=7)
    assert raised.value.code is ErrorCode.STITCH_FAILED
