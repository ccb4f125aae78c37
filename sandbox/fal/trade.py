"""What a request is on fal: a video by Pika, its price, and the webhook about it.

The queue takes any input: a model looks at it when its turn has come, and what it then says is the error of the run:
``{"status", "body"}``, an HTTP status and a JSON body.
"""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from domain.errors import RecastError
from sandbox.fal.failure import model_error
from sandbox.fal.models import APP, MODELS, PikaInput
from sandbox.fal.signing import signature
from sandbox.faults import Fault
from sandbox.references import References, UnreadableReference
from sandbox.rendering import Renderer
from sandbox.runs.outputs import Outputs
from sandbox.runs.store import Run, Status
from sandbox.runs.webhooks import Message
from sandbox.runs.worker import Bill, Produced, RunFailed

NAME = "fal"
MEDIA = "fal-media"
FLAGGED = "The content could not be processed because it contained material flagged by a content checker."
FORGED_OUTPUT = {"video": {"url": "https://example.com/forged.mp4"}}
CANCELED = {"status": 499, "body": {"detail": "Request was cancelled", "error_type": "client_cancelled"}}


class FalTrade:
    """Webhooks are tried again ten times."""

    name = NAME
    webhook_retries = 10

    def __init__(self, renderer: Renderer, outputs: Outputs, references: References, key: Ed25519PrivateKey) -> None:
        self._renderer = renderer
        self._outputs = outputs
        self._references = references
        self._key = key

    async def perform(self, run: Run) -> Produced:
        if Fault.REFUSE in run.faults:
            raise _refused(422, model_error("content_policy_violation", FLAGGED, ("body", "prompt"), run.input))
        if Fault.FAIL in run.faults:
            raise _refused(500, model_error("internal_server_error", "Internal server error", ("body",), run.input))
        given = _read(run)
        for field, address in given.addresses():
            try:
                await self._references.check(field, address)
            except UnreadableReference as error:
                kind = "file_download_error"
                raise _refused(422, model_error(kind, str(error), ("body", field), run.input)) from error
        try:
            path = await self._renderer.render(given.picture(run.model, run.faults))
        except RecastError as error:
            raise _refused(500, model_error("internal_server_error", "Internal server error", ("body",), {})) from error
        video = {
            "url": self._outputs.publish(MEDIA, path, "output.mp4", run.faults),
            "content_type": "video/mp4",
            "file_name": "output.mp4",
            "file_size": path.stat().st_size,
        }
        return Produced({"video": video}, f"Rendered {given.duration} s\n")

    def bill(self, run: Run) -> Bill | None:
        """What did not succeed costs nothing."""
        return Bill(_read(run).price, run.input) if run.status is Status.SUCCEEDED else None

    def concluded(self, run: Run) -> None:
        """Nothing else comes of a request."""

    def timed_out(self) -> dict[str, Any]:
        return {"status": 504, "body": {"detail": "Request timed out", "error_type": "request_timeout"}}

    def message(self, run: Run, *, forged: bool = False) -> Message:
        body: dict[str, Any] = {"request_id": run.id, "gateway_request_id": run.id}
        key = self._key
        if forged:
            body |= {"status": "OK", "payload": FORGED_OUTPUT}
            key = Ed25519PrivateKey.generate()
        elif run.status is Status.SUCCEEDED:
            body |= {"status": "OK", "payload": run.output}
        else:
            error = error_of(run)
            body |= {"status": "ERROR", "error": f"Invalid status code: {error['status']}", "payload": error["body"]}
        assert run.webhook is not None
        return Message(run.webhook, json.dumps(body).encode(), signature(key, run.id))


def error_of(run: Run) -> dict[str, Any]:
    """What a run that did not succeed is answered with."""
    error: dict[str, Any] = run.error or CANCELED
    return error


def _read(run: Run) -> PikaInput:
    """Raises ``RunFailed`` in pydantic's words, as the real models do, for an input that does not fit."""
    if Fault.INVALID in run.faults:
        message = "Value error, the prompt is not valid"
        raise _refused(422, model_error("value_error", message, ("body", "prompt"), run.input))
    if run.model not in MODELS:
        raise _refused(404, {"detail": f"Path {run.model.removeprefix(APP)} not found"})
    try:
        return MODELS[run.model].model_validate(dict(run.input))
    except ValidationError as error:
        items = json.loads(error.json(include_url=False))
        detail = [{**item, "loc": ["body", *item["loc"]]} for item in items]
        raise _refused(422, {"detail": detail}) from error


def _refused(status: int, body: dict[str, Any]) -> RunFailed:
    return RunFailed({"status": status, "body": body})
