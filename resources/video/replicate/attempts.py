"""Whose attempt a run is. Replicate has no idempotency keys, so our own name for an attempt travels in what it keeps:
in the webhook's address, and in the metadata of the files that are uploaded for it."""

from datetime import timedelta
from uuid import UUID

from resources.video.replicate.client import ReplicateClient, Run

ATTEMPT = "recast_attempt"
"""The word of a file's metadata under which the attempt stands."""
CLOCKS_APART = timedelta(seconds=60)
"""How much earlier than our clock says a run may have been made by Replicate's."""


def is_told_by_webhook(run: Run, attempt_id: UUID, webhook_url: str | None) -> bool | None:
    """Whether a run calls this attempt's webhook; None when it tells none, or ours does not name the attempt."""
    attempt = str(attempt_id)
    if not run.webhook or not webhook_url or attempt not in webhook_url:
        return None
    return attempt in run.webhook


async def is_marked(client: ReplicateClient, file_url: str | None, attempt_id: UUID) -> bool | None:
    """Whether a file was uploaded for this attempt; None when it is not marked, or gone."""
    uploaded = await client.uploaded(file_url) if file_url else None
    mark = (uploaded.metadata or {}).get(ATTEMPT) if uploaded else None
    return None if mark is None else mark == str(attempt_id)
