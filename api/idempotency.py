"""From the Idempotency-Key header and a parsed body to the identity of a request."""

from pydantic import BaseModel

from studio.idempotency import RequestIdentity


def identity_of(key: str | None, operation: str, body: BaseModel) -> RequestIdentity | None:
    """Only what the client sent counts: a default that changes some day does not make it another request."""
    return RequestIdentity.of(key, operation, body.model_dump(mode="json", exclude_unset=True)) if key else None
