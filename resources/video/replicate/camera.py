"""Filming with the models of Replicate."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from pydantic import JsonValue

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.outbound import Outbound
from resources.settings import Settings
from resources.video.asking import Sleep, failure, patiently
from resources.video.inputs import PICTURE_WORDS, is_input_of, model_input
from resources.video.pictures import pictures_for
from resources.video.protocol import Camera, Confirm, Handle, Order, Take, TakeStatus, nothing_to_confirm
from resources.video.replicate.attempts import ATTEMPT, CLOCKS_APART, is_marked, is_told_by_webhook
from resources.video.replicate.client import ReplicateClient, Run

PROVIDER = "replicate"
OUTPUT_HOSTS = ("replicate.delivery",)
OUTPUT_KEPT = timedelta(hours=1)

VERSION_HASH = re.compile(r"[0-9a-f]{64}")
PERCENT = re.compile(r"(\d{1,3})%")


class ReplicateTakes:
    """What becomes of a prediction once it is asked for: the same whatever it was asked for."""

    can_find = True

    def __init__(self, client: ReplicateClient, outbound: Outbound) -> None:
        self._client = client
        self._outbound = outbound

    async def poll(self, handle: Handle) -> Take:
        run = await self._client.run(_path(handle))
        if run is None:
            return Take(
                status=TakeStatus.EXPIRED,
                error=RecastError(ErrorCode.CLIP_LOST, cause=f"Replicate no longer knows {handle.request_id}"),
            )
        return take_of(run)

    async def cancel(self, handle: Handle) -> None:
        await self._client.cancel(_path(handle))

    async def fetch(self, handle: Handle, destination: Path) -> None:
        run = await self._client.run(_path(handle))
        if run is None or (run.status == "succeeded" and not run.output):
            raise RecastError(ErrorCode.CLIP_LOST, cause=f"Replicate no longer has the output of {handle.request_id}")
        if run.status != "succeeded":
            raise take_of(run).error or RecastError(
                ErrorCode.AI_PROVIDER_FAILURE, cause=f"{run.id} has no output: it is {run.status}"
            )
        url = _output_url(run.output)
        await patiently(partial(self._outbound.fetch, url, destination), self._client.sleep)


class ReplicateCamera(ReplicateTakes):
    """One model of Replicate.

    The pictures of an order are uploaded anew for it and carry its attempt's id: Replicate has no idempotency keys,
    and this is how an order whose answer was lost is told from another user's with the same words.
    """

    def __init__(self, profile: ModelProfile, client: ReplicateClient, outbound: Outbound) -> None:
        super().__init__(client, outbound)
        self.profile = profile

    async def submit(
        self, order: Order, pictures: Mapping[UUID, Sequence[bytes]], confirm: Confirm = nothing_to_confirm
    ) -> Handle:
        model_input(order.shot, self.profile)  # refuse before anything is sent what can be refused here
        uploaded = await self._upload(order, pictures)
        body: dict[str, JsonValue] = {"input": model_input(order.shot, self.profile, uploaded)}
        path = f"/models/{self.profile.model}/predictions"
        if VERSION_HASH.fullmatch(self.profile.version):
            path, body["version"] = "/predictions", f"{self.profile.model}:{self.profile.version}"
        await confirm()
        run, response_id = await self._client.create(
            path, body, webhook_url=order.webhook_url, deadline_seconds=order.deadline_seconds
        )
        return handle_of(run, response_id)

    async def find(self, order: Order, since: datetime) -> list[Handle]:
        found = []
        async for run in self._client.runs_since("/predictions", since - CLOCKS_APART):
            if self._is_of_this_model(run) and await self._may_be(run, order):
                found.append(handle_of(run))
        return found[::-1]

    async def _upload(self, order: Order, pictures: Mapping[UUID, Sequence[bytes]]) -> list[str]:
        shown = await asyncio.to_thread(pictures_for, order.shot, self.profile, pictures)
        attempt = {ATTEMPT: str(order.attempt_id)}
        uploads = [
            self._client.upload(
                f"{order.attempt_id}-{place}.{picture.suffix}", picture.content, picture.media_type, attempt
            )
            for place, picture in enumerate(shown, start=1)
        ]
        return [uploaded.url for uploaded in await asyncio.gather(*uploads)]

    async def _may_be(self, run: Run, order: Order) -> bool:
        """Unless something speaks against it: an order that is taken for lost is paid for a second time."""
        told = is_told_by_webhook(run, order.attempt_id, order.webhook_url)
        if told is not None:
            return told
        if run.data_removed:
            return True
        if not is_input_of(order.shot, self.profile, run.input):
            return False
        return await is_marked(self._client, _first_picture(run.input, self.profile), order.attempt_id) is not False

    def _is_of_this_model(self, run: Run) -> bool:
        return run.model == self.profile.model or run.version == self.profile.version


def handle_of(run: Run, response_id: str | None = None) -> Handle:
    web = run.urls.web if run.urls else None
    return Handle(provider=PROVIDER, request_id=run.id, response_id=response_id, details={"web": web} if web else {})


def take_of(run: Run) -> Take:
    """Where a prediction stands. A failure is not billed, nor is what was aborted before it began; what was canceled
    after it began is."""
    status, error, is_billed = _outcome(run)
    return Take(
        status=status,
        progress=100 if status is TakeStatus.SUCCEEDED else _progress(run),
        error=error,
        is_billed=is_billed,
        expires_at=run.completed_at + OUTPUT_KEPT if run.completed_at else None,
        metadata=_metadata(run),
    )


def _outcome(run: Run) -> tuple[TakeStatus, RecastError | None, bool]:
    match run.status:
        case "starting" | "queued":
            return TakeStatus.QUEUED, None, True
        case "processing":
            return TakeStatus.RUNNING, None, True
        case "succeeded":
            return TakeStatus.SUCCEEDED, None, True
        case "failed":
            return TakeStatus.FAILED, failure(_reason(run.error), run.id), False
        case "canceled":
            stopped = RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause="canceled at Replicate", request_id=run.id)
            return TakeStatus.CANCELED, stopped, run.started_at is not None
        case "aborted":
            return (
                TakeStatus.CANCELED,
                RecastError(
                    ErrorCode.SCENE_TIMEOUT,
                    "The video provider did not begin to film the scene in time.",
                    cause="aborted by its deadline before it began",
                    request_id=run.id,
                ),
                False,
            )
    if run.completed_at is None:
        # A new word for a run that goes on must not end what is paid for.
        return TakeStatus.RUNNING, None, True
    return TakeStatus.FAILED, failure(f"ended as {run.status!r}: {_reason(run.error)}", run.id), True


def _reason(error: JsonValue) -> str:
    if isinstance(error, Mapping):
        return str(error.get("detail") or error.get("message") or error)
    return str(error or "no reason given")


def _progress(run: Run) -> int:
    """The last percentage of the model's log, if it writes one; 100 is kept for the end."""
    told = PERCENT.findall(run.logs or "")
    return min(int(told[-1]), 99) if told else 0


