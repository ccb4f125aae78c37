"""The paid services with what they share: one ledger, one box of troubles, one place for what they render."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from sandbox.billing import LEDGER_FILE, Ledger, billing_router
from sandbox.fal.app import Queue, fal_app
from sandbox.fal.signing import signing_key
from sandbox.fal.trade import MEDIA, FalTrade
from sandbox.faults import Trouble, faults_router
from sandbox.openai.hearing import Ears
from sandbox.openai.speaking import Speaking
from sandbox.openai.speech_process import SpeechProcess
from sandbox.openai.transcribing import Transcriptions
from sandbox.references import References
from sandbox.rendering import Renderer
from sandbox.replicate.app import replicate_app
from sandbox.replicate.desk import Desk
from sandbox.replicate.shapes import KEPT_SECONDS
from sandbox.replicate.shelf import Shelf
from sandbox.replicate.signing import webhook_secret
from sandbox.replicate.trade import DELIVERY, ReplicateTrade
from sandbox.replicate.uploads import Uploads
from sandbox.runs.outputs import Outputs
from sandbox.runs.store import RunStore
from sandbox.runs.webhooks import WebhookSender
from sandbox.runs.worker import Trade, Worker
from sandbox.settings import SandboxSettings
from sandbox.sqlite import SqliteFile

MEDIA_KEPT_SECONDS = 7 * 24 * 3600
"""fal keeps files for at least a week."""
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
        self._ears = Ears(settings.whisper_path)
        self._speaker = SpeechProcess()
        self._sender = WebhookSender(clock, settings.webhook_retry_seconds)
        self._replicate = self._replicate_desk()
        self._fal = self._fal_queue()

    def serve(self, app: FastAPI) -> None:
        """Adds the routes of the services and of what shows and controls them."""
        app.include_router(billing_router(self._ledger))
        app.include_router(faults_router(self._trouble))
        app.include_router(self._outputs.router(DELIVERY, expires_after_seconds=KEPT_SECONDS, refuses_credentials=True))
        app.include_router(
            self._outputs.router(MEDIA, expires_after_seconds=MEDIA_KEPT_SECONDS, refuses_credentials=False)
        )

        @app.get("/leaks")
        async def read_leaks() -> list[dict[str, Any]]:
            return self._outputs.leaks()

        app.include_router(self._transcriptions().router())
        app.include_router(self._speaking().router())
        app.mount("/replicate/v1", replicate_app(self._replicate))
        app.mount("/fal", fal_app(self._fal))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Work that was unfinished goes on; at the end of the block everything is put down."""
        workers = (self._replicate.worker, self._fal.worker)
        self._renderer.prune(MEDIA_KEPT_SECONDS)
        for worker in workers:
            worker.resume()
        try:
            yield
        finally:
            for worker in workers:
                await worker.close()
            await self._sender.close()
            self._ears.close()
            await self._speaker.close()

    def _transcriptions(self) -> Transcriptions:
        settings = self._settings
        return Transcriptions(
            self._ears, self._ledger, self._trouble, self._clock, settings.slow_seconds, settings.hold_seconds
        )

    def _speaking(self) -> Speaking:
        settings = self._settings
        return Speaking(
            self._speaker, self._ledger, self._trouble, self._clock, settings.slow_seconds, settings.hold_seconds
        )

    def _replicate_desk(self) -> Desk:
        settings = self._settings
        secret = webhook_secret(self._file)
        shelf = Shelf(self._file, self._clock)
        files_url = f"{settings.base_url}/replicate/v1/files"
        uploads = Uploads(self._file, settings.data_dir / "uploads", files_url, self._clock)
        trade = ReplicateTrade(self._renderer, self._outputs, shelf, uploads, secret, settings.base_url, self._clock)
        worker = self._worker(trade)
        return Desk(settings, self._store, worker, self._trouble, shelf, uploads, secret, self._clock)

    def _fal_queue(self) -> Queue:
        key = signing_key(self._file)
        worker = self._worker(FalTrade(self._renderer, self._outputs, References(), key))
        return Queue(self._settings, self._store, worker, self._trouble, key, self._clock)

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
