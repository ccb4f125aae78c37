"""The paid services with what they share: one ledger, one box of troubles, one place for what they render."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from sandbox.billing import LEDGER_FILE, Ledger, billing_router
from sandbox.faults import Trouble, faults_router
from sandbox.rendering import Renderer
from sandbox.replicate.app import Desk, replicate_app
from sandbox.replicate.shapes import KEPT_SECONDS
from sandbox.replicate.signing import webhook_secret
from sandbox.replicate.trade import DELIVERY, ReplicateTrade
from sandbox.runs.outputs import Outputs
from sandbox.runs.store import RunStore
from sandbox.runs.webhooks import WebhookSender
from sandbox.runs.worker import Trade, Worker
from sandbox.settings import SandboxSettings
from sandbox.sqlite import SqliteFile

Clock = Callable[[], float]
"""Seconds since 1970."""


class Providers:
    def __init__(self, settings: SandboxSettings, clock: Clock = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._file = SqliteFile(settings.data_dir / LEDGER_FILE)
        self._store = RunStore(self._file)
        self._ledger = Ledger(self._file)
        self._trouble = Trouble()
        self._renderer = Renderer(settings.data_dir / "renders")
        self._outputs = Outputs(self._file, settings.base_url, clock)
        self._sender = WebhookSender(clock, settings.webhook_retry_seconds)
        secret = webhook_secret(self._file)
        self._replicate = self._worker(ReplicateTrade(self._renderer, self._outputs, secret, settings.base_url, clock))
        self._desk = Desk(settings, self._store, self._replicate, self._trouble, secret, clock)

    def serve(self, app: FastAPI) -> None:
        """Adds the routes of the services and of what shows and controls them."""
        app.include_router(billing_router(self._ledger))
        app.include_router(faults_router(self._trouble))
        app.include_router(self._outputs.router(DELIVERY, expires_after_seconds=KEPT_SECONDS, refuses_credentials=True))
        app.mount("/replicate/v1", replicate_app(self._desk))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Work that was unfinished goes on; at the end of the block everything is put down."""
        self._replicate.resume()
        try:
            yield
        finally:
            await self._replicate.close()
            await self._sender.close()

    def _worker(self, trade: Trade) -> Worker:
        settings = self._settings
        return Worker(
            trade,
            self._store,
            self._ledger,
            self._trouble,
            self._sender,
            self._clock,
            settings.prediction_seconds,
            settings.slow_prediction_seconds,
        )
