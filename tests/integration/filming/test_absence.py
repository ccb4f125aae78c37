"""Before a provider is believed that it knows nothing of a call, it gets the time to learn of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import pytest

from domain.models import ModelProfile
from resources.database import attempts
from resources.database.connection import Connection
from resources.video.cameras import Cameras
from resources.video.protocol import Camera, Confirm, Handle, Order
from tests.integration.filming.conftest import Bill, Died, DyingCameras, Set

MakeSet = Callable[..., "asyncio.Future[Set]"]


@dataclass
class LateCameras(Cameras):
    """Cameras whose provider lists a call only when it is asked a second time. The call itself is made long after its
    intent was written, as by one who had large pictures to send first."""

    connection: Connection = field(kw_only=True)
    looks: int = 0

    def camera(self, profile: ModelProfile) -> Camera:
        is_new = not self._made
        camera = super().camera(profile)
        if is_new:
            submit, find = camera.submit, camera.find

            async def submit_late(order: Order, portraits: Mapping[UUID, Sequence[bytes]], confirm: Confirm) -> Handle:
                await grow_old(self.connection)
                return await submit(order, portraits, confirm)

            async def find_late(order: Order, since: datetime) -> list[Handle]:
                self.looks += 1
                return await find(order, since) if self.looks > 1 else []

            camera.submit, camera.find = submit_late, find_late  # type: ignore[method-assign]
        return camera


@dataclass
class ToldCameras(Cameras):
    """Cameras whose provider does not list a call yet, and tells of it by its webhook while it is being asked."""

    connection: Connection = field(kw_only=True)

    def camera(self, profile: ModelProfile) -> Camera:
        is_new = not self._made
        camera = super().camera(profile)
        if is_new:
            find = camera.find

            async def find_nothing(order: Order, since: datetime) -> list[Handle]:
                for handle in await find(order, since):
                    await attempts.record_handle(self.connection, order.attempt_id, handle.request_id, None)
                return []

            camera.find = find_nothing  # type: ignore[method-assign]
        return camera


async def grow_old(connection: Connection) -> None:
    await connection.execute("update provider_attempts set created_at = created_at - interval '60 s'")


@pytest.fixture
def late(connection: Connection) -> Callable[[Set], Set]:
    return lambda set_: replace(set_, cameras=LateCameras(set_.cameras.settings, connection=connection))


async def test_a_call_that_was_long_in_the_making_is_waited_for_like_any_other(
    a_set: MakeSet, late: Callable[[Set], Set], bill: Bill
) -> None:
    set_ = late(await a_set("Ada waves [[timeout-after-accepting]]"))
    assert [one.error for one in await set_.film()] == [None]
    assert await set_.states() == ["succeeded"]
    assert len(bill.ids()) == 1


async def test_an_old_intent_whose_writer_has_just_died_may_have_been_carried_out_just_now(
    a_set: MakeSet, late: Callable[[Set], Set], bill: Bill, connection: Connection
) -> None:
    set_ = await a_set("Ada waves")
    dying = replace(set_, cameras=DyingCameras(set_.cameras.settings, is_after=True))
    with pytest.raises(Died):
        await dying.film()
    await grow_old(connection)
    assert [one.error for one in await late(set_).film()] == [None]
    assert await set_.states() == ["succeeded"]
    assert len(bill.ids()) == 1


async def test_a_webhook_that_comes_while_the_provider_is_asked_is_believed(
    a_set: MakeSet, bill: Bill, connection: Connection
) -> None:
    set_ = await a_set("Ada waves [[timeout-after-accepting]]")
    told = replace(set_, cameras=ToldCameras(set_.cameras.settings, connection=connection))
    assert [one.error for one in await told.with_limits(absent_seconds=0).film()] == [None]
    assert await set_.states() == ["succeeded"]
    assert len(bill.ids()) == 1
