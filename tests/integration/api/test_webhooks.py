"""Webhooks: signed ones are noted once, all others refused, and none is believed."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from domain.attempts import AttemptState, Kind
from resources.database import attempts, jobs
from resources.database.connection import Database
from resources.database.records import Attempt
from resources.settings import Settings
from tests.conftest import DatabaseUrls

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two characters").decode()
BODY = json.dumps(
    {
        "id": "prediction1",
        "model": "minimax/video-01",
        "version": "hidden",
        "input": {},
        "status": "succeeded",
        "created_at": "2026-11-22T10:00:00Z",
        "urls": {},
    }
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    keys = {"replicate_api_token": SecretStr("r8_token"), "replicate_webhook_secret": SecretStr(SECRET)}
    return settings.model_copy(update=keys)


@pytest.fixture
async def attempt(film: str, database_urls: DatabaseUrls) -> UUID:
    async with Database(database_urls.worker).connect() as connection:
        job = await jobs.find_job(connection, UUID(film))
        assert job
        opening = await attempts.open_attempt(
            connection,
            user_id=job.user_id,
            job_id=job.id,
            scene_id=None,
            kind=Kind.CLIP,
            key="k",
            provider="replicate",
            model="minimax/video-01",
            model_version="1",
            estimate=Decimal(0),
            request={},
        )
    assert opening.attempt
    return opening.attempt


async def found(database_urls: DatabaseUrls, attempt_id: UUID) -> Attempt:
    async with Database(database_urls.worker).connect() as connection:
        attempt = await attempts.find_attempt(connection, attempt_id)
    assert attempt
    return attempt


def signed(
    body: str = BODY, *, secret: str = SECRET, at: datetime | None = None, name: str = "w1"
) -> Mapping[str, str]:
    at = at or datetime.now(UTC)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, at, body),
        "content-type": "application/json",
    }


async def tell(anybody: httpx.AsyncClient, attempt_id: UUID, body: str, headers: Mapping[str, str]) -> httpx.Response:
    return await anybody.post(f"/api/v1/webhooks/replicate/{attempt_id}", content=body, headers=dict(headers))


async def test_a_signed_webhook_gives_the_attempt_its_id(
    anybody: httpx.AsyncClient, attempt: UUID, database_urls: DatabaseUrls
) -> None:
    for _ in range(2):
        assert (await tell(anybody, attempt, BODY, signed())).status_code == 202
    told = await found(database_urls, attempt)
    assert (told.state, told.provider_request_id) == (AttemptState.SUBMITTED, "prediction1")


@pytest.mark.parametrize("forgery", ["another secret", "another body", "old", "no signature"])
async def test_a_forged_webhook_is_refused_and_changes_nothing(
    anybody: httpx.AsyncClient, attempt: UUID, database_urls: DatabaseUrls, forgery: str
) -> None:
    other = "whsec_" + base64.b64encode(b"b" * 32).decode()
    headers, body = {
        "another secret": (signed(secret=other), BODY),
        "another body": (signed(), BODY.replace("prediction1", "prediction2")),
        "old": (signed(at=datetime.now(UTC) - timedelta(minutes=6)), BODY),
        "no signature": ({"content-type": "application/json"}, BODY),
    }[forgery]
    answer = await tell(anybody, attempt, body, headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert (await found(database_urls, attempt)).state is AttemptState.INTENT


async def test_news_of_an_attempt_that_we_do_not_know_is_received_and_forgotten(anybody: httpx.AsyncClient) -> None:
    assert (await tell(anybody, uuid4(), BODY, signed())).status_code == 202


async def test_a_provider_that_is_not_set_up_has_no_webhooks(anybody: httpx.AsyncClient, attempt: UUID) -> None:
    for provider in ("pika", "local", "imaginary"):
        answer = await anybody.post(f"/api/v1/webhooks/{provider}/{attempt}", content=BODY)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
