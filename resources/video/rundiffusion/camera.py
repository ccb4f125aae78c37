"""Filming with RunDiffusion by its configuration."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.outbound import Outbound
from resources.settings import Settings, revealed
from resources.video.asking import Answer, Asking, Sleep, failure, patiently, refusal
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
from resources.video.rundiffusion.configuration import (
    Configuration,
    decimal_at,
    nested,
    read_configuration,
    value_at,
)

SERVICE = "RunDiffusion"


class ConfiguredCamera:
    """Pictures travel within the order, as data URLs. Nothing is known of lists or of webhooks that can be verified:
    an order whose answer was lost waits for an operator."""

    can_find = False

    def __init__(self, profile: ModelProfile, configuration: Configuration, asking: Asking, outbound: Outbound) -> None:
        self.profile = profile
        self._configuration = configuration
        self._asking = asking
        self._outbound = outbound

    async def submit(
        self, order: Order, pictures: Mapping[UUID, Sequence[bytes]], confirm: Confirm = nothing_to_confirm
    ) -> Handle:
        rules = self._configuration.submit
        shown = await asyncio.to_thread(pictures_for, order.shot, self.profile, pictures)
        told = model_input(order.shot, self.profile, [picture.data_url for picture in shown])
        if rules.attempt:
            told[rules.attempt] = str(order.attempt_id)
        path = rules.path.format(model=quote(self.profile.model, safe="/"))
        await confirm()
        answer = await self._asking.once(rules.method, path, json=nested(told))
        if not answer.is_success:
            raise self._refusal(answer)
        name = value_at(answer.body, rules.id)
        if not isinstance(name, (str, int)) or isinstance(name, bool) or name == "":
            raise OutcomeUnknownError(cause=f"no id at {rules.id}: {answer.cause}", request_id=answer.request_id)
        return Handle(provider=self.profile.provider, request_id=str(name), response_id=answer.request_id)

    async def find(self, order: Order, since: datetime) -> list[Handle]:
        return []

    async def poll(self, handle: Handle) -> Take:
        answer = await self._standing(handle)
        if answer is None:
            return Take(status=TakeStatus.EXPIRED, error=_lost(handle))
        word = str(value_at(answer.body, self._configuration.poll.status))
        status = self._configuration.status_of(word)
        return Take(
            status=status,
            progress=100 if status is TakeStatus.SUCCEEDED else self._progress(answer),
            error=self._error(status, answer, handle),
            cost_usd=decimal_at(answer.body, self._configuration.poll.cost_usd),
            is_billed=status not in self._configuration.unbilled,
            metadata={"provider_status": word},
        )

    async def cancel(self, handle: Handle) -> None:
        if rules := self._configuration.cancel:
            await self._asking.ask_to_stop(rules.method, _path(rules.path, handle))

    async def fetch(self, handle: Handle, destination: Path) -> None:
        rules = self._configuration.result
        if rules.path is None:
            answer = await self._standing(handle)
        else:
            answer = await self._asking.look(_path(rules.path, handle), rules.method)
        if answer is None:
            raise _lost(handle)
        url = value_at(answer.body, rules.video)
        if not isinstance(url, str):
            raise RecastError(ErrorCode.CLIP_REJECTED, cause=f"no video at {rules.video}: {answer.cause}")
        await patiently(partial(self._outbound.fetch, url, destination), self._asking.sleep)

    async def _standing(self, handle: Handle) -> Answer | None:
        """The answer to a poll, which tells a status; None when the service knows the request no more."""
        rules = self._configuration.poll
        answer = await self._asking.look(_path(rules.path, handle), rules.method)
        if answer and not isinstance(value_at(answer.body, rules.status), str):
            raise BusyError(cause=f"no status at {rules.status}: {answer.cause}", request_id=answer.request_id)
        return answer

    def _progress(self, answer: Answer) -> int:
        """Below 100, which is kept for the end."""
        told = decimal_at(answer.body, self._configuration.poll.progress)
        return 0 if told is None else min(99, int(float(told) / self._configuration.poll.progress_end * 100))

    def _error(self, status: TakeStatus, answer: Answer, handle: Handle) -> RecastError | None:
        if not status.is_final or status is TakeStatus.SUCCEEDED:
            return None
        place = self._configuration.poll.error
        reason = value_at(answer.body, place) if place else None
        return failure(str(reason or f"the take is {status}"), handle.request_id)

    def _refusal(self, answer: Answer) -> RecastError:
        place = self._configuration.refusal
        reason = value_at(answer.body, place) if place else None
        return refusal(answer, SERVICE, str(reason or answer.text))


def _path(template: str, handle: Handle) -> str:
    return template.format(id=quote(handle.request_id, safe=""))


def _lost(handle: Handle) -> RecastError:
    return RecastError(ErrorCode.CLIP_LOST, cause=f"RunDiffusion no longer knows {handle.request_id}")


def is_configured(settings: Settings) -> bool:
    return settings.rundiffusion_config is not None and settings.rundiffusion_key is not None


def models(settings: Settings) -> Sequence[ModelProfile]:
    """The models that the configuration offers. Raises PROVIDER_NOT_CONFIGURED for one that is not understood."""
    assert settings.rundiffusion_config is not None
    return read_configuration(settings.rundiffusion_config).models


def camera(profile: ModelProfile, settings: Settings, *, sleep: Sleep = asyncio.sleep) -> Camera:
    assert settings.rundiffusion_config is not None
    configuration = read_configuration(settings.rundiffusion_config)
    key = revealed(settings.rundiffusion_key) or ""
    asking = Asking(
        SERVICE,
        configuration.base_url,
        {configuration.key.header: configuration.key.value.format(key=key)},
        submit_seconds=settings.provider_submit_timeout_seconds,
        sleep=sleep,
    )
    outbound = Outbound(configuration.output_hosts, configuration.base_url, settings.provider_output_max_bytes)
    return ConfiguredCamera(profile, configuration, asking, outbound)
