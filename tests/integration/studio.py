"""A user who has characters trained and films made, over a real database, a real object store and the sandbox's
Replicate. Stages are run as Dagster's steps run them, each by a worker with a connection of its own."""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.characters import CastMember, CharacterMode, Consent
from domain.quote import Quote
from domain.script import Line, Script
from domain.stages import Stage
from resources.database import characters, jobs, scripts
from resources.database.connection import Connection, Database, UserDatabase
from resources.database.invariants import find_violations
from resources.database.records import Character, Job, JobOptions
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from studio.casting import cast_job
from studio.characters import NewCharacter, add_character, carry_out_deletions, remove_character
from studio.directing import plan_scenes
from studio.editing import choose_cast
from studio.filming import FilmedScene, Limits, film
from studio.ordering import order_film
from studio.purchasing import Patience
from studio.quoting import quote_film
from studio.settling import Settler
from studio.training import ModelsOfTrainers, Training
from studio.work import Work, stage_work
from tests.integration.objects import picture

KLING = JobOptions(provider="replicate", model="kwaivgi/kling-o1", style="ink", seed=3)
"""$0.112 a second, for certain; five seconds a clip."""
PATIENCE = Patience(take_seconds=60, absent_seconds=0.5, sign_seconds=60)


@dataclass(slots=True)
class Studio:
    settings: Settings
    database: Database
    users: UserDatabase
    storage: Storage
    cameras: Cameras
    sandbox: str
    user_id: UUID = field(default_factory=uuid4)
    trainings: list[Training] = field(default_factory=list)

    @asynccontextmanager
    async def as_user(self) -> AsyncIterator[Connection]:
        async with self.users.as_user(self.user_id) as connection:
            yield connection

    # What a user does

    async def character(
        self, name: str = "Zed", pictures: Sequence[int] = (1, 2), mode: CharacterMode = CharacterMode.TRAINED
    ) -> UUID:
        """``pictures`` are numbers: the same numbers are the same pictures."""
        consent = Consent(statement="me", text_version="2026-11", recorded_at=datetime.now(UTC))
        new = NewCharacter(name=name, description="", style="", voice=None, mode=mode, consent=consent)
        files = [io.BytesIO(picture(number)) for number in pictures]
        async with self.database.connect() as connection:
            await scripts.ensure_user(connection, self.user_id, f"{self.user_id}@example.com")
        return (await add_character(self.as_user, self.storage, self.user_id, new, files)).id

    async def script(self, cast: Sequence[UUID], lines: int = 1) -> UUID:
        """A script of so many scenes, each of four seconds."""
        async with self.database.connect() as connection:
            project_id = await scripts.insert_project(connection, self.user_id, "A film")
            script = await scripts.insert_script(connection, self.user_id, project_id, "https://youtu.be/x", "x")
            spoken = tuple(
                Line(text=f"This is sentence number {place}.", start=10.0 * place, end=10.0 * place + 4.0)
                for place in range(lines)
            )
            await scripts.save_first_version(connection, script.id, Script(title="A film", language="en", lines=spoken))
        async with self.as_user() as connection:
            await choose_cast(connection, self.user_id, script.id, cast)
        return script.id

    async def quote(self, script_id: UUID, options: JobOptions = KLING) -> Quote:
        async with self.as_user() as connection:
            return await quote_film(connection, self.cameras, self.user_id, script_id, options)

    async def order(self, script_id: UUID, options: JobOptions = KLING) -> Job:
        async with self.as_user() as connection:
            return await order_film(connection, self.cameras, self.user_id, script_id, options)

    async def cancel(self, job: Job) -> None:
        async with self.as_user() as connection:
            assert await jobs.request_cancel(connection, job.id)

    async def delete(self, character_id: UUID) -> None:
        await remove_character(self.as_user, self.storage, self.user_id, character_id)

    # What workers do

    @asynccontextmanager
    async def stage(self, job: Job, stage: Stage) -> AsyncIterator[Work]:
        async with stage_work(self.database, job.id, stage, run_id=f"run-{uuid4()}", launch_number=None) as work:
            yield work

    async def cast(
        self, job: Job, *, cameras: Cameras | None = None, patience: Patience = PATIENCE
    ) -> Sequence[CastMember]:
        async with self.stage(job, Stage.CAST) as work:
            return await cast_job(
                work, self.database, self.storage, cameras or self.cameras, patience, report=self.trainings.extend
            )

    async def film(self, job: Job) -> Sequence[FilmedScene]:
        async with self.stage(job, Stage.SCENES) as work:
            await plan_scenes(work, self.cameras)
        async with self.stage(job, Stage.CLIPS) as work:
            return await film(work, self.database, self.storage, self.cameras, Limits(2, 60, 0.5, 60))

    async def settle(self, *, later_seconds: float = 60) -> list[str]:
        """As the sensor does, so much later than everything that was written down until now."""
        async with self.database.connect() as connection:
            await connection.execute(
                "update provider_attempts set created_at = created_at - make_interval(secs => %s)", (later_seconds,)
            )
        return await Settler(self.database, self.storage, self.cameras, PATIENCE).settle_left_behind()

    async def carry_out_deletions(self, *, later_seconds: float = 0) -> int:
        async with self.database.connect() as connection:
            await connection.execute(
                "update deletions set due_at = due_at - make_interval(secs => %s)", (later_seconds,)
            )
        return await carry_out_deletions(self.database, self.storage, ModelsOfTrainers(self.cameras))

    # What is there

    async def found(self, character_id: UUID) -> Character:
        async with self.database.connect() as connection:
            character = await characters.find_character(connection, character_id)
        assert character
        return character

    async def job(self, job: Job) -> Job:
        async with self.database.connect() as connection:
            found = await jobs.find_job(connection, job.id)
        assert found
        return found

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.database.connect() as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def ledger(self) -> list[tuple[Any, ...]]:
        """Kind, state and cost of every attempt, in order."""
        return await self.rows("select kind, state, cost_usd from provider_attempts order by created_at")

    async def assert_the_books_are_in_order(self) -> None:
        """What the ledger says was paid is what the sandbox has charged, and its invariants hold."""
        async with self.database.connect() as connection:
            assert list(await find_violations(connection)) == []
        paid = (await self.rows("select coalesce(sum(cost_usd), 0) from provider_attempts"))[0][0]
        assert paid == self.billed()

    def charges(self) -> list[dict[str, Any]]:
        charges: list[dict[str, Any]] = self.asked("GET", "/billing").json()["charges"]
        return charges

    def billed(self) -> Decimal:
        return sum((Decimal(charge["amount"]) for charge in self.charges()), Decimal(0))

    def trained(self) -> list[dict[str, Any]]:
        """The charges for trainings."""
        return [charge for charge in self.charges() if "trainer" in charge["model"]]

    def slow_down(self, seconds: float) -> None:
        """How long whatever is asked of the sandbox from now on takes."""
        assert self.asked("POST", "/faults", json={"prediction_seconds": seconds}).is_success

    def trouble(self, **rates: float) -> None:
        """How often a fault happens from now on, by its word."""
        asked = self.asked("POST", "/faults", json={"rates": {word.replace("_", "-"): n for word, n in rates.items()}})
        assert asked.is_success

    def models(self, model_ref: str) -> int:
        """The status with which the sandbox answers for a model."""
        return self.asked("GET", f"/replicate/v1/models/{model_ref}").status_code

    def versions(self, model_ref: str) -> list[str]:
        answer = self.asked("GET", f"/replicate/v1/models/{model_ref}/versions")
        return [one["id"] for one in answer.json()["results"]] if answer.is_success else []

    def asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": "Bearer r8_sandbox"}
        return httpx.request(method, f"{self.sandbox}{path}", headers=headers, timeout=20, trust_env=False, **options)
