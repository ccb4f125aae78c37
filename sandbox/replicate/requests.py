"""Reads what clients ask for: bodies, headers, webhooks."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request

from sandbox.references import is_near
from sandbox.replicate.failure import invalid, problem
from sandbox.replicate.validation import InvalidField

EVENTS = ("start", "output", "logs", "completed")
MAX_WAIT_SECONDS = 60
MIN_CANCEL_AFTER_SECONDS = 5
PREFER = re.compile(r"wait(?:=(\d+))?")
CANCEL_AFTER = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered: ``input`` is not checked yet."""

    input: Any
    webhook: str | None
    events: Sequence[str]
    body: Mapping[str, Any]


async def read_order(request: Request) -> Order:
    """Raises ``ReplicateError``, also for a webhook that would not be called."""
    body = await read_body(request)
    if "input" not in body:
        raise invalid([InvalidField("required", "(root)", "input is required")])
    webhook, events = body.get("webhook"), body.get("webhook_events_filter")
    if webhook is not None and not is_callable(webhook):
        raise invalid([InvalidField("format", "webhook", "Does not match format 'uri'")])
    if events is not None and (not isinstance(events, list) or not set(events) <= set(EVENTS)):
        allowed = ", ".join(f'"{event}"' for event in EVENTS)
        description = f"webhook_events_filter must be one of the following: {allowed}"
        raise invalid([InvalidField("enum", "webhook_events_filter", description)])
    return Order(body["input"], webhook, tuple(EVENTS if events is None else events), body)


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises ``ReplicateError``."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise problem(400, "The request body is not valid JSON.", "Bad request") from error
    if not isinstance(body, dict):
        raise problem(400, "The request body is not a JSON object.", "Bad request")
    return body


def is_callable(webhook: Any) -> bool:
    """HTTPS anywhere; plain HTTP only on this machine or a name without a dot, as containers have."""
    if not isinstance(webhook, str):
        return False
    try:
        parts = urlsplit(webhook)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_near(host)))


def wait_seconds(request: Request) -> int | None:
    """From ``Prefer: wait`` or ``wait=n``; nothing when the client does not want to wait."""
    match = PREFER.fullmatch(request.headers.get("prefer", "").strip())
    if match is None:
        return None
    return min(max(int(match.group(1) or MAX_WAIT_SECONDS), 1), MAX_WAIT_SECONDS)


def cancel_after_seconds(request: Request) -> int | None:
    """From ``Cancel-After``: "90", "90s", "15m", "1h30m". Raises ``ReplicateError``."""
    text = request.headers.get("cancel-after")
    if text is None:
        return None
    match = CANCEL_AFTER.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise problem(422, "Invalid Cancel-After header: not a duration.", "Invalid Cancel-After header")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total < MIN_CANCEL_AFTER_SECONDS:
        detail = f"Invalid Cancel-After header: must be at least {MIN_CANCEL_AFTER_SECONDS} seconds."
        raise problem(422, detail, "Invalid Cancel-After header")
    return total


def moment(text: str | None, name: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 time. Raises ``ReplicateError``."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).timestamp()
    except ValueError as error:
        raise problem(400, f"Invalid {name}: not an ISO 8601 date-time.", "Bad request") from error
