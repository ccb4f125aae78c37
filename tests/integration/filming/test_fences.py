"""A worker that has lost its right to a purchase neither pays for it nor writes what has come of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from domain.attempts import AttemptState
from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.database import attempts, clips
from resources.database.connection import Connection
from resources.video.cameras import Cameras
from resources.video.protocol import Camera, Confirm, Handle, Order
from tests.conftest import DatabaseUrls
from tests.integration.filming.conftest import Bill, Set

MakeSet = Callable[..., "asyncio.Future[Set]"]
Meddle = Callable[[], Awaitable[None]]


async def nothing() -> None:
    pass


@dataclass
class MeddledCameras(Cameras):
    """Something happens while pictures are uploaded, or while the clip is fetched."""

    while_uploading: Meddle = field(kw_only=True, default=nothing)
    while_fetching: Meddle = field(kw_only=True, default=nothing)

    def camera(self, profile: ModelProfile) -> Camera:
        is_new = not self._made
        camera = super().camera(profile)
        if is_new:
            submit, fetch = camera.submit, camera.fetch

            async def submit_meddled(
                order: Order, portraits: Mapping[UUID, Sequence[bytes]], confirm: Confirm
            ) -> Handle:
                await self.while_uploading()
                return await submit(order, portraits, confirm)

            async def fetch_meddled(handle: Handle, destination: Path) -> None:
                await self.while_fetching()
                await fetch(handle, destination)

            camera.submit, camera.fetch = submit_meddled, fetch_meddled  # type: ignore[method-assign]
        return camera


async def test_a_worker_whose_connection_was_cut_while_it_uploaded_does_not_ask(
    a_set: MakeSet, bill: Bill, database_urls: DatabaseUrls, connection: Connection
) -> None:
    """With the connection went its lock: somebody else may have looked, found nothing, and asked instead."""
    set_ = await a_set("Ada waves")
    own = connection.info.backend_pid

    async def cut() -> None:
        async with await psycopg.AsyncConnection.connect(database_urls.admin) as admin:
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'recast-worker' and pid <> %s and datname = current_database()",
                (own,),
            )

    with pytest.raises(RecastError) as caught:
        await replace(set_, cameras=MeddledCameras(set_.cameras.settings, while_uploading=cut)).film()
    assert caught.value.code is ErrorCode.DATABASE_UNAVAILABLE
    assert bill.ids() == []
    assert await set_.states() == ["intent"]
    assert [one.error for one in await set_.film()] == [None]
    assert await set_.states() == ["absent", "succeeded"], "the provider has not heard of the first"
    assert len(bill.ids()) == 1


async def test_an_intent_that_somebody_has_looked_into_is_not_carried_out(
    a_set: MakeSet, bill: Bill, connection: Connection
) -> None:
    set_ = await a_set("Ada waves")
    looked: list[UUID] = []

    async def look_into() -> None:
        if not looked:
            (attempt,) = await set_.attempts()
            looked.append(attempt.id)
            await attempts.mark_unknown(connection, attempt.id, "somebody else was at it")

    cameras = MeddledCameras(set_.cameras.settings, while_uploading=look_into)
    assert [one.error for one in await replace(set_, cameras=cameras).film()] == [None]
    assert await set_.states() == ["absent", "succeeded"]
    assert len(bill.ids()) == 1


async def test_what_somebody_else_has_ended_is_not_written_over(a_set: MakeSet, connection: Connection) -> None:
    set_ = await a_set("Ada waves")

    async def end() -> None:
        (attempt,) = await set_.attempts()
        await attempts.close_attempt(connection, attempt.id, AttemptState.CANCELED)

    (filmed,) = await replace(set_, cameras=MeddledCameras(set_.cameras.settings, while_fetching=end)).film()
    assert filmed.error
    assert filmed.error.code is ErrorCode.CONFLICT
    assert await set_.states() == ["canceled"]
    (attempt,) = await set_.attempts()
    assert await clips.find_clip(connection, set_.user_id, attempt.purchase_key) is None