def _metadata(run: Run) -> Mapping[str, JsonValue]:
    told: dict[str, JsonValue] = {
        "provider_status": run.status,
        "provider_url": run.urls.web if run.urls else None,
        "predict_seconds": run.metrics.predict_time if run.metrics else None,
        "total_seconds": run.metrics.total_time if run.metrics else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _output_url(output: JsonValue) -> str:
    """Models give one address, alone or in a list."""
    first = output[0] if isinstance(output, list) and output else output
    if not isinstance(first, str):
        raise RecastError(ErrorCode.CLIP_REJECTED, cause=f"the output is no address: {str(output)[:200]}")
    return first


def _first_picture(told: JsonValue, profile: ModelProfile) -> str | None:
    if not isinstance(told, Mapping):
        return None
    values = [told.get(field) for word in PICTURE_WORDS if (field := profile.fields.get(word))]
    firsts = [value[0] if isinstance(value, list) and value else value for value in values]
    return next((first for first in firsts if isinstance(first, str)), None)


def _path(handle: Handle) -> str:
    if not handle.request_id.isalnum():
        raise RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"not a handle of Replicate: {handle!r}")
    return f"/predictions/{handle.request_id}"


def is_configured(settings: Settings) -> bool:
    return bool(settings.replicate_api_token and settings.replicate_api_token.get_secret_value())


def camera(profile: ModelProfile, settings: Settings, *, sleep: Sleep = asyncio.sleep) -> Camera:
    outbound = Outbound(OUTPUT_HOSTS, settings.replicate_base_url, settings.provider_output_max_bytes)
    return ReplicateCamera(profile, ReplicateClient.of(settings, sleep=sleep), outbound)
