"""What the process holds while it runs: its connections to the outside, made at the start and closed at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypedDict
from uuid import UUID

from fastapi import FastAPI

from api.launches import Launcher
from api.readiness import ReadinessChecks
from api.reports import Reporter
from resources.auth import TokenVerifier
from resources.cloudfront import PreviewSigner
from resources.dagster import DagsterClient
from resources.database.connection import UserDatabase
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.video.webhooks import Webhooks, webhooks
from resources.voices.engines import Voices

MAX_KNOWN_USERS = 100_000
SAMPLES_AT_ONCE = 2
"""Voices that are only tried take no more of this machine."""


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    database: UserDatabase
    storage: Storage
    dagster: DagsterClient
    verifier: TokenVerifier
    previews: PreviewSigner
    launcher: Launcher
    reporter: Reporter
    readiness: ReadinessChecks
    cameras: Cameras
    voices: Voices
    samples: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SAMPLES_AT_ONCE))
    known_users: set[UUID] = field(default_factory=set)
    known_webhooks: dict[str, Webhooks] = field(default_factory=dict)

    @property
    def has_language_model(self) -> bool:
        """Whether the pipeline may ask one. It is never asked from here."""
        return self.settings.director_model is not None

    def webhooks(self, provider: str) -> Webhooks:
        """Those of one provider, with the keys it has shown. Raises NOT_FOUND."""
        if provider not in self.known_webhooks:
            self.known_webhooks[provider] = webhooks(provider, self.settings)
        return self.known_webhooks[provider]

    def remember(self, user_id: UUID) -> None:
        """This user has a row: it is not asked for again, as far as memory allows."""
        if len(self.known_users) >= MAX_KNOWN_USERS:
            self.known_users.clear()
        self.known_users.add(user_id)


class State(TypedDict):
    """The lifespan state that requests see as ``request.state``."""

    services: Services


def lifespan_of(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[State]]:
    """The process starts whether or not the outside answers: a request that needs it says so, and /readyz too."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        database = UserDatabase(settings.api_database_url.get_secret_value())
        dagster = DagsterClient(settings.dagster_url, settings.dagster_location)
        storage = Storage(settings)
        services = Services(
            settings=settings,
            database=database,
            storage=storage,
            dagster=dagster,
            verifier=TokenVerifier(
                f"{settings.auth_url}/.well-known/jwks.json", settings.auth_url, settings.auth_audience
            ),
            previews=PreviewSigner(
                settings.cdn_url, settings.cdn_key_pair_id, settings.cdn_private_key_path.read_text()
            ),
            launcher=Launcher(dagster),
            reporter=Reporter(dagster),
            readiness=ReadinessChecks(database, storage, dagster),
            cameras=Cameras(settings),
            voices=Voices(settings),
        )
        await database.open()
        prefetch = asyncio.create_task(services.verifier.prefetch())
        try:
            yield {"services": services}
        finally:
            prefetch.cancel()
            await services.launcher.close()
            await services.reporter.close()
            await dagster.close()
            await database.close()

    return lifespan
