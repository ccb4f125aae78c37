"""What every video provider does: four verbs over an opaque handle, and one normalised status. Trainers and cameras for
still pictures have the same verbs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from domain.errors import ErrorCode, RecastError
from domain.keyframes import Keyframe
from domain.models import ModelProfile, TrainerProfile
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
    """The provider's name for one submitted shot: ``request_id`` alone finds it again, in any process. ``response_id``
    is the id of the answer that told it, for a talk with the provider's support."""

    model_config = ConfigDict(frozen=True)

    provider: str
    request_id: str
    response_id: str | None = None
    details: Mapping[str, JsonValue] = Field(default_factory=dict)


class Take(BaseModel):
    """Where a submitted shot stands. ``progress`` is 0 to 100; ``metadata`` is for people who look into a job.

    ``cost_usd`` is what the provider says it costs, or None when it says nothing and the list price counts.
    ``is_billed`` is whether it costs anything at all: a failure often does not, a cancellation sometimes does.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    status: TakeStatus
    progress: int = Field(default=0, ge=0, le=100)
    error: RecastError | None = None
    cost_usd: Decimal | None = None
    is_billed: bool = True
    expires_at: datetime | None = None
    metadata: Mapping[str, Any] = Field(default_factory=dict)


class Order(BaseModel):
    """One shot, as it is asked for. ``attempt_id`` is our own name for it, and ``webhook_url`` where news of it may be
    sent. After ``deadline_seconds`` nobody waits for it any more, and the provider may give it up."""

    model_config = ConfigDict(frozen=True)

    attempt_id: UUID
    shot: Shot
    webhook_url: str | None = None
    deadline_seconds: float


class KeyframeOrder(BaseModel):
    """One keyframe, as it is asked for; see ``Order``."""

    model_config = ConfigDict(frozen=True)

    attempt_id: UUID
    keyframe: Keyframe
    webhook_url: str | None = None
    deadline_seconds: float


class TrainingOrder(BaseModel):
    """One training. ``attempt_id`` is our own name for it; ``name`` that of the model to be, under the account of the
    provider's key, made when it is not there. Prompts call the character by ``trigger_word``. ``parameters`` are the
    trainer's own."""

    model_config = ConfigDict(frozen=True)

    attempt_id: UUID
    name: str = Field(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$")
    trigger_word: str
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    webhook_url: str | None = None


Confirm = Callable[[], Awaitable[None]]
"""Asked when everything is uploaded, right before the one call that costs money; what it raises keeps the call from
being made. Uploads take their time, and meanwhile somebody else may have taken the order over."""


async def nothing_to_confirm() -> None:
    """For an order that nobody can take over."""


class OutcomeUnknownError(RecastError):
    """The request may have been accepted, and the answer was lost. Never ask again before it is known."""

    def __init__(self, *, cause: str, request_id: str | None = None) -> None:
        super().__init__(ErrorCode.OUTCOME_UNKNOWN, cause=cause, request_id=request_id)


class BusyError(RecastError):
    """The provider asks for patience, or is out of order; nothing was accepted. ``retry_after_seconds`` is its own
    wish, if it has one."""

    def __init__(self, *, cause: str, retry_after_seconds: float | None = None, request_id: str | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(ErrorCode.PROVIDER_BUSY, cause=cause, request_id=request_id)


class Camera(Protocol):
    """One model of one provider. Every verb raises ``RecastError`` for what is the provider's fault.

    ``can_find`` says whether a submitted shot can be looked up without its handle.
    """

    profile: ModelProfile
    can_find: bool

    async def submit(
        self, order: Order, pictures: Mapping[UUID, Sequence[bytes]], confirm: Confirm = nothing_to_confirm
    ) -> Handle:
        """Start filming. ``pictures`` are encoded (PNG, JPEG, WebP), by character id: those of a cast member in their
        order, or for a shot whose likeness is TRAINED its keyframe alone. Asks exactly once.

        Raises ``OutcomeUnknownError`` when it cannot tell whether the provider has accepted, ``BusyError`` when it has
        not and may later, and CONTENT_REJECTED, PROVIDER_QUOTA or PROVIDER_INPUT_INVALID when it will not.
        """
        ...

    async def find(self, order: Order, since: datetime) -> "list[Handle]":
        """The provider's shots since ``since`` that may be this order (same model, same input), oldest first. Raises
        ``BusyError`` when the provider cannot be asked now."""
        ...

    async def poll(self, handle: Handle) -> Take:
        """Where the shot stands. Raises ``BusyError`` when the provider cannot be asked now."""
        ...

    async def cancel(self, handle: Handle) -> None:
        """Ask to stop filming, as far as the provider can; a shot that has ended stays as it is."""
        ...

    async def fetch(self, handle: Handle, destination: Path) -> None:
        """Bring the clip of a take that succeeded to ``destination``; never leaves a partial file there. Raises
        CLIP_LOST when it is gone for good and ``BusyError`` when it may come later."""
        ...


class StillCamera(Protocol):
    """Takes still pictures with trained models. The verbs are those of ``Camera``."""

    can_find: bool

    async def submit(self, order: KeyframeOrder, confirm: Confirm = nothing_to_confirm) -> Handle: ...
    async def find(self, order: KeyframeOrder, since: datetime) -> "list[Handle]": ...
    async def poll(self, handle: Handle) -> Take: ...
    async def cancel(self, handle: Handle) -> None: ...
    async def fetch(self, handle: Handle, destination: Path) -> None: ...


class Trainer(Protocol):
    """One trainer of one provider. The verbs are those of ``Camera``."""

    profile: TrainerProfile
    can_find: bool

    async def submit(
        self, order: TrainingOrder, pictures: Sequence[bytes], confirm: Confirm = nothing_to_confirm
    ) -> Handle:
        """Start training on ``pictures`` (encoded, at least one). Asks exactly once; raises as ``Camera.submit``."""
        ...

    async def find(self, order: TrainingOrder, since: datetime) -> "list[Handle]": ...
    async def poll(self, handle: Handle) -> Take: ...
    async def cancel(self, handle: Handle) -> None: ...

    async def made(self, name: str, take: Take) -> tuple[str, str] | None:
        """The model (``owner/name``) and the version that a training which succeeded has made; None when there is none.
        ``name`` is that of the order."""
        ...

    async def delete(self, model_ref: str, model_version: str) -> None:
        """Delete a trained version and, when it was the last one, its model; what is gone already is no error. Raises
        ``BusyError`` while it is not gone yet, and PROVIDER_INPUT_INVALID where the provider does not allow it."""
        ...
