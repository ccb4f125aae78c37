"""What the routes of Replicate work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Trouble
from sandbox.replicate import failure
from sandbox.replicate.shapes import run_body
from sandbox.replicate.shelf import Shelf
from sandbox.replicate.trade import NAME
from sandbox.replicate.uploads import Uploads
from sandbox.runs.store import Run, RunStore
from sandbox.runs.worker import Worker
from sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class Desk:
    settings: SandboxSettings
    store: RunStore
    worker: Worker
    trouble: Trouble
    shelf: Shelf
    uploads: Uploads
    webhook_secret: str
    clock: Callable[[], float]

    @property
    def api_url(self) -> str:
        return f"{self.settings.base_url}/replicate/v1"

    def shown(self, run: Run) -> dict[str, Any]:
        return run_body(run, self.settings.base_url, self.clock())

    def found(self, kind: str, run_id: str) -> Run:
        """The run as it is now. Raises ``ReplicateError`` for one that is not there."""
        run = self.store.get(NAME, kind, run_id)
        if run is None:
            raise failure.not_found()
        return self.worker.settled(run)
