"""CloudFront's signed URLs, made by the product and checked by the sandbox, in front of a real object store."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from resources.cloudfront import PreviewSigner

KEY = "users/3f/jobs/7c/final cut ü+1.mp4"
BODY = bytes(range(256)) * 4096


@pytest.fixture(scope="module", autouse=True)
def film(bucket):
    bucket.put_object(Key=KEY, Body=BODY, ContentType="video/mp4")


def signer(running, **values):
    key_id = values.pop("key_pair_id", running.settings.cloudfront_key_pair_id)
    pem = values.pop("private_key_pem", running.private_key_pem)
    return PreviewSigner(f"{running.url}/cdn", key_id, pem, **values)


def signed(running, key=KEY, **values):
    return signer(running, **values).signed_url(key, timedelta(minutes=5))


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def refusal(url):
    answer = httpx.get(url)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/xml")
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


def test_a_signed_url_streams_the_object(distribution):
    answer = httpx.get(signed(distribution))
    assert answer.status_code == 200
    assert answer.content == BODY
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(len(BODY))
    assert answer.headers["etag"]
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-cache"].endswith("from cloudfront")


def test_a_page_of_another_origin_may_read_it(distribution):
    answer = httpx.get(signed(distribution), headers={"Origin": "https://app.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_player_may_seek(distribution):
    answer = httpx.get(signed(distribution), headers={"Range": "bytes=1000-1999"})
    assert answer.status_code == 206
    assert answer.content == BODY[1000:2000]
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(BODY)}"


def test_a_range_behind_the_end_is_refused(distribution):
    assert httpx.get(signed(distribution), headers={"Range": "bytes=99999999-"}).status_code == 416


def test_head_tells_the_size_without_the_body(distribution):
    answer = httpx.head(signed(distribution))
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(BODY))
    assert answer.content == b""


def test_a_missing_object_is_the_origins_404(distribution):
    assert httpx.get(signed(distribution, "users/3f/nothing.mp4")).status_code == 404


def test_an_unsigned_url_is_refused(sandbox):
    assert refusal(f"{sandbox.url}/cdn/users/3f/final.mp4") == "MissingKey"


def test_a_signature_is_good_for_one_object_only(sandbox):
    url = signed(sandbox, "users/3f/final.mp4")
    assert refusal(url.replace("/3f/", "/4a/")) == "AccessDenied"


def test_an_expired_url_is_refused(sandbox):
    url = signed(sandbox, clock=lambda: datetime.now(UTC) - timedelta(minutes=6))
    assert refusal(url) == "AccessDenied"


def test_a_later_expiry_cannot_be_written_into_the_url(sandbox):
    moment = datetime.now(UTC)
    url = signed(sandbox, clock=lambda: moment)
    expires = int((moment + timedelta(minutes=5)).timestamp())
    assert f"Expires={expires}&" in url
    assert refusal(url.replace(f"Expires={expires}", f"Expires={expires + 1000}")) == "AccessDenied"


def test_a_strangers_key_is_refused(sandbox):
    stranger = pem_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert refusal(signed(sandbox, private_key_pem=stranger)) == "AccessDenied"
    assert refusal(signed(sandbox, key_pair_id="KSOMEBODYELSE")) == "InvalidKey"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"Key-Pair-Id": "K2SANDBOXKEY01", "Signature": "AAAA"}, "MalformedPolicy"),
        ({"Key-Pair-Id": "K2SANDBOXKEY01", "Signature": "AAAA", "Expires": "soon"}, "MalformedPolicy"),
        ({"Key-Pair-Id": "K2SANDBOXKEY01", "Expires": "4102444800"}, "MalformedSignature"),
        ({"Key-Pair-Id": "K2SANDBOXKEY01", "Expires": "4102444800", "Signature": "!!"}, "MalformedSignature"),
        ({"Key-Pair-Id": "K2SANDBOXKEY01", "Expires": "4102444800", "Signature": "AAAA"}, "AccessDenied"),
    ],
)
def test_a_malformed_url_is_refused_with_cloudfronts_words(sandbox, query, code):
    assert refusal(f"{sandbox.url}/cdn/users/3f/final.mp4?{urlencode(query)}") == code


def test_an_origin_that_does_not_answer_is_a_bad_gateway(sandbox):
    assert httpx.get(signed(sandbox), timeout=20).status_code == 502


def test_other_methods_are_not_allowed(sandbox):
    assert httpx.delete(signed(sandbox)).status_code == 405


def test_without_a_public_key_nothing_is_shown(start):
    with start(cloudfront_public_key_path=None) as running:
        assert refusal(signed(running)) == "InvalidKey"


def test_only_rsa_keys_may_sign():
    with pytest.raises(ValueError, match="RSA"):
        PreviewSigner("https://d1.cloudfront.net", "K1", pem_of(ec.generate_private_key(ec.SECP256R1())))


def test_the_url_of_a_distribution_is_what_cloudfront_documents():
    pem = pem_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    url = PreviewSigner("https://d1.cloudfront.net/", "K1", pem, clock=lambda: moment).signed_url(
        "a/b c.mp4", timedelta(hours=1)
    )
    assert url.startswith("https://d1.cloudfront.net/a/b%20c.mp4?Expires=1767229200&Signature=")
    assert url.endswith("&Key-Pair-Id=K1")
