"""Replicate's API, to be mounted at ``/replicate/v1``."""

import hmac

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.limits import RateLimit
from sandbox.replicate import failure
from sandbox.replicate.desk import Desk
from sandbox.replicate.failure import ReplicateError, answer_failure
from sandbox.replicate.files import files_router
from sandbox.replicate.headers import EdgeHeaders
from sandbox.replicate.models import models_router
from sandbox.replicate.predictions import predictions_router
from sandbox.replicate.trainings import trainings_router

OTHERS_PER_MINUTE = 3000
"""The limit for everything but creating predictions."""
ACCOUNT = {"type": "user", "username": "sandbox", "name": "Recast sandbox", "github_url": None}


def replicate_app(desk: Desk) -> FastAPI:
    limit = RateLimit(desk.clock)

    def let_in(request: Request) -> None:
        """The token first, then the rate: what has no token is not counted."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        expected = desk.settings.replicate_api_token.get_secret_value()
        if scheme.lower() not in ("bearer", "token") or not hmac.compare_digest(token.encode(), expected.encode()):
            raise failure.unauthenticated()
        is_create = request.method == "POST" and request.url.path.endswith("/predictions")
        creates = desk.trouble.controls.creates_per_minute or desk.settings.creates_per_minute
        allowance = limit.take("create", creates) if is_create else limit.take("other", OTHERS_PER_MINUTE)
        request.state.remaining = allowance.remaining
        if allowance.wait_seconds:
            raise failure.throttled(allowance.wait_seconds)

    app = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, dependencies=[Depends(let_in)]
    )
    app.add_middleware(EdgeHeaders)
    app.add_exception_handler(ReplicateError, answer_failure)
    app.add_exception_handler(404, _answer_unknown_path)
    for router in (predictions_router(desk), trainings_router(desk), models_router(desk), files_router(desk)):
        app.include_router(router)

    @app.get("/account")
    async def read_account() -> dict[str, str | None]:
        return ACCOUNT

    @app.get("/webhooks/default/secret")
    async def read_webhook_secret() -> dict[str, str]:
        return {"key": desk.webhook_secret}

    return app


def _answer_unknown_path(request: Request, _: Exception) -> JSONResponse:
    return answer_failure(request, failure.not_found())
