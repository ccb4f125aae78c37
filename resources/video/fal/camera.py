"""Filming with Pika, through fal.ai's queue, which is its official route.

Not the package ``fal_client``: it sends a submit again, up to ten times, when the answer is lost.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue, ValidationError

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.outbound import Outbound
from resources.settings import Settings
from resources.video.asking import GONE, Answer, Asking, Sleep, failure, patiently, refusal
from resources.video.inputs import model_input
from resources.video.pictures import pictures_for
from resources.video.protocol import (
    BusyError,
    Camera,
    Confirm,
    Handle,
    Order,
    OutcomeUnknownError,
    Take,
    TakeStatus,
    nothing_to_confirm,
)

SERVICE = "fal.ai"
OUTPUT_HOSTS = ("fal.media",)
REQUEST_ID = re.compile(r"[\w-]+")
NO_BALANCE = re.compile(r"balance|locked|credit", re.IGNORECASE)
"""fal answers 403 for a wrong key and for an empty account alike."""
TIMED_OUT = frozenset({"request_timeout", "startup_timeout"})
CANCELED = "client_cancelled"
BROKEN = re.compile(rf"runner_\w+|internal_error|client_disconnected|{CANCELED}")
"""What goes wrong around a model (https://docs.fal.ai/model-apis/request-errors); other types are the model's own."""


class Queued(BaseModel):
    request_id: str = Field(min_length=1)


class Metrics(BaseModel):
    inference_time: float | None = None


class Standing(BaseModel):
    """``error`` and ``error_type`` may come with COMPLETED."""

    status: str
    queue_position: int | None = None
    error: JsonValue = None
    error_type: str | None = None
    metrics: Metrics | None = None


class FalCamera:
    """One model behind fal's queue. What was submitted cannot be listed, so an order whose answer was lost is found
    again by its webhook or not at all."""

    can_find = False

    def __init__(self, profile: ModelProfile, asking: Asking, outbound: Outbound) -> None:
        self.profile = profile
        self._asking = asking
        self._outbound = outbound

    async def submit(
        self, order: Order, pictures: Mapping[UUID, Sequence[bytes]], confirm: Confirm = nothing_to_confirm
    ) -> Handle:
        shown = await asyncio.to_thread(pictures_for, order.shot, self.profile, pictures)
        webhook = self._asking.callable_webhook(order.webhook_url)
        told = model_input(order.shot, self.profile, [picture.data_url for picture in shown])
        await confirm()
        answer = await self._asking.once(
            "POST",
            f"/{self.profile.model}",
            params={"fal_webhook": webhook} if webhook else {},
            json=told,
            # What has not begun by then is not begun at all.
            headers={"X-Fal-Request-Timeout": str(round(order.deadline_seconds))},
        )
        if not answer.is_success:
            raise _refusal(answer)
        try:
            queued = Queued.model_validate(answer.body)
        except ValidationError as error:
            raise OutcomeUnknownError(cause=f"unreadable: {answer.cause}", request_id=answer.request_id) from error
        return Handle(provider=self.profile.provider, request_id=queued.request_id, response_id=answer.request_id)

    async def find(self, order: Order, since: datetime) -> list[Handle]:
        return []

    async def poll(self, handle: Handle) -> Take:
        answer = await self._asking.look(f"{self._path(handle)}/status")
        if answer is None:
            return Take(status=TakeStatus.EXPIRED, error=_lost(handle))
        standing = _standing(answer)
        match standing.status:
            case "IN_QUEUE":
                return Take(status=TakeStatus.QUEUED, metadata=_metadata(standing))
            case "COMPLETED":
                return await self._ended(handle, standing)
        # A new word for a request that goes on must not end what is paid for.
        return Take(status=TakeStatus.RUNNING, metadata=_metadata(standing))

    async def cancel(self, handle: Handle) -> None:
        await self._asking.ask_to_stop("PUT", f"{self._path(handle)}/cancel")

    async def fetch(self, handle: Handle, destination: Path) -> None:
        answer = await self._asking.patiently("GET", self._path(handle))
        if answer.status in GONE:
            raise _lost(handle)
        if not answer.is_success:
            raise _refusal(answer)
        await patiently(partial(self._outbound.fetch, _video_url(answer), destination), self._asking.sleep)

    async def _ended(self, handle: Handle, standing: Standing) -> Take:
        """COMPLETED says only that it is over: how it went is told by the result."""
        error = _request_error(standing, handle)
        if error is None:
            try:
                answer = await self._asking.patiently("GET", self._path(handle))
            except BusyError as busy:
                if standing.error is None:
                    raise
                error = failure(f"{standing.error}: {busy.cause}", handle.request_id)
            else:
                if answer.status in GONE:
                    return Take(status=TakeStatus.EXPIRED, error=_lost(handle), metadata=_metadata(standing))
                error = None if answer.is_success else _refusal(answer)
        if error is None:
            return Take(status=TakeStatus.SUCCEEDED, progress=100, metadata=_metadata(standing))
        is_canceled = standing.error_type == CANCELED
        began = standing.metrics is not None and bool(standing.metrics.inference_time)
        return Take(
            status=TakeStatus.CANCELED if is_canceled else TakeStatus.FAILED,
            error=error,
            is_billed=is_canceled and began,
            metadata=_metadata(standing),
        )

    def _path(self, handle: Handle) -> str:
        """Requests are kept by app, the first two parts of a model's name; no address of an answer is used, for the
        key goes with every request."""
        if not REQUEST_ID.fullmatch(handle.request_id):
            raise RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"not a handle of fal: {handle!r}")
        app = "/".join(self.profile.model.split("/")[:2])
        return f"/{app}/requests/{handle.request_id}"


