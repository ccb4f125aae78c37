"""What the real services would have charged: kept apart from them, for tests and benchmarks to read."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from fastapi import APIRouter

from sandbox.sqlite import SqliteFile

LEDGER_FILE = "providers.sqlite3"
SCHEMA = """
create table if not exists charges (
  service text not null, id text not null, kind text not null, model text not null, identity text not null,
  prompt text not null, seed integer, webhook text, input text not null, amount text not null, at real not null,
  primary key (service, id)
);
create index if not exists charges_identity on charges (identity)
"""


@dataclass(frozen=True, slots=True)
class Charge:
    """``id`` is the service's own (a prediction, a training, a request); ``amount`` is in US dollars, ``at`` in seconds
    since 1970.

    ``kind`` is "succeeded", or "canceled" for what was canceled after it had started. ``identity`` is the same for two
    charges for the same work, see ``identity_of``.
    """

    service: str
    id: str
    kind: str
    model: str
    identity: str
    prompt: str
    seed: int | None
    webhook: str | None
    input: Mapping[str, Any]
    amount: Decimal
    at: float

    def body(self) -> dict[str, Any]:
        return asdict(self) | {"amount": money(self.amount)}


class Ledger:
    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        file.create(SCHEMA)

    def charge(self, charge: Charge) -> None:
        """Written once for its service and id, however often it is called."""
        with self._file.transaction() as db:
            db.execute(
                "insert or ignore into charges values (:service, :id, :kind, :model, :identity, :prompt, :seed,"
                " :webhook, :input, :amount, :at)",
                charge.body() | {"input": json.dumps(charge.input)},
            )

    def charges(
        self, *, service: str | None = None, model: str | None = None, prompt: str | None = None, since: float = 0
    ) -> list[Charge]:
        """Oldest first. ``prompt`` is a part of it, ``since`` is in seconds since 1970."""
        with self._file.transaction() as db:
            rows = db.execute(
                "select * from charges where (:service is null or service = :service)"
                " and (:model is null or model = :model) and (:prompt is null or instr(prompt, :prompt) > 0)"
                " and at >= :since order by at, id",
                {"service": service, "model": model, "prompt": prompt, "since": since},
            ).fetchall()
        return [
            Charge(**{**dict(row), "input": json.loads(row["input"]), "amount": Decimal(row["amount"])}) for row in rows
        ]


def read_charges(data_dir: Path) -> list[Charge]:
    """All charges of the sandbox that keeps its data in ``data_dir``, also while it runs."""
    return Ledger(SqliteFile(data_dir / LEDGER_FILE)).charges()


def duplicates(charges: Sequence[Charge], by: str = "identity") -> list[list[Charge]]:
    """Groups of two or more charges for the same work; ``by`` is "identity" or "prompt"."""
    groups: defaultdict[tuple[str, ...], list[Charge]] = defaultdict(list)
    for charge in charges:
        groups[(charge.model, charge.prompt) if by == "prompt" else (charge.identity,)].append(charge)
    return [group for group in groups.values() if len(group) > 1]


def identity_of(model: str, given: Mapping[str, Any]) -> str:
    """SHA-256 of the model and its input as canonical JSON.

    The query of a URL in the input is left out: two signatures for one object lead to the same picture. What else
    stands for the same thing under several names, the caller has made one.
    """
    canonical = json.dumps([model, _without_queries(given)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def prompt_of(given: Mapping[str, Any]) -> str:
    """The input's prompt; a trainer's trigger word stands in for it."""
    return str(given.get("prompt") or given.get("trigger_word") or "")


def money(amount: Decimal) -> str:
    """At least cents, and what is smaller where there is some."""
    cents = Decimal("0.01")
    return str(amount.quantize(cents) if amount == amount.quantize(cents) else amount.normalize())


def _without_queries(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_queries(item) for key, item in value.items()}
        case list():
            return [_without_queries(item) for item in value]
        case str() if value.startswith(("http://", "https://")):
            return urlunsplit(urlsplit(value)._replace(query="", fragment=""))
    return value


def billing_router(ledger: Ledger) -> APIRouter:
    """``GET /billing`` and ``GET /billing/duplicates``; amounts are decimal numbers as text."""
    router = APIRouter(prefix="/billing", include_in_schema=False)

    @router.get("")
    def read(
        service: str | None = None, model: str | None = None, prompt: str | None = None, since: float = 0
    ) -> dict[str, Any]:
        charges = ledger.charges(service=service, model=model, prompt=prompt, since=since)
        return {"totals": _totals(charges), "charges": [charge.body() for charge in charges]}

    @router.get("/duplicates")
    def read_duplicates(
        by: Literal["identity", "prompt"] = "identity",
        service: str | None = None,
        prompt: str | None = None,
        since: float = 0,
    ) -> dict[str, Any]:
        groups = duplicates(ledger.charges(service=service, prompt=prompt, since=since), by)
        extra = [charge for group in groups for charge in group[1:]]
        return {
            "count": len(extra),
            "amount": money(sum((charge.amount for charge in extra), Decimal(0))),
            "groups": [[charge.body() for charge in group] for group in groups],
        }

    return router


def _totals(charges: Sequence[Charge]) -> dict[str, Any]:
    by_service: defaultdict[str, Decimal] = defaultdict(Decimal)
    for charge in charges:
        by_service[charge.service] += charge.amount
    return {
        "count": len(charges),
        "amount": money(sum((charge.amount for charge in charges), Decimal(0))),
        "by_service": {service: money(amount) for service, amount in by_service.items()},
    }
