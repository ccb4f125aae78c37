"""Two sets of books side by side: what the sandbox's services would have charged, and what the product knows of it."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from psycopg.rows import class_row
from pydantic import BaseModel

from cli.stack.environment import SANDBOX_REPLICATE_TOKEN
from cli.stack.state import LiveStack
from resources.database.connection import Connection
from resources.database.records import Record

SANDBOX_SECONDS = 60.0


class Charge(BaseModel):
    """One line of the sandbox's ledger; ``at`` is in seconds since 1970."""

    service: str
    id: str
    model: str
    webhook: str | None
    amount: Decimal
    at: float

    @property
    def attempt_id(self) -> UUID | None:
        """The attempt that the order was made for, as its webhook's address tells."""
        try:
            return UUID(urlsplit(self.webhook or "").path.rpartition("/")[2])
        except ValueError:
            return None


class Prediction(BaseModel):
    """What the sandbox's Replicate tells of one."""

    id: str
    status: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.status not in ("starting", "processing")


class Entry(Record):
    """An attempt of the product's ledger."""

    id: UUID
    user_id: UUID
    purchase_key: str
    provider: str
    provider_request_id: str | None
    state: str
    cost_usd: Decimal | None


@dataclass(frozen=True)
class Comparison:
    """``charges`` were made for ``keys`` different clips. ``double_paid`` are those beyond one for each clip, and those
    for which no attempt was ever written; ``unrecorded`` are those that the ledger has not down as paid."""

    charges: int
    keys: int
    double_paid: int
    unrecorded: int


def compare(charges: Sequence[Charge], entries: Sequence[Entry]) -> Comparison:
    by_id = {entry.id: entry for entry in entries}
    by_request = {(entry.provider, entry.provider_request_id): entry for entry in entries if entry.provider_request_id}
    paid_for: Counter[tuple[UUID, str]] = Counter()
    strangers = unrecorded = 0
    for charge in charges:
        known = by_request.get((charge.service, charge.id))
        ordered = by_id.get(charge.attempt_id) if charge.attempt_id else known
        if ordered is None:
            strangers += 1
        else:
            paid_for[ordered.user_id, ordered.purchase_key] += 1
        if known is None or known is not ordered or not known.cost_usd:
            unrecorded += 1
    beyond = sum(count - 1 for count in paid_for.values())
    return Comparison(len(charges), len(paid_for), beyond + strangers, unrecorded)


async def read_charges(stack: LiveStack, *, service: str = "replicate", since: float = 0) -> list[Charge]:
    async with httpx.AsyncClient(timeout=SANDBOX_SECONDS) as http:
        answer = await http.get(f"{stack.urls['sandbox']}/billing", params={"service": service, "since": since})
    return [Charge.model_validate(one) for one in answer.raise_for_status().json()["charges"]]


async def read_predictions(stack: LiveStack) -> AsyncIterator[Prediction]:
    """All predictions of the sandbox's Replicate, the newest first."""
    headers = {"Authorization": f"Bearer {SANDBOX_REPLICATE_TOKEN}"}
    url: str | None = f"{stack.urls['sandbox']}/replicate/v1/predictions"
    async with httpx.AsyncClient(timeout=SANDBOX_SECONDS, headers=headers) as http:
        while url:
            page = (await http.get(url)).raise_for_status().json()
            for one in page["results"]:
                yield Prediction.model_validate(one)
            url = page["next"]


async def read_entries(connection: Connection) -> list[Entry]:
    cursor = connection.cursor(row_factory=class_row(Entry))
    await cursor.execute(
        "select id, user_id, purchase_key, provider, provider_request_id, state, cost_usd from provider_attempts"
    )
    return await cursor.fetchall()
