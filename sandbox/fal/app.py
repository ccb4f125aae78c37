"""fal's queue (queue.fal.run), to be mounted at ``/fal``."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from sandbox.fal import failure
from sandbox.fal.failure import FalError, answer_failure
from sandbox.fal.models import APP
from sandbox.fal.signing import key_set
from sandbox.fal.trade import NAME, error_of
from sandbox.faults import Fault, Trouble
from sandbox.holding import BrokenOff, hold
from sandbox.limits import RateLimit
from sandbox.runs.store import Run, RunStore, Status
from sandbox.runs.worker import Worker
from sandbox.settings import SandboxSettings

KIND = "request"
QUEUE_WORDS = {Status.STARTING: "IN_QUEUE", Status.PROCESSING: "IN_PROGRESS"}
COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True)
class Queue:
    """What the routes work with."""

    settings: SandboxSettings
    store: RunStore
    worker: Worker
    trouble: Trouble
    key: Ed25519PrivateKey
    clock: Callable[[], float]


def fal_app(queue: Queue) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_exception_handler(FalError, answer_failure)
    limit = RateLimit(queue.clock)

    def let_in(request: Request, application: str) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "key" or not key:
            raise failure.no_key(application)
        if ":" not in key:
            raise failure.malformed_key()
        if not hmac.compare_digest(key.encode(), queue.settings.fal_key.get_secret_value().encode()):
            raise failure.unknown_key()
        if application != APP:
            raise failure.sentence(404, f"Application '{application.partition('/')[2]}' not found")

    def found(request: Request, owner: str, alias: str, request_id: str) -> Run | None:
        let_in(request, f"{owner}/{alias}")
        run = queue.store.get(NAME, KIND, request_id)
        return queue.worker.settled(run) if run else None

    def addresses(run: Run) -> dict[str, str]:
        response_url = f"{queue.settings.base_url}/fal/{APP}/requests/{run.id}"
        return {
            "request_id": run.id,
            "response_url": response_url,
            "status_url": f"{response_url}/status",
            "cancel_url": f"{response_url}/cancel",
        }

    def answered(run: Run, body: Any, status: int = 200) -> JSONResponse:
        return JSONResponse(body, status, {"x-fal-request-id": run.id})

    @app.get("/.well-known/jwks.json")
    async def read_key_set() -> dict[str, Any]:
        return key_set(queue.key)

    @app.get("/{owner}/{alias}/requests/{request_id}/status")
    async def read_status(request: Request, owner: str, alias: str, request_id: str, logs: bool = False) -> Response:
        run = found(request, owner, alias, request_id)
        if run is None:
            raise failure.sentence(404, "Request not found")
        word = QUEUE_WORDS.get(run.status, COMPLETED)
        body: dict[str, Any] = {"status": word, **addresses(run)}
        if word == "IN_QUEUE":
            return answered(run, body | {"queue_position": 0}, 202)
        body["logs"] = [{"message": line, "level": "INFO"} for line in run.logs.splitlines()] if logs else None
        if word != COMPLETED:
            return answered(run, body, 202)
        body["metrics"] = {"inference_time": (run.completed_at or 0) - (run.started_at or run.completed_at or 0)}
        if run.status is not Status.SUCCEEDED:
            detail = error_of(run)["body"]["detail"]
            body["error"] = detail if isinstance(detail, str) else "; ".join(item["msg"] for item in detail)
            body["error_type"] = error_of(run)["body"].get("error_type") or _type_of(detail)
        return answered(run, body)

    @app.get("/{owner}/{alias}/requests/{request_id}")
    async def read_response(request: Request, owner: str, alias: str, request_id: str) -> Response:
        run = found(request, owner, alias, request_id)
        if run is None:
            raise failure.sentence(404, "Request not found")
        if not run.status.is_final:
            return answered(run, {"detail": "Request is still in progress"}, 400)
        if run.status is Status.SUCCEEDED:
            return answered(run, run.output)
        error = error_of(run)
        answer = answered(run, error["body"], error["status"])
        answer.headers["X-Fal-Retryable"] = str(error["status"] >= 500).lower()
        if kind := error["body"].get("error_type"):
            answer.headers["X-Fal-Error-Type"] = kind
        return answer

    @app.put("/{owner}/{alias}/requests/{request_id}/cancel")
    async def cancel(request: Request, owner: str, alias: str, request_id: str) -> Response:
        """A request that waits is taken out; one that runs is asked to stop, which these models do not heed."""
        run = found(request, owner, alias, request_id)
        if run is None:
            return JSONResponse({"status": "NOT_FOUND"}, 404)
        if run.status.is_final:
            return answered(run, {"status": "ALREADY_COMPLETED"}, 400)
        if run.status is Status.PROCESSING and Fault.STUCK not in run.faults:
            return answered(run, {"status": "CANCELLATION_REQUESTED"}, 202)
        queue.worker.cancel(run)
        return answered(run, {"status": "OK"})

    @app.post("/{owner}/{alias}")
    @app.post("/{owner}/{alias}/{path:path}")
    async def submit(
        request: Request, owner: str, alias: str, path: str = "", fal_webhook: str | None = None
    ) -> Response:
        let_in(request, f"{owner}/{alias}")
        allowance = limit.take("create", queue.trouble.controls.creates_per_minute or queue.settings.creates_per_minute)
        if allowance.wait_seconds:
            raise failure.throttled(allowance.wait_seconds)
        given = _read_body(await request.body())
        faults = queue.trouble.meet(NAME, str(given.get("prompt", "")))
        _refuse(faults)
        run = Run(
            id=str(uuid4()),
            service=NAME,
            kind=KIND,
            model=f"{owner}/{alias}/{path}".rstrip("/"),
            version="",
            input=given,
            created_at=queue.clock(),
            webhook=fal_webhook,
            events=("completed",),
            faults=sorted(faults),
        )
        queue.worker.accept(run)
        if Fault.TIMEOUT_AFTER_ACCEPTING in faults:
            return await hold(request, queue.settings.hold_seconds)
        if Fault.DOWN_AFTER_ACCEPTING in faults:
            raise failure.broken()
        body = {"status": "IN_QUEUE", **addresses(run), "queue_position": 0}
        answer = answered(run, body | ({"gateway_request_id": run.id} if fal_webhook else {}))
        return BrokenOff(answer) if Fault.DROPPED_AFTER_ACCEPTING in faults else answer

    return app


def _read_body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise failure.sentence(400, "Invalid JSON") from error
    if not isinstance(body, dict):
        raise failure.sentence(400, "Invalid JSON")
    return body


def _refuse(faults: frozenset[str]) -> None:
    if Fault.NO_CREDIT in faults:
        raise failure.no_balance()
    if Fault.THROTTLED in faults:
        raise failure.throttled(1)
    if Fault.DOWN in faults:
        raise failure.broken()


def _type_of(detail: Any) -> str:
    return str(detail[0]["type"]) if isinstance(detail, list) and detail else "unknown"
