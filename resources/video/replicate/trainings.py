"""Teaching an image model what a character looks like (LoRA), with a trainer on Replicate.

The same shapes as for filming: a training is paid for, so it is asked for exactly once, followed by its handle, and
found again when the answer was lost.
"""

import asyncio
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from domain.errors import ErrorCode, RecastError
from domain.models import TrainerProfile
from resources.settings import Settings
from resources.video.asking import Sleep
from resources.video.pictures import readable
from resources.video.protocol import BusyError, Confirm, Handle, Take, TakeStatus, TrainingOrder, nothing_to_confirm
from resources.video.replicate.attempts import ATTEMPT, CLOCKS_APART, is_marked, is_told_by_webhook
from resources.video.replicate.camera import PROVIDER, take_of
from resources.video.replicate.client import ReplicateClient, Run

MODEL = re.compile(r"[a-z0-9][\w.-]*/[a-z0-9][\w.-]*", re.ASCII | re.IGNORECASE)
ZIP = "application/zip"


class ReplicateTrainer:
    """One model that trains; its newest version is used. What a training makes is the one version of a model of its
    own."""

    can_find = True

    def __init__(self, profile: TrainerProfile, client: ReplicateClient) -> None:
        self.profile = profile
        self._client = client
        self._trainer = profile.model

    async def submit(
        self, order: TrainingOrder, pictures: Sequence[bytes], confirm: Confirm = nothing_to_confirm
    ) -> Handle:
        """Making the model and uploading the pictures are free, and repeated where needed."""
        destination = f"{await self._client.account()}/{order.name}"
        await self._client.ensure_model(destination, f"What {order.trigger_word} looks like")
        version = await self._client.latest_version(self._trainer)
        if version is None:
            raise RecastError(ErrorCode.UNKNOWN_MODEL, cause=f"{self._trainer} has no version")
        archive = await self._client.upload(
            f"{order.attempt_id}.zip",
            await asyncio.to_thread(_zipped, pictures),
            ZIP,
            {ATTEMPT: str(order.attempt_id)},
        )
        body: dict[str, JsonValue] = {
            "destination": destination,
            "input": {**_input(order), "input_images": archive.url},
        }
        await confirm()
        run, response_id = await self._client.create(
            f"/models/{self._trainer}/versions/{version}/trainings", body, webhook_url=order.webhook_url
        )
        return Handle(
            provider=PROVIDER, request_id=run.id, response_id=response_id, details={"destination": destination}
        )

    async def find(self, order: TrainingOrder, since: datetime) -> list[Handle]:
        """The account's trainings since ``since`` that may be this order, oldest first."""
        found = []
        async for run in self._client.runs_since("/trainings", since - CLOCKS_APART):
            if run.model == self._trainer and await self._may_be(run, order):
                found.append(Handle(provider=PROVIDER, request_id=run.id))
        return found[::-1]

    async def poll(self, handle: Handle) -> Take:
        """Where the training stands. Of one that succeeded, ``metadata`` has the ``version`` (``owner/name:id``) that
        makes pictures of the character, and the address of its ``weights``."""
        run = await self._client.run(_path(handle))
        if run is None:
            error = RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"Replicate no longer knows {handle.request_id}")
            return Take(status=TakeStatus.EXPIRED, error=error)
        take = take_of(run)
        made: Mapping[str, JsonValue] = run.output if isinstance(run.output, Mapping) else {}
        results = {name: made[name] for name in ("version", "weights") if made.get(name)}
        return take.model_copy(update={"metadata": {**take.metadata, **results}})

    async def cancel(self, handle: Handle) -> None:
        await self._client.cancel(_path(handle))

    async def made(self, name: str, take: Take) -> tuple[str, str] | None:
        """An hour after the end Replicate tells a training's output no more; its model still has the version."""
        told = take.metadata.get("version")
        if isinstance(told, str):
            model, _, version = told.partition(":")
            return (model, version) if version else None
        model = f"{await self._client.account()}/{name}"
        kept = await self._client.kept_version(model)
        return (model, kept) if kept else None

    async def delete(self, model_ref: str, model_version: str) -> None:
        """A version goes a while after Replicate has accepted its deletion, and a model only once it has none."""
        if not MODEL.fullmatch(model_ref) or not model_version.isalnum():
            raise RecastError(
                ErrorCode.INVALID_REQUEST, cause=f"not a version of Replicate: {model_ref!r} {model_version!r}"
            )
        await self._client.delete_version(model_ref, model_version)
        if not await self._client.delete_model(model_ref):
            raise BusyError(cause=f"{model_ref} still has a version")

    async def _may_be(self, run: Run, order: TrainingOrder) -> bool:
        told = is_told_by_webhook(run, order.attempt_id, order.webhook_url)
        if told is not None:
            return told
        if run.data_removed:
            return True
        asked: Mapping[str, JsonValue] = run.input if isinstance(run.input, Mapping) else {}
        if any(asked.get(name) != value for name, value in _input(order).items()):
            return False
        url = asked.get("input_images")
        return await is_marked(self._client, url if isinstance(url, str) else None, order.attempt_id) is not False


def _input(order: TrainingOrder) -> dict[str, JsonValue]:
    return {"trigger_word": order.trigger_word, **order.parameters}


def _zipped(pictures: Sequence[bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for place, content in enumerate(pictures, start=1):
            picture = readable(content)
            file.writestr(zipfile.ZipInfo(f"{place:02}.{picture.suffix}"), picture.content)
    return archive.getvalue()


def _path(handle: Handle) -> str:
    if not handle.request_id.isalnum():
        raise RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"not a handle of Replicate: {handle!r}")
    return f"/trainings/{handle.request_id}"


def trainer(profile: TrainerProfile, settings: Settings, *, sleep: Sleep = asyncio.sleep) -> ReplicateTrainer:
    return ReplicateTrainer(profile, ReplicateClient.of(settings, sleep=sleep))
