"""Users of a stack as benchmarks need them: what they do, they do through the API."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx

from cli.api_client import ApiClient, JobView
from cli.stack.state import LiveStack
from domain.errors import RecastError
from domain.premade import PREMADE
from resources.auth import AuthClient

POLL_SECONDS = 0.5
API_SECONDS = 60.0
CAST = (PREMADE[0].character_id, PREMADE[1].character_id)


class TooLate(Exception):
    """What was waited for has not happened in time."""


@dataclass(frozen=True)
class Customer:
    """Somebody who has signed up. ``setbacks`` counts, by error code, how often a job of theirs ended badly and was
    tried again."""

    user_id: UUID
    api: ApiClient
    setbacks: Counter[str] = field(default_factory=Counter)

    async def raise_budget(self) -> None:
        """To the most that the operator allows."""
        await self.api.set_budget(str((await self.api.budget()).ceiling_usd))

    async def import_video(self, video: str, *, cast: Sequence[UUID] = CAST) -> UUID:
        """The video's script, imported and cast."""
        imported = await self.api.import_video(f"https://www.youtube.com/watch?v={video}")
        job = await self.finish(imported.job_id)
        if job.status != "succeeded":
            raise SystemExit(f"The import of {video} ended as {job.status}: {job.error}")
        await self.api.cast(imported.script_id, cast)
        return imported.script_id

    async def finish(self, job_id: UUID, *, poll_seconds: float = POLL_SECONDS) -> JobView:
        """The job when it has ended, however it has."""
        while True:
            try:
                job = await self.api.job(job_id)
            except RecastError as error:
                if not error.meaning.retryable:
                    raise
            else:
                if job.is_over:
                    return job
            await asyncio.sleep(poll_seconds)

    async def see_through(self, job_id: UUID, *, until: float, poll_seconds: float = POLL_SECONDS) -> JobView:
        """The job when it has succeeded: whenever it ends otherwise it is tried again, as a user would. Raises
        ``TooLate`` when the monotonic clock is at ``until``."""
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                while (job := await self.finish(job_id, poll_seconds=poll_seconds)).status != "succeeded":
                    self.setbacks[job.error.code if job.error else job.status] += 1
                    await self._try_again(job_id)
        except TimeoutError:
            raise TooLate(str(job_id)) from None
        return job

    async def _try_again(self, job_id: UUID) -> None:
        try:
            await self.api.retry(job_id)
        except RecastError as error:
            self.setbacks[error.code] += 1
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def new_customer(stack: LiveStack) -> AsyncIterator[Customer]:
    with AuthClient(f"{stack.urls['sandbox']}/auth/v1") as auth:
        session = await asyncio.to_thread(auth.sign_up, f"{uuid4()}@example.com", "a benchmark's password")
    headers = {"Authorization": f"Bearer {session.access_token}"}
    async with httpx.AsyncClient(base_url=stack.urls["api"], headers=headers, timeout=API_SECONDS) as http:
        yield Customer(session.user_id, ApiClient(http))
