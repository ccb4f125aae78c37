"""What every video provider does: four verbs over an opaque handle, and one normalised status."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from domain.errors import RecastError
from domain.shots import Shot


class TakeStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        return self not in (TakeStatus.QUEUED, TakeStatus.RUNNING)


class Handle(BaseModel):
    """The provider's name for one submitted shot. Opaque and JSON-able: it is kept in the ledger and survives its
    process; only the provider that made it reads ``reference``."""

    model_config = ConfigDict(frozen=True)

    provider: str
    reference: Mapping[str, JsonValue]


class Take(BaseModel):
    """Where a submitted shot stands. ``progress`` is 0 to 100; ``metadata`` is for people who look into a job."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    status: TakeStatus
    progress: int = Field(default=0, ge=0, le=100)
    error: RecastError | None = None
    cost_usd: Decimal = Decimal(0)
    metadata: Mapping[str, Any] = Field(default_factory=dict)


class Camera(Protocol):
    """One provider. Every verb raises ``RecastError`` for what is the provider's fault.

    ``name``, ``model`` and ``model_version`` are part of a clip's identity: a new version films anew.
    """

    name: str
    model: str
    model_version: str

    async def submit(self, shot: Shot, portraits: Mapping[UUID, bytes]) -> Handle:
        """Start filming ``shot``. ``portraits`` are encoded pictures (PNG, JPEG, WebP) by character id."""
        ...

    async def poll(self, handle: Handle) -> Take: ...

    async def cancel(self, handle: Handle) -> None:
        """Stop filming; a shot that has ended stays as it is."""
        ...

    async def fetch(self, handle: Handle, destination: Path) -> None:
        """Bring the clip of a take that succeeded to ``destination``; never leaves a partial file there."""
        ...
