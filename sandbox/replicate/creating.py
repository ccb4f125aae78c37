"""Takes an order, or refuses it: the same for predictions and trainings."""

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from sandbox.billing import prompt_of
from sandbox.faults import Fault
from sandbox.holding import BrokenOff, hold
from sandbox.replicate import failure
from sandbox.replicate.catalogue import Model
from sandbox.replicate.desk import Desk
from sandbox.replicate.requests import MAX_WAIT_SECONDS, Order, cancel_after_seconds, wait_seconds
from sandbox.replicate.trade import NAME
from sandbox.replicate.validation import InvalidField, invalid_fields
from sandbox.runs.store import Run

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_CHARACTERS = 26
CLOCK_DIGITS = 6
"""Microseconds, as time stamps show: a list may be limited by exactly what was shown."""


async def accept(
    desk: Desk,
    request: Request,
    order: Order,
    kind: str,
    model: Model,
    version: str,
    model_name: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Response:
    """``model_name`` is the account's own for a trained model. Raises ``ReplicateError`` for what is not accepted."""
    if fields := list(invalid_fields(order.input, model.input_schema)):
        raise failure.invalid(fields)
    deadline_seconds = cancel_after_seconds(request)
    faults = desk.trouble.meet(NAME, prompt_of(order.input))
    _refuse(faults)
    now = round(desk.clock(), CLOCK_DIGITS)
    run = Run(
        id="".join(secrets.choice(ID_ALPHABET) for _ in range(ID_CHARACTERS)),
        service=NAME,
        kind=kind,
        model=model_name or model.name,
        version=version,
        input=order.input,
        created_at=now,
        webhook=order.webhook,
        events=order.events,
        faults=sorted(faults),
        details=details or {},
        deadline_at=now + deadline_seconds if deadline_seconds else None,
    )
    desk.worker.accept(run)
    return await _answer(desk, request, run)


async def _answer(desk: Desk, request: Request, run: Run) -> Response:
    headers = {"Location": f"{desk.api_url}/{run.kind}s/{run.id}"}
    seconds = wait_seconds(request)
    if seconds is not None:
        run = await desk.worker.wait(run, seconds)
        headers["Preference-Applied"] = "wait" if seconds == MAX_WAIT_SECONDS else f"wait={seconds}"
    if Fault.TIMEOUT_AFTER_ACCEPTING in run.faults:
        return await hold(request, desk.settings.hold_seconds)
    if Fault.DOWN_AFTER_ACCEPTING in run.faults:
        raise failure.broken()
    answer = JSONResponse(desk.shown(run), 202 if seconds and not run.status.is_final else 201, headers)
    return BrokenOff(answer) if Fault.DROPPED_AFTER_ACCEPTING in run.faults else answer


def _refuse(faults: frozenset[str]) -> None:
    if Fault.NO_CREDIT in faults:
        raise failure.no_credit()
    if Fault.INVALID in faults:
        raise failure.invalid([InvalidField("pattern", "input.prompt", "Does not match pattern '^[^\\[]*$'")])
    if Fault.THROTTLED in faults:
        raise failure.throttled(1)
    if Fault.DOWN in faults:
        raise failure.broken()
