"""Keyframes by models that were trained on Replicate: a prediction of the trained version."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from domain.keyframes import Keyframe
from resources.outbound import Outbound
from resources.settings import Settings
from resources.video.asking import Sleep
from resources.video.protocol import Confirm, Handle, KeyframeOrder, nothing_to_confirm
from resources.video.replicate.attempts import CLOCKS_APART, is_told_by_webhook
from resources.video.replicate.camera import OUTPUT_HOSTS, ReplicateTakes, handle_of
from resources.video.replicate.client import ReplicateClient, Run

MAX_PICTURE_BYTES = 32 * 1024 * 1024


class ReplicateStillCamera(ReplicateTakes):
    """A version is its user's own, so what was asked of it is told from everybody else's by its name."""

    async def submit(self, order: KeyframeOrder, confirm: Confirm = nothing_to_confirm) -> Handle:
        keyframe = order.keyframe
        await confirm()
        run, response_id = await self._client.create(
            "/predictions",
            {"version": f"{keyframe.model_ref}:{keyframe.model_version}", "input": _input(keyframe)},
            webhook_url=order.webhook_url,
            deadline_seconds=order.deadline_seconds,
        )
        return handle_of(run, response_id)

    async def find(self, order: KeyframeOrder, since: datetime) -> list[Handle]:
        """The account's predictions since ``since`` that may be this order, oldest first."""
        runs = self._client.runs_since("/predictions", since - CLOCKS_APART)
        return [handle_of(run) async for run in runs if _may_be(run, order)][::-1]


def _input(keyframe: Keyframe) -> dict[str, JsonValue]:
    return {
        "prompt": keyframe.prompt,
        "aspect_ratio": keyframe.aspect.value,
        "seed": keyframe.seed,
        "num_outputs": 1,
        "output_format": "png",
    }


def _may_be(run: Run, order: KeyframeOrder) -> bool:
    """Unless something speaks against it: an order that is taken for lost is paid for a second time."""
    if run.version != order.keyframe.model_version:
        return False
    told = is_told_by_webhook(run, order.attempt_id, order.webhook_url)
    if told is not None:
        return told
    asked: Mapping[str, JsonValue] = run.input if isinstance(run.input, Mapping) else {}
    return run.data_removed or all(asked.get(name) == value for name, value in _input(order.keyframe).items())


def still_camera(settings: Settings, *, sleep: Sleep = asyncio.sleep) -> ReplicateStillCamera:
    outbound = Outbound(OUTPUT_HOSTS, settings.replicate_base_url, MAX_PICTURE_BYTES, kind="image")
    return ReplicateStillCamera(ReplicateClient.of(settings, sleep=sleep), outbound)
