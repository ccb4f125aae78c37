"""Whose webhooks are believed."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from standardwebhooks import Webhook

from domain.errors import ErrorCode, RecastError
from resources.video.asking import Asking
from resources.video.fal.webhooks import FalWebhooks
from resources.video.protocol import BusyError, TakeStatus
from resources.video.replicate.client import ReplicateClient
from resources.video.replicate.webhooks import ReplicateWebhooks
from resources.video.webhooks import WebhookEvent, webhooks
from tests.integration.providers.server import reply, serving

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()
OTHER = "whsec_" + base64.b64encode(b"another one, 24 bytes...").decode()
BODY = json.dumps({"id": "abc123", "status": "succeeded", "output": "https://replicate.delivery/a.mp4"}).encode()


def signed(body: bytes = BODY, secret: str = SECRET, age: timedelta = timedelta(0)) -> dict[str, str]:
    at = datetime.now(UTC) - age
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": f"v1,bm90aGluZw== {Webhook(secret).sign('msg_1', at, body.decode())}",
    }


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def asking(url: str) -> Asking:
    async def no_pause(seconds: float) -> None:
        return None

    return Asking("Replicate", url, {"Authorization": "Bearer r8_test"}, submit_seconds=1, sleep=no_pause)


def with_secret(url: str = "http://127.0.0.1:9") -> ReplicateWebhooks:
    return ReplicateWebhooks(ReplicateClient(asking(url)), SECRET)


async def refused(verifier, headers: Mapping[str, str], body: bytes) -> None:
    with pytest.raises(RecastError) as caught:
        await verifier.verify(headers, body)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED


async def test_a_signed_webhook_names_its_prediction():
    event = await with_secret().verify(signed(), BODY)
    assert event == WebhookEvent(webhook_id="msg_1", request_id="abc123", status=TakeStatus.SUCCEEDED)


@pytest.mark.parametrize(
    "status", [("starting", TakeStatus.QUEUED), ("processing", TakeStatus.RUNNING), ("aborted", TakeStatus.CANCELED)]
)
async def test_a_webhook_tells_the_status_in_our_words(status):
    body = json.dumps({"id": "abc123", "status": status[0]}).encode()
    assert (await with_secret().verify(signed(body), body)).status is status[1]


@pytest.mark.parametrize(
    "sent",
    [
        lambda: (signed(secret=OTHER), BODY),
        lambda: (signed(), BODY.replace(b"succeeded", b"failed")),
        lambda: (signed(), BODY + b" "),
        lambda: (signed(age=timedelta(minutes=6)), BODY),
        lambda: (signed(age=timedelta(minutes=-6)), BODY),
        lambda: (signed() | {"Webhook-Id": "msg_2"}, BODY),
        lambda: (signed() | {"Webhook-Signature": "v1"}, BODY),
        lambda: (signed() | {"Webhook-Signature": "v1,%%%"}, BODY),
        lambda: (signed() | {"Webhook-Signature": ""}, BODY),
        lambda: (signed() | {"Webhook-Timestamp": "nan"}, BODY),
        lambda: ({}, BODY),
        lambda: (signed(), b"\xff\xfe"),
        lambda: (signed(b'{"status": "succeeded"}'), b'{"status": "succeeded"}'),
        lambda: (signed(b"[]"), b"[]"),
    ],
)
async def test_what_the_account_did_not_sign_now_is_not_believed(sent):
    """What is sent is signed when the test runs: what was signed when it was collected may be too old by then."""
    headers, body = sent()
    await refused(with_secret(), headers, body)


async def test_the_secret_is_fetched_once_and_again_when_it_was_changed():
    secrets = iter([OTHER, SECRET])
    clock = Clock(1000)
    async with serving(lambda asked: reply(200, {"key": next(secrets)})) as server:
        verifier = ReplicateWebhooks(ReplicateClient(asking(server.url)), clock=clock)
        await verifier.verify(signed(secret=OTHER), BODY)
        await refused(verifier, signed(), BODY)  # too soon to ask again
        clock.now += 61
        await verifier.verify(signed(), BODY)
        await verifier.verify(signed(), BODY)
        await refused(verifier, signed(secret=OTHER), BODY)
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/webhooks/default/secret")] * 2


async def test_without_the_secret_a_webhook_may_come_again_later():
    async with serving(lambda asked: reply(503, b"")) as server:
        with pytest.raises(BusyError):
            await ReplicateWebhooks(ReplicateClient(asking(server.url))).verify(signed(), BODY)


# fal

KEY, NEXT_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
FAL_BODY = json.dumps({"request_id": "req-1", "gateway_request_id": "req-1", "status": "OK", "payload": {}}).encode()


def jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).decode().rstrip("=")}


def fal_signed(
    body: bytes = FAL_BODY, key: Ed25519PrivateKey = KEY, at: float = 5000, user: str = "u1"
) -> dict[str, str]:
    message = f"req-1\nu1\n{int(at)}\n{hashlib.sha256(body).hexdigest()}".encode()
    return {
        "X-Fal-Webhook-Request-Id": "req-1",
        "X-Fal-Webhook-User-Id": user,
        "X-Fal-Webhook-Timestamp": str(int(at)),
        "X-Fal-Webhook-Signature": key.sign(message).hex(),
    }


def published(*keys: Ed25519PrivateKey):
    rsa = {"kty": "RSA", "n": "x", "e": "AQAB"}
    broken = {"kty": "OKP", "crv": "Ed25519", "x": "c2hvcnQ"}
    return reply(200, {"keys": [rsa, broken, *(jwk(key) for key in keys)]})


async def test_a_webhook_signed_by_fal_names_its_request():
    async with serving(lambda asked: published(NEXT_KEY, KEY)) as server:
        verifier = FalWebhooks(asking(server.url), clock=Clock(5200))
        event = await verifier.verify(fal_signed(), FAL_BODY)
        failed = FAL_BODY.replace(b"OK", b"ERROR")
        assert (await verifier.verify(fal_signed(failed), failed)).status is TakeStatus.FAILED
    assert event == WebhookEvent(webhook_id="req-1", request_id="req-1", status=TakeStatus.SUCCEEDED)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (fal_signed(key=NEXT_KEY), FAL_BODY),
        (fal_signed(), FAL_BODY + b" "),
        (fal_signed(at=4000), FAL_BODY),
        (fal_signed(at=6000), FAL_BODY),
        (fal_signed(user="u2"), FAL_BODY),
        (fal_signed() | {"X-Fal-Webhook-Signature": "zz"}, FAL_BODY),
        (fal_signed() | {"X-Fal-Webhook-Signature": ""}, FAL_BODY),
        (fal_signed() | {"X-Fal-Webhook-Timestamp": "soon"}, FAL_BODY),
        ({}, FAL_BODY),
        (fal_signed(b"[]"), b"[]"),
        (fal_signed(b'{"request_id": "", "status": "OK"}'), b'{"request_id": "", "status": "OK"}'),
    ],
)
async def test_what_fal_did_not_sign_now_is_not_believed(headers, body):
    async with serving(lambda asked: published(KEY)) as server:
        await refused(FalWebhooks(asking(server.url), clock=Clock(5000)), headers, body)


async def test_what_fal_signed_for_another_of_its_users_is_not_ours():
    async with serving(lambda asked: published(KEY)) as server:
        await FalWebhooks(asking(server.url), user_id="u1", clock=Clock(5000)).verify(fal_signed(), FAL_BODY)
        await refused(FalWebhooks(asking(server.url), user_id="u9", clock=Clock(5000)), fal_signed(), FAL_BODY)


async def test_a_key_for_another_purpose_signs_nothing():
    async with serving(lambda asked: reply(200, {"keys": [jwk(NEXT_KEY), jwk(KEY) | {"crv": "X25519"}]})) as server:
        await refused(FalWebhooks(asking(server.url), clock=Clock(5000)), fal_signed(), FAL_BODY)


async def test_keys_are_kept_for_a_day_looked_up_for_an_unknown_one_and_outlive_an_outage():
    answers = iter([published(KEY), published(NEXT_KEY), *[reply(503, b"")] * 4])
    clock = Clock(5000)
    async with serving(lambda asked: next(answers)) as server:
        verifier = FalWebhooks(asking(server.url), clock=clock)
        await verifier.verify(fal_signed(), FAL_BODY)
        await refused(verifier, fal_signed(key=NEXT_KEY), FAL_BODY)  # too soon to ask again
        clock.now += 61
        await verifier.verify(fal_signed(key=NEXT_KEY), FAL_BODY)
        clock.now += 25 * 3600
        await verifier.verify(fal_signed(key=NEXT_KEY, at=clock.now), FAL_BODY)
    assert len(server.asked) == 6


async def test_without_any_key_a_webhook_may_come_again_later():
    async with serving(lambda asked: reply(200, {"keys": []})) as server:
        with pytest.raises(BusyError):
            await FalWebhooks(asking(server.url), clock=Clock(5000)).verify(fal_signed(), FAL_BODY)


# by name


async def test_webhooks_are_had_by_the_providers_name(settings_for):
    settings = settings_for(replicate_webhook_secret=SECRET)
    assert (await webhooks("replicate", settings).verify(signed(), BODY)).request_id == "abc123"
    headers = fal_signed(at=time.time())
    async with serving(lambda asked: published(KEY)) as server:
        await webhooks("pika", settings_for(fal_jwks_url=f"{server.url}/keys")).verify(headers, FAL_BODY)
    assert server.asked[0].path == "/keys"
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("provider", ["local", "nobody", "replicate"])
def test_a_provider_that_sends_none_or_is_not_set_up_has_no_webhooks(settings_for, provider):
    with pytest.raises(RecastError) as caught:
        webhooks(provider, settings_for(replicate_api_token=None))
    assert caught.value.code is ErrorCode.NOT_FOUND
