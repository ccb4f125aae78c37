"""What a run is on Replicate: a video or a training, its price, and the webhook about it."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from domain.errors import RecastError
from sandbox.faults import Fault
from sandbox.rendering import Renderer
from sandbox.replicate.catalogue import Model, catalogue
from sandbox.replicate.shapes import run_body
from sandbox.replicate.signing import PREFIX, signature
from sandbox.runs.outputs import Outputs
from sandbox.runs.store import Run, Status
from sandbox.runs.webhooks import Message
from sandbox.runs.worker import Produced, RunFailed

NAME = "replicate"
DELIVERY = "replicate-delivery"
SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
INTERRUPTED = "Prediction interrupted; please retry (code: PA)"
FORGED_OUTPUT = "https://example.com/forged.mp4"


class ReplicateTrade:
    """Webhooks are tried again with pauses that double: the last try comes about a minute after the first."""

    name = NAME
    webhook_retries = 6

    def __init__(
        self, renderer: Renderer, outputs: Outputs, secret: str, base_url: str, clock: Callable[[], float]
    ) -> None:
        self._renderer = renderer
        self._outputs = outputs
        self._secret = secret
        self._base_url = base_url
        self._clock = clock

    async def perform(self, run: Run) -> Produced:
        if Fault.REFUSE in run.faults:
            raise RunFailed(SENSITIVE)
        if Fault.FAIL in run.faults:
            raise RunFailed(INTERRUPTED)
        model = catalogue()[run.model]
        if reasons := list(refusals(model, run.input)):
            raise RunFailed(" ".join(reasons))
        return await self._film(model, run)

    def price(self, run: Run) -> Decimal:
        return catalogue()[run.model].cost(run.input)

    def timed_out(self) -> str:
        return "Prediction timed out"

    def message(self, run: Run, *, forged: bool = False) -> Message:
        body = run_body(run, self._base_url, self._clock())
        body |= {"webhook": run.webhook, "webhook_events_filter": list(run.events)}
        secret = self._secret
        if forged:
            body |= {"status": Status.SUCCEEDED, "output": FORGED_OUTPUT, "error": None}
            secret = PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()
        assert run.webhook is not None
        return Message(run.webhook, json.dumps(body).encode(), signature(secret, f"msg_{secrets.token_hex(14)}"))

    async def _film(self, model: Model, run: Run) -> Produced:
        picture = model.picture(run.input, run.faults)
        try:
            path = await self._renderer.render(picture)
        except RecastError as error:
            raise RunFailed(INTERRUPTED, str(error.cause)) from error
        logs = f"Rendered {picture.seconds:g} s at {picture.width}x{picture.height}, {picture.frame_rate} frames/s\n"
        return Produced(self._outputs.publish(DELIVERY, path, f"tmp{run.id[:8]}.mp4", run.faults), logs)


def refusals(model: Model, given: Mapping[str, Any]) -> Iterator[str]:
    """What the schema lets pass and the model itself does not."""
    facts = model.facts
    for one, other in facts["conflicts"]:
        if given.get(one) and given.get(other):
            yield f"{one} cannot be used together with {other}."
    for one, other in facts["needs"].items():
        if given.get(one) and not given.get(other):
            yield f"{one} requires {other}."
    for one, conditions in facts.get("only_with", {}).items():
        for name, value in conditions.items():
            if given.get(one) and given.get(name, value) != value:
                yield f"{one} can only be used with {name} {value}."
    if (needed := facts.get("at_least_one_of")) and not any(given.get(name) for name in needed):
        yield f"At least one of {', '.join(needed)} is required."
    if limit := facts.get("at_most_in_all"):
        count = sum(len(given.get(name) or ()) for name in limit["fields"])
        if count > limit["count"]:
            yield f"At most {limit['count']} references are allowed in all, got {count}."
