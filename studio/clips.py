"""Clips as goods: what is bought when a scene is filmed, and what happens to it between the provider and the shelf."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from domain.attempts import Kind
from domain.errors import ErrorCode, RecastError
from domain.mezzanine import Mezzanine
from domain.shots import Shot
from domain.training import LikenessPlan, likeness_of
from resources.cores import Cores
from resources.database import clips
from resources.database.connection import Connection
from resources.media import MediaFacts
from resources.scratch import scratch_folder
from resources.storage import MP4, Storage, mezzanine_object_key, source_object_key
from resources.video.protocol import Camera, Confirm, Handle, Order, Take
from studio.accepting import accept
from studio.mezzanines import make_mezzanine
from studio.progress import Tell, part_of, written_down

log = structlog.get_logger(__name__)

FILMED_SHARE = 0.8
"""Of a scene's progress; the rest is its encoding."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is stored and has passed its checks."""

    clip_key: str
    s3_key: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClipGoods:
    """One shot by one camera, kept as ``mezzanine``. ``pictures`` are those of ``Camera.submit``; ``cores`` bounds how
    many clips are checked and encoded at once; ``on_progress`` hears percentages; ``on_kept`` adds rows to the
    transaction in which the clip becomes the user's; ``fonts`` is a folder of fonts for captions."""

    camera: Camera
    storage: Storage
    user_id: UUID
    shot: Shot
    mezzanine: Mezzanine
    scene_id: UUID | None
    pictures: Mapping[UUID, Sequence[bytes]]
    webhook_url: Callable[[UUID], str | None]
    deadline_seconds: float
    cores: Cores
    on_progress: Callable[[int], Awaitable[None]]
    on_kept: Callable[[Connection, Clip], Awaitable[None]]
    fonts: Path | None = None

    @property
    def kind(self) -> Kind:
        return Kind.CLIP

    @property
    def key(self) -> str:
        return self.shot.clip_key

    @property
    def provider(self) -> str:
        return self.shot.provider

    @property
    def model(self) -> str:
        return self.shot.model

    @property
    def model_version(self) -> str:
        return self.shot.model_version

    @property
    def likeness(self) -> LikenessPlan:
        return likeness_of(self.shot, self.camera.profile)

    @property
    def list_price_usd(self) -> Decimal:
        return self.camera.profile.price.of(self.shot.ordered_seconds)[0]

    @property
    def estimate_usd(self) -> Decimal:
        return self.camera.profile.price.of(self.shot.ordered_seconds)[1]

    @property
    def is_free(self) -> bool:
        return self.estimate_usd == 0

    @property
    def request(self) -> Mapping[str, Any]:
        return self.shot.model_dump(mode="json")

    @property
    def can_find(self) -> bool:
        return self.camera.can_find

    def order(self, attempt_id: UUID) -> Order:
        return Order(
            attempt_id=attempt_id,
            shot=self.shot,
            webhook_url=self.webhook_url(attempt_id),
            deadline_seconds=self.deadline_seconds,
        )

    async def submit(self, attempt_id: UUID, confirm: Confirm) -> Handle:
        return await self.camera.submit(self.order(attempt_id), self.pictures, confirm)

    async def find(self, attempt_id: UUID, since: datetime) -> list[Handle]:
        return await self.camera.find(self.order(attempt_id), since)

    async def poll(self, handle: Handle) -> Take:
        return await self.camera.poll(handle)

    async def cancel(self, handle: Handle) -> None:
        await self.camera.cancel(handle)

    async def report(self, progress: int) -> None:
        await self.on_progress(round(progress * FILMED_SHARE))

    async def receive(self, handle: Handle, take: Take) -> Clip:
        """Fetch, check, encode to what the film shows unless it has come so, and store, the original too."""
        with scratch_folder("scene") as folder:
            source, made = folder / "source.mp4", folder / "clip.mp4"
            await self.camera.fetch(handle, source)
            async with self.cores.place():
                await accept(source, self.shot, has_sound=self.camera.profile.has_sound)
                async with written_down(lambda done: self.on_progress(round(100 * done))) as tell:
                    wanted, clip, facts = await self._encode(source, made, part_of(tell, FILMED_SHARE, 0.99))
            if clip is not source:
                await self.storage.upload(source, source_object_key(self.user_id, self.key), MP4)
            key = mezzanine_object_key(self.user_id, self.key, wanted.key)
            stored = await self.storage.upload(clip, key, MP4)
        metadata = {
            "provider": self.provider,
            "model": self.model,
            "model_version": self.model_version,
            "likeness": self.likeness.model_dump(mode="json", include={"how", "why"}),
            "duration_seconds": facts.duration,
            "frames": facts.frames,
            "size_bytes": stored.size_bytes,
            "s3_version": stored.version,
            "request_id": handle.request_id,
            "response_id": handle.response_id,
            **take.metadata,
        }
        return Clip(self.shot.clip_key, key, metadata)

    async def _encode(self, source: Path, made: Path, tell: Tell) -> tuple[Mezzanine, Path, MediaFacts]:
        """That captions cannot be drawn is no fault of the clip: then it is kept without, and the film's stage says
        what is wrong."""

        def on_progress(seconds: float) -> None:
            tell(seconds / self.mezzanine.seconds)

        try:
            return self.mezzanine, *await make_mezzanine(source, self.mezzanine, made, self.fonts, on_progress)
        except RecastError as error:
            if error.code is not ErrorCode.CLIP_REJECTED or not self.mezzanine.captions:
                raise
            log.warning("a clip is kept without captions", clip_key=self.key, cause=error.cause)
        plain = self.mezzanine.model_copy(update={"captions": None})
        return plain, *await make_mezzanine(source, plain, made, self.fonts, on_progress)

    async def keep(self, connection: Connection, receipt: Clip, cost: Decimal) -> None:
        metadata = {**receipt.metadata, "cost_usd": str(cost)}
        await clips.save_clip(connection, self.user_id, receipt.clip_key, receipt.s3_key, metadata)
        await self.on_kept(connection, receipt)
