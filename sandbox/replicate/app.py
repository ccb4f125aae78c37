"""Replicate's API, to be mounted at ``/replicate/v1``."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from sandbox.faults import Fault, Trouble
from sandbox.holding import BrokenOff, hold
from sandbox.limits import RateLimit
from sandbox.replicate import failure
from sandbox.replicate.catalogue import Model, catalogue
from sandbox.replicate.failure import ReplicateError, answer_failure
from sandbox.replicate.headers import EdgeHeaders
from sandbox.replicate.pages import read_cursor, read_page
from sandbox.replicate.requests import Order, cancel_after_seconds, moment, read_order, wait_seconds
from sandbox.replicate.shapes import model_body, run_body
from sandbox.replicate.trade import NAME
from sandbox.replicate.validation import InvalidField, invalid_fields
from sandbox.runs.store import Run, RunStore
from sandbox.runs.worker import Worker
from sandbox.settings import SandboxSettings

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_CHARACTERS = 26
OFFICIAL_VERSION = "hidden"
OTHERS_PER_MINUTE = 3000


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with."""

    settings: SandboxSettings
    store: RunStore
    worker: Worker
    trouble: Trouble
    webhook_secret: str
    clock: Callable[[], float]


def replicate_app(desk: Desk) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_exception_handler(ReplicateError, answer_failure)
    app.add_exception_handler(404, _answer_unknown_path)
    app.add_middleware(EdgeHeaders)
    limit = RateLimit(desk.clock)
    settings, base_url = desk.settings, desk.settings.base_url

    def let_in(request: Request) -> None:
        """The token first, then the rate: what is not let in is not counted."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        expected = settings.replicate_api_token.get_secret_value()
        if scheme.lower() not in ("bearer", "token") or not hmac.compare_digest(token.encode(), expected.encode()):
            raise failure.unauthenticated()
        is_create = request.method == "POST" and request.url.path.endswith("/predictions")
        changed = desk.trouble.controls.creates_per_minute or settings.creates_per_minute
        allowance = limit.take("create" if is_create else "other", changed if is_create else OTHERS_PER_MINUTE)
        request.state.remaining = allowance.remaining
        if allowance.wait_seconds:
            raise failure.throttled(allowance.wait_seconds)

    guarded = Depends(let_in)

    def shown(run: Run) -> dict[str, Any]:
        return run_body(run, base_url, desk.clock())

    def found(kind: str, run_id: str) -> Run:
        run = desk.store.get(NAME, kind, run_id)
        if run is None:
            raise failure.not_found()
        return desk.worker.settled(run)

    async def create(request: Request, model: Model, order: Order) -> Response:
        if fields := list(invalid_fields(order.input, model.input_schema)):
            raise failure.invalid(fields)
        faults = desk.trouble.meet(NAME, str(order.input.get("prompt", "")))
        refuse(faults)
        now, limit_seconds = desk.clock(), cancel_after_seconds(request)
        run = Run(
            id=new_id(),
            service=NAME,
            kind="prediction",
            model=model.name,
            version=OFFICIAL_VERSION,
            input=order.input,
            created_at=now,
            webhook=order.webhook,
            events=order.events,
            faults=sorted(faults),
            deadline_at=now + limit_seconds if limit_seconds else None,
        )
        desk.worker.accept(run)
        return await answer_created(request, run)

    async def answer_created(request: Request, run: Run) -> Response:
        headers = {"Location": f"{base_url}/replicate/v1/{run.kind}s/{run.id}"}
        seconds = wait_seconds(request)
        if seconds is not None:
            run = await desk.worker.wait(run, seconds)
            headers["Preference-Applied"] = "wait" if seconds == 60 else f"wait={seconds}"
        if Fault.TIMEOUT_AFTER_ACCEPTING in run.faults:
            return await hold(request, settings.hold_seconds)
        answer = JSONResponse(shown(run), 202 if seconds and not run.status.is_final else 201, headers)
        if Fault.DROPPED_AFTER_ACCEPTING in run.faults:
            return BrokenOff(answer)
        if Fault.DOWN_AFTER_ACCEPTING in run.faults:
            raise failure.broken()
        return answer

    @app.post("/models/{owner}/{name}/predictions", dependencies=[guarded])
    async def create_by_model(request: Request, owner: str, name: str) -> Response:
        model = catalogue().get(f"{owner}/{name}")
        if model is None or model.is_trainer:
            raise failure.not_found()
        return await create(request, model, await read_order(request))

    @app.post("/predictions", dependencies=[guarded])
    async def create_by_version(request: Request) -> Response:
        order = await read_order(request)
        if not isinstance(order.body.get("version"), str):
            raise failure.invalid([InvalidField("required", "(root)", "version is required")])
        model = model_of_version(order.body["version"])
        if model is None or model.is_trainer:
            raise failure.unknown_version()
        return await create(request, model, order)

    @app.get("/predictions", dependencies=[guarded])
    async def list_predictions(
        cursor: str | None = None, created_after: str | None = None, created_before: str | None = None
    ) -> dict[str, Any]:
        page = read_page(
            desk.store,
            "prediction",
            read_cursor(cursor) if cursor else None,
            created_after=moment(created_after, "created_after"),
            created_before=moment(created_before, "created_before"),
        )
        address = f"{base_url}/replicate/v1/predictions?cursor="
        return {
            "next": f"{address}{page.following}" if page.following else None,
            "previous": f"{address}{page.previous}" if page.previous else None,
            "results": [shown(desk.worker.settled(run)) for run in page.runs],
        }

    @app.get("/predictions/{run_id}", dependencies=[guarded])
    async def read_prediction(run_id: str) -> dict[str, Any]:
        return shown(found("prediction", run_id))

    @app.post("/predictions/{run_id}/cancel", dependencies=[guarded])
    async def cancel_prediction(run_id: str) -> dict[str, Any]:
        return shown(desk.worker.cancel(found("prediction", run_id)))

    @app.get("/models/{owner}/{name}", dependencies=[guarded])
    async def read_model(owner: str, name: str) -> dict[str, Any]:
        model = catalogue().get(f"{owner}/{name}")
        if model is None:
            raise failure.not_found()
        return model_body(model, base_url)

    @app.get("/webhooks/default/secret", dependencies=[guarded])
    async def read_webhook_secret() -> dict[str, str]:
        return {"key": desk.webhook_secret}

    return app


def refuse(faults: frozenset[str]) -> None:
    """Raises the refusal that the faults ask for, if any: nothing is created then."""
    if Fault.NO_CREDIT in faults:
        raise failure.no_credit()
    if Fault.INVALID in faults:
        raise failure.invalid([InvalidField("string_lte", "input.prompt", "Does not match the model's requirements")])
    if Fault.THROTTLED in faults:
        raise failure.throttled(1)
    if Fault.DOWN in faults:
        raise failure.broken()


def model_of_version(version: str) -> Model | None:
    """``owner/name``, ``owner/name:id`` or the id alone."""
    name, _, version_id = version.rpartition(":")
    if "/" in version_id:
        return catalogue().get(version_id)
    models = (model for model in catalogue().values() if model.version == version_id)
    return next((model for model in models if name in ("", model.name)), None)


def new_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_CHARACTERS))


def _answer_unknown_path(request: Request, _: Exception) -> JSONResponse:
    return answer_failure(request, failure.not_found())
