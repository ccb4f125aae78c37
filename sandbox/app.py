"""All of the sandbox in one application."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from sandbox.auth.app import auth_app
from sandbox.auth.store import AuthStore
from sandbox.auth.tokens import TokenSigner
from sandbox.cloudfront.app import cloudfront_router
from sandbox.front_page import front_page
from sandbox.openai.app import openai_router
from sandbox.providers import Clock, Providers
from sandbox.settings import SandboxSettings
from sandbox.youtube.app import youtube_router
from sandbox.youtube.playback import playback_router
from sandbox.youtube.soundtracks import Soundtracks
from sandbox.youtube.streaming import Streaming


def create_app(settings: SandboxSettings, clock: Clock = time.time) -> FastAPI:
    """YouTube at its own paths, Supabase Auth under ``/auth/v1``, CloudFront under ``/cdn``, Replicate under
    ``/replicate/v1``. ``clock`` is the time of the paid services and of addresses that expire."""
    providers = Providers(settings, clock)

    soundtracks = Soundtracks(settings.data_dir / "soundtracks")
    streaming = Streaming(settings.base_url, soundtracks, clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with providers.at_work():
            yield
        await soundtracks.close()

    app = FastAPI(title="Recast sandbox", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    store = AuthStore(settings.data_dir / "auth.sqlite3")
    signer = TokenSigner(store, settings.issuer, settings.access_token_seconds)

    @app.get("/", response_class=HTMLResponse)
    async def explain() -> str:
        return front_page()

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    app.include_router(youtube_router(streaming, settings.slow_seconds))
    app.include_router(playback_router(soundtracks, streaming, settings.slow_seconds))
    app.include_router(cloudfront_router(settings))
    providers.serve(app)
    app.include_router(openai_router(settings.slow_seconds))
    app.mount("/auth/v1", auth_app(store, signer, settings.refresh_reuse_seconds))
    return app
