"""Trouble on demand: by a word in the prompt, or at a rate, and what else can be changed while the sandbox runs.

``python -m sandbox.faults`` prints the words as a markdown table.
"""

import hashlib
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

WORD = re.compile(r"\[\[([a-z0-9-]+)\]\]|\(\(([a-z0-9-]+)\)\)")
ONCE = "-once"


class Fault(StrEnum):
    """The values are the words that stand in a prompt: ``[[refuse]]``, or ``((refuse))`` in a transcript, where square
    brackets hold sounds. ``[[refuse-once]]`` happens once."""

    NO_CREDIT = "402"
    INVALID = "422"
    THROTTLED = "429"
    DOWN = "500"
    DOWN_AFTER_ACCEPTING = "500-after-accepting"
    TIMEOUT_AFTER_ACCEPTING = "timeout-after-accepting"
    DROPPED_AFTER_ACCEPTING = "dropped-after-accepting"
    REFUSE = "refuse"
    FAIL = "fail"
    SLOW = "slow"
    STUCK = "stuck"
    STUCK_STARTING = "stuck-starting"
    OUTPUT_GONE = "output-gone"
    OUTPUT_UNAVAILABLE = "output-unavailable"
    CORRUPT_OUTPUT = "corrupt-output"
    ENDLESS_OUTPUT = "endless-output"
    BLACK = "black"
    FROZEN = "frozen"
    SHORT = "short"
    REDIRECT_TO_PRIVATE = "redirect-to-private"
    PRIVATE_OUTPUT = "private-output"
    WEBHOOK_LOST = "webhook-lost"
    WEBHOOK_DOUBLED = "webhook-doubled"
    WEBHOOK_FORGED = "webhook-forged"
    WEBHOOK_REPLAYED = "webhook-replayed"


EXPLANATIONS = {
    Fault.NO_CREDIT: "Refused: the account's credit is used up.",
    Fault.INVALID: "Refused: the prompt does not fit the model's schema.",
    Fault.THROTTLED: "Refused: too many requests, with Retry-After.",
    Fault.DOWN: "Refused with a 500; nothing was created.",
    Fault.DOWN_AFTER_ACCEPTING: "Created (and billed when done), but answered with a 500.",
    Fault.TIMEOUT_AFTER_ACCEPTING: "Created (and billed when done), but never answered.",
    Fault.DROPPED_AFTER_ACCEPTING: "Created (and billed when done), but the connection breaks off within the answer.",
    Fault.REFUSE: "Runs, and is refused by the content filter in the service's words; not billed.",
    Fault.FAIL: "Runs and fails by a fault of the service's own; not billed.",
    Fault.SLOW: "Takes longer by the setting for slow ones (20 s).",
    Fault.STUCK: "Starts and never ends, until it is canceled or times out.",
    Fault.STUCK_STARTING: "Never starts.",
    Fault.OUTPUT_GONE: "Succeeds and is billed, but its file is not there (404).",
    Fault.OUTPUT_UNAVAILABLE: "Succeeds and is billed; its file is answered with a 503 (once: only the first time).",
    Fault.CORRUPT_OUTPUT: "Succeeds and is billed with a file that cannot be decoded.",
    Fault.ENDLESS_OUTPUT: "Succeeds and is billed with a file that never ends.",
    Fault.BLACK: "Succeeds and is billed with a black picture.",
    Fault.FROZEN: "Succeeds and is billed with a picture that stands still.",
    Fault.SHORT: "Succeeds and is billed with half of the seconds that were asked for.",
    Fault.REDIRECT_TO_PRIVATE: "Succeeds and is billed; its file redirects to a cloud's metadata address.",
    Fault.PRIVATE_OUTPUT: "Succeeds and is billed with an output address in a private network.",
    Fault.WEBHOOK_LOST: "No webhook is sent.",
    Fault.WEBHOOK_DOUBLED: "Every webhook is sent twice under one id.",
    Fault.WEBHOOK_FORGED: "A stranger's webhook with another result and a wrong signature comes before the true one.",
    Fault.WEBHOOK_REPLAYED: "Every webhook is sent once more, an hour old by its (validly signed) time stamp.",
}


class Controls(BaseModel):
    """What ``POST /faults`` changes; a field that is left out stays as it is.

    ``rates`` is the share (0 to 1) of submissions that meet a fault, by its word, with or without ``-once``.
    ``prediction_seconds`` is how long a video takes; ``creates_per_minute`` is the rate limit.
    """

    model_config = ConfigDict(extra="forbid")

    rates: dict[str, float] = Field(default_factory=dict)
    seed: int = 0
    prediction_seconds: float | None = Field(default=None, ge=0, le=3600)
    creates_per_minute: int | None = Field(default=None, ge=1)


@dataclass(slots=True)
class Trouble:
    """Decides which faults a submission meets, and counts them.

    A fault that happens once happens at the first submission of its prompt and not again. A rate is drawn from the
    seed, the prompt and how often it was submitted: the same in every run, in whatever order submissions come.
    """

    controls: Controls = field(default_factory=Controls)
    met: Counter[str] = field(default_factory=Counter)
    _submissions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def meet(self, service: str, prompt: str) -> frozenset[str]:
        """The faults of this submission. What happens once is in it under both names, ``x-once`` and ``x``: most
        need only know that it happens now."""
        self._submissions[service, prompt] += 1
        attempt = self._submissions[service, prompt]
        words = {word for match in WORD.findall(prompt) for word in match if _known(word)}
        words |= {word for word, rate in self.controls.rates.items() if self._draw(word, prompt, attempt) < rate}
        faults = {word for word in words if not word.endswith(ONCE) or attempt == 1}
        self.met.update(faults)
        return frozenset(faults | {word.removesuffix(ONCE) for word in faults})

    def forget(self) -> None:
        """Everything as at the start."""
        self.controls = Controls()
        self.met.clear()
        self._submissions.clear()

    def _draw(self, word: str, prompt: str, attempt: int) -> float:
        text = f"{self.controls.seed}:{word}:{prompt}:{attempt}"
        return random.Random(hashlib.sha256(text.encode()).digest()).random()


def markdown_table() -> str:
    rows = [f"| `[[{fault}]]` | {sentence} |" for fault, sentence in EXPLANATIONS.items()]
    return "\n".join(["| Word | What happens |", "|---|---|", *rows])


def faults_router(trouble: Trouble) -> APIRouter:
    """``GET``, ``POST`` and ``DELETE /faults``: read, change and reset."""
    router = APIRouter(prefix="/faults", include_in_schema=False)

    @router.get("")
    def read() -> dict[str, Any]:
        return {"controls": trouble.controls.model_dump(), "met": dict(trouble.met), "words": EXPLANATIONS}

    @router.post("")
    def change(controls: Controls) -> Any:
        if unknown := sorted(word for word in controls.rates if not _known(word)):
            return JSONResponse({"detail": f"Unknown faults: {', '.join(unknown)}"}, status_code=422)
        trouble.controls = trouble.controls.model_copy(update=controls.model_dump(exclude_unset=True))
        return read()

    @router.delete("")
    def reset() -> dict[str, Any]:
        trouble.forget()
        return read()

    return router


def _known(word: str) -> bool:
    return word.removesuffix(ONCE) in EXPLANATIONS


if __name__ == "__main__":
    print(markdown_table())
