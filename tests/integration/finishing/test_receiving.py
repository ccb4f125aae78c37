"""Receiving: what becomes of a clip that came and cannot be encoded as the film wants it."""

import asyncio
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from domain.errors import ErrorCode, RecastError
from domain.mezzanine import Mezzanine
from resources.settings import Settings
from resources.storage import Storage, mezzanine_object_key
from resources.video.protocol import Camera, Handle, Take, TakeStatus
from resources.video.registry import model_profile
from studio.clips import ClipGoods
from tests.integration.finishing.clips import TINY, Make, a_shot

LOCAL = model_profile("local", None)
HANDLE, TAKE = Handle(provider="p", request_id="1"), Take(status=TakeStatus.SUCCEEDED, progress=100)


def camera_with(clip: Path) -> Camera:
    async def fetch(handle: Handle, destination: Path) -> None:
        shutil.copyfile(clip, destination)

    return cast(Camera, SimpleNamespace(profile=LOCAL, fetch=fetch))


def goods_of(clip: Path, storage: Storage, captions: str | None) -> ClipGoods:
    shot = a_shot(1.0)

    async def ignore(*_: Any) -> None:
        return None

    return ClipGoods(
        camera=camera_with(clip),
        storage=storage,
        user_id=uuid4(),
        shot=shot,
        mezzanine=Mezzanine(clip_key=shot.clip_key, profile=TINY, frames=30, captions=captions),
        scene_id=None,
        pictures={},
        webhook_url=lambda attempt_id: None,
        deadline_seconds=60,
        cores=asyncio.Semaphore(1),
        on_progress=ignore,
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
