"""Webhooks of the video providers: a signed hint that an attempt has news. What they say is not believed, only looked
into; what is not signed is refused."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from api.dependencies import ServicesOf
from api.views.webhooks import Received
from resources.database import attempts

router = APIRouter(prefix="/webhooks", tags=["service"], include_in_schema=False)


@router.post("/{provider}/{attempt_id}", status_code=202)
async def receive_webhook(
    provider: Annotated[str, Path(max_length=50)], attempt_id: UUID, request: Request, services: ServicesOf
) -> Received:
    """A delivery that was seen before, or tells of nothing we know, is received just the same: the provider shall not
    send it again."""
    event = await services.webhooks(provider).verify(request.headers, await request.body())
    async with services.database.as_webhook_receiver() as connection:
        await attempts.receive_webhook(connection, event.webhook_id, provider, attempt_id, event.request_id)
    return Received()