def _lost(handle: Handle) -> RecastError:
    return RecastError(ErrorCode.CLIP_LOST, cause=f"fal no longer knows {handle.request_id}")


def _standing(answer: Answer) -> Standing:
    try:
        return Standing.model_validate(answer.body)
    except ValidationError as error:
        raise BusyError(cause=f"unreadable: {answer.cause}", request_id=answer.request_id) from error


def _request_error(standing: Standing, handle: Handle) -> RecastError | None:
    """What went wrong around the model rather than in it, if anything did."""
    kind = standing.error_type or ""
    cause = f"{kind}: {standing.error}"
    if kind in TIMED_OUT:
        return RecastError(
            ErrorCode.SCENE_TIMEOUT,
            "The video provider did not film the scene in time.",
            cause=cause,
            request_id=handle.request_id,
        )
    if BROKEN.fullmatch(kind):
        return RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=cause, request_id=handle.request_id)
    return None


def _refusal(answer: Answer) -> RecastError:
    """fal tells errors of a model as a list with types and places, and others as a sentence."""
    detail = answer.body.get("detail") if isinstance(answer.body, Mapping) else None
    listed = [each for each in detail if isinstance(each, Mapping)] if isinstance(detail, list) else []
    reason = " ".join(f"{each.get('type')} {each.get('msg')}" for each in listed) or str(detail or answer.text)
    if answer.status == 403 and NO_BALANCE.search(reason):
        return RecastError(ErrorCode.PROVIDER_QUOTA, cause=answer.cause, request_id=answer.request_id)
    places = [place for each in listed if isinstance(place := each.get("loc"), list) and place]
    fields = [str(place[-1]) for place in places if place[-1] != "body"]
    return refusal(answer, SERVICE, reason, fields)


def _metadata(standing: Standing) -> Mapping[str, JsonValue]:
    told: dict[str, JsonValue] = {
        "provider_status": standing.status,
        "queue_position": standing.queue_position,
        "predict_seconds": standing.metrics.inference_time if standing.metrics else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _video_url(answer: Answer) -> str:
    video = answer.body.get("video") if isinstance(answer.body, Mapping) else None
    url = video.get("url") if isinstance(video, Mapping) else None
    if not isinstance(url, str):
        raise RecastError(ErrorCode.CLIP_REJECTED, cause=f"no video in the result: {answer.cause}")
    return url


def is_configured(settings: Settings) -> bool:
    return bool(settings.fal_key and settings.fal_key.get_secret_value())


def camera(profile: ModelProfile, settings: Settings, *, sleep: Sleep = asyncio.sleep) -> Camera:
    assert settings.fal_key is not None
    asking = Asking(
        SERVICE,
        settings.fal_base_url,
        {"Authorization": f"Key {settings.fal_key.get_secret_value()}"},
        submit_seconds=settings.provider_submit_timeout_seconds,
        sleep=sleep,
    )
    return FalCamera(profile, asking, Outbound(OUTPUT_HOSTS, settings.fal_base_url, settings.provider_output_max_bytes))
