"""Keyframes as goods: the still pictures with which a character's trained model helps a video model to its likeness."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.attempts import Kind
from domain.keyframes import Keyframe, keyframe_of
from domain.models import TrainerProfile
from domain.training import Likeness
from resources.database import clips
from resources.database.connection import Connection
from resources.database.records import Clip as Owned
from resources.scratch import scratch_folder
from resources.storage import PNG, Storage, keyframe_object_key
from resources.video.cameras import Cameras
from resources.video.protocol import Confirm, Handle, KeyframeOrder, StillCamera, Take
from studio.clips import ClipGoods
from studio.purchasing import Till, buy


class KeyframeRequest(BaseModel):
    """A keyframe as the ledger keeps it. It is stored beside the clip ``clip_key``, the first that it was made for."""

    model_config = ConfigDict(frozen=True)

    keyframe: Keyframe
    clip_key: str


@dataclass(frozen=True, slots=True)
class StoredKeyframe:
    s3_key: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeyframeGoods:
    """One keyframe by one trained model; ``profile`` is its trainer, whose price it has."""

    camera: StillCamera
    profile: TrainerProfile
    storage: Storage
    user_id: UUID
    order: KeyframeRequest
    scene_id: UUID | None
    webhook_url: Callable[[UUID], str | None]
    deadline_seconds: float

    @property
    def kind(self) -> Kind:
        return Kind.KEYFRAME

    @property
    def key(self) -> str:
        return self.order.keyframe.key

    @property
    def provider(self) -> str:
        return self.profile.provider

    @property
    def model(self) -> str:
        return self.order.keyframe.model_ref

    @property
    def model_version(self) -> str:
        return self.order.keyframe.model_version

    @property
    def list_price_usd(self) -> Decimal:
        return self.profile.picture_price.of(0)[0]

    @property
    def estimate_usd(self) -> Decimal:
        return self.profile.picture_price.of(0)[1]

    @property
    def is_free(self) -> bool:
        return self.estimate_usd == 0

    @property
    def request(self) -> Mapping[str, Any]:
        return self.order.model_dump(mode="json")

    @property
    def can_find(self) -> bool:
        return self.camera.can_find

    async def submit(self, attempt_id: UUID, confirm: Confirm) -> Handle:
        return await self.camera.submit(self._order(attempt_id), confirm)

    async def find(self, attempt_id: UUID, since: datetime) -> list[Handle]:
        return await self.camera.find(self._order(attempt_id), since)

    async def poll(self, handle: Handle) -> Take:
        return await self.camera.poll(handle)

    async def cancel(self, handle: Handle) -> None:
        await self.camera.cancel(handle)

    async def report(self, progress: int) -> None:
        """It takes seconds: the scene's progress is that of its clip."""

    async def receive(self, handle: Handle, take: Take) -> StoredKeyframe:
        # With Pillow behind it: every run would pay for the import before its first stage.
        from resources.video.pictures import as_keyframe

        with scratch_folder("keyframe") as folder:
            made = folder / "keyframe"
            await self.camera.fetch(handle, made)
            picture = await asyncio.to_thread(lambda: as_keyframe(made.read_bytes()))
        key = keyframe_object_key(self.user_id, self.order.clip_key)
        stored = await self.storage.put_bytes(key, picture.content, PNG)
        return StoredKeyframe(
            key,
            {
                "provider": self.provider,
                "model": self.model,
                "model_version": self.model_version,
                "size_bytes": stored.size_bytes,
                "s3_version": stored.version,
                "request_id": handle.request_id,
                "response_id": handle.response_id,
                **take.metadata,
            },
        )

    async def keep(self, connection: Connection, receipt: StoredKeyframe, cost: Decimal) -> None:
        metadata = {**receipt.metadata, "cost_usd": str(cost)}
        await clips.save_clip(connection, self.user_id, self.key, receipt.s3_key, metadata, kind="image")

    def _order(self, attempt_id: UUID) -> KeyframeOrder:
        return KeyframeOrder(
            attempt_id=attempt_id,
            keyframe=self.order.keyframe,
            webhook_url=self.webhook_url(attempt_id),
            deadline_seconds=self.deadline_seconds,
        )


async def with_keyframe(till: Till, cameras: Cameras, goods: ClipGoods) -> tuple[ClipGoods, Decimal]:
    """A clip as it can be bought, and what its keyframe has cost: unless the clip is the user's already, a shot that is
    to be filmed by a character's trained model gets its keyframe in the place of the character's pictures.

    Raises ``PurchaseFailed`` as ``buy`` does, and PROVIDER_NOT_CONFIGURED.
    """
    if goods.likeness.how is not Likeness.TRAINED:
        return goods, Decimal(0)
    (shown,) = goods.shot.shown
    if await _stored(till, goods.storage, goods.key):
        return replace(goods, pictures={}), Decimal(0)
    profile = cameras.training
    wanted = KeyframeGoods(
        camera=cameras.still_camera(),
        profile=profile,
        storage=goods.storage,
        user_id=till.user_id,
        order=KeyframeRequest(keyframe=keyframe_of(goods.shot), clip_key=goods.key),
        scene_id=goods.scene_id,
        webhook_url=lambda attempt_id: cameras.webhook_url(profile.provider, attempt_id),
        deadline_seconds=goods.deadline_seconds,
    )
    cost = Decimal(0)
    async with till.at_key(wanted.key):
        owned = await _stored(till, goods.storage, wanted.key)
        if owned is None:
            bought = await buy(till, wanted)
            s3_key, cost = bought.receipt.s3_key, bought.cost_usd
        else:
            s3_key = owned.s3_key
    keyframe = await goods.storage.get_bytes(s3_key)
    return replace(goods, pictures={shown.character_id: (keyframe,)}), cost


async def _stored(till: Till, storage: Storage, key: str) -> Owned | None:
    """What the user owns under ``key``, if S3 still has it."""
    owned = await clips.find_clip(till.connection, till.user_id, key)
    return owned if owned and await storage.head(owned.s3_key) else None
