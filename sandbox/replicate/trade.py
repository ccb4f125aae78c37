"""What a run is on Replicate: a video, pictures or a training, its price, and the webhook about it."""

import asyncio
import base64
import hashlib
import io
import json
import secrets
import tarfile
from collections.abc import Callable
from pathlib import Path

from domain.errors import RecastError
from sandbox.faults import Fault
from sandbox.references import References, UnreadableReference
from sandbox.rendering import Renderer
from sandbox.replicate.catalogue import Model, catalogue, trained_model
from sandbox.replicate.refusals import refusals
from sandbox.replicate.shapes import DEFAULT_STEPS, run_body
from sandbox.replicate.shelf import Shelf
from sandbox.replicate.signing import PREFIX, SECRET_BYTES, signature
from sandbox.replicate.uploads import Uploads
from sandbox.runs.outputs import Outputs
from sandbox.runs.store import Run, Status
from sandbox.runs.webhooks import Message
from sandbox.runs.worker import Bill, Produced, RunFailed

NAME = "replicate"
DELIVERY = "replicate-delivery"
SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
INTERRUPTED = "Prediction interrupted; please retry (code: PA)"
FORGED_OUTPUT = "https://example.com/forged.mp4"
WEIGHTS_FILE = "output/flux_train_replicate/lora.safetensors"


class ReplicateTrade:
    """Webhooks are tried again with pauses that double: the last try comes about a minute after the first."""

    name = NAME
    webhook_retries = 6

    def __init__(
        self,
        renderer: Renderer,
        outputs: Outputs,
        shelf: Shelf,
        uploads: Uploads,
        secret: str,
        base_url: str,
        clock: Callable[[], float],
    ) -> None:
        self._renderer = renderer
        self._outputs = outputs
        self._shelf = shelf
        self._uploads = uploads
        self._references = References(uploads.read)
        self._secret = secret
        self._base_url = base_url
        self._clock = clock

    async def perform(self, run: Run) -> Produced:
        if Fault.REFUSE in run.faults:
            raise RunFailed(SENSITIVE)
        if Fault.FAIL in run.faults:
            raise RunFailed(INTERRUPTED)
        model = _model_of(run)
        if reasons := list(refusals(model, run.input)):
            raise RunFailed(" ".join(reasons))
        try:
            for field, address in model.addresses(run.input):
                await self._references.check(field, address)
            if run.kind == "training":
                return await asyncio.to_thread(self._train, run)
            return await (self._draw(model, run) if model is trained_model() else self._film(model, run))
        except UnreadableReference as error:
            raise RunFailed(str(error)) from error
        except RecastError as error:
            raise RunFailed(INTERRUPTED, str(error.cause)) from error

    def bill(self, run: Run) -> Bill | None:
        """Billed is what succeeded, and what was canceled after it had started: in full, as if it had ended."""
        if run.status is not Status.SUCCEEDED and not (run.status is Status.CANCELED and run.started_at):
            return None
        model, work = _model_of(run), dict(run.input)
        for field, address in model.addresses(run.input):
            if digest := self._uploads.digest(address):
                given = work[field]
                work[field] = [digest if item == address else item for item in given] if given != address else digest
        return Bill(model.cost(run.input), work)

    def timed_out(self) -> str:
        return "Prediction timed out"

    def message(self, run: Run, *, forged: bool = False) -> Message:
        body = run_body(run, self._base_url, self._clock())
        body |= {"webhook": run.webhook, "webhook_events_filter": list(run.events)}
        secret = self._secret
        if forged:
            body |= {"status": Status.SUCCEEDED, "output": FORGED_OUTPUT, "error": None}
            secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        assert run.webhook is not None
        return Message(run.webhook, json.dumps(body).encode(), signature(secret, f"msg_{secrets.token_hex(14)}"))

    async def _film(self, model: Model, run: Run) -> Produced:
        picture = model.picture(run.input, run.faults)
        path = await self._renderer.render(picture)
        logs = f"Rendered {picture.seconds:g} s at {picture.width}x{picture.height}, {picture.frame_rate} frames/s\n"
        return Produced(self._publish(run, path, ".mp4"), logs)

    async def _draw(self, model: Model, run: Run) -> Produced:
        suffix = f".{run.input.get('output_format', 'webp')}"
        pictures = []
        for number in range(run.input.get("num_outputs", 1)):
            seed = f"{run.input.get('seed')} {number} {run.version}"
            picture = model.picture({**run.input, "seed": seed}, run.faults)
            pictures.append(self._publish(run, await self._renderer.draw_still(picture, suffix), suffix))
        return Produced(pictures)

    def _train(self, run: Run) -> Produced:
        """A new version and its weights as a tar file. A run that is done twice makes one version."""
        version = hashlib.sha256(run.id.encode()).hexdigest()
        path = self._renderer.folder / f"{version}.tar"
        path.parent.mkdir(parents=True, exist_ok=True)
        weights = hashlib.shake_256(run.id.encode()).digest(64 * 1024)
        with tarfile.open(path, "w") as archive:
            entry = tarfile.TarInfo(WEIGHTS_FILE)
            entry.size = len(weights)
            archive.addfile(entry, io.BytesIO(weights))
        destination = run.details["destination"]
        output = {"version": f"{destination}:{version}", "weights": self._publish(run, path, ".tar")}
        return Produced(output, f"Trained {run.input.get('steps', DEFAULT_STEPS)} steps\n")

    def concluded(self, run: Run) -> None:
        """The version of a training that succeeded is there from now on."""
        if run.kind == "training" and run.status is Status.SUCCEEDED:
            name, _, version = run.output["version"].partition(":")
            self._shelf.add_version(name, version)

    def _publish(self, run: Run, path: Path, suffix: str) -> str:
        return self._outputs.publish(DELIVERY, path, f"tmp{run.id[:8]}{suffix}", run.faults)


def _model_of(run: Run) -> Model:
    return catalogue().get(run.model) or trained_model()
