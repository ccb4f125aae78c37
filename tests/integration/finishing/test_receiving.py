"""Receiving: what becomes of a clip that came and cannot be encoded as the film wants it."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from domain.errors import ErrorCode, RecastError
from domain.mezzanine import Mezzanine
from resources.cores import Cores
from resources.settings import Settings
from resources.storage import Storage, mezzanine_object_key
from resources.video.protocol import Camera, Handle, Take, TakeStatus
from resources.video.registry import model_profile
from studio import progress
from studio.clips import ClipGoods
from tests.integration.finishing.clips import TINY, Make, a_shot, render

LOCAL = model_profile("local", None)
HANDLE, TAKE = Handle(provider="p", request_id="1"), Take(status=TakeStatus.SUCCEEDED, progress=100)


def camera_with(clip: Path) -> Camera:
    async def fetch(handle: Handle, destination: Path) -> None:
        shutil.copyfile(clip, destination)

    return cast(Camera, SimpleNamespace(profile=LOCAL, fetch=fetch))


async def ignore(*_: Any) -> None:
    return None


def goods_of(
    clip: Path,
    storage: Storage,
    captions: str | None,
    seconds: float = 1.0,
    on_progress: Callable[[int], Awaitable[None]] = ignore,
) -> ClipGoods:
    shot = a_shot(seconds)

    return ClipGoods(
        camera=camera_with(clip),
        storage=storage,
        user_id=uuid4(),
        shot=shot,
        mezzanine=Mezzanine(clip_key=shot.clip_key, profile=TINY, frames=round(30 * seconds), captions=captions),
        scene_id=None,
        pictures={},
        webhook_url=lambda attempt_id: None,
        deadline_seconds=60,
        cores=Cores(),
        on_progress=on_progress,
        on_kept=ignore,
    )


async def test_a_good_clip_whose_captions_cannot_be_drawn_is_kept_without(make: Make, settings: Settings) -> None:
    """It was paid for, and nothing is wrong with it."""
    storage = Storage(settings)
    goods = goods_of(make(30), storage, captions="no script of captions")
    received = await goods.receive(HANDLE, TAKE)
    plain = goods.mezzanine.model_copy(update={"captions": None})
    assert received.s3_key == mezzanine_object_key(goods.user_id, goods.key, plain.key)
    assert await storage.head(received.s3_key)


async def test_a_clip_that_is_no_clip_is_rejected(settings: Settings, tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("la la la")
    with pytest.raises(RecastError) as raised:
        await goods_of(text, Storage(settings), captions=None).receive(HANDLE, TAKE)
    assert raised.value.code is ErrorCode.CLIP_REJECTED


async def test_a_scene_goes_on_while_its_clip_is_encoded(
    make: Make, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "WRITE_SECONDS", 0.02)
    told: list[int] = []

    async def hear(percent: int) -> None:
        told.append(percent)

    inputs = ("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=24:d=16", "-f", "lavfi", "-i", "sine=440:duration=16")
    large = render(tmp_path / "large.mp4", *inputs, "-c:v", "libx264", "-preset", "ultrafast")
    goods = goods_of(large, Storage(settings), None, 16.0, hear)
    await goods.report(50)
    await goods.receive(HANDLE, TAKE)
    assert told == sorted(told)
    assert told[0] == 40
    assert len({percent for percent in told if 80 < percent < 99}) >= 2
