"""Supabase Auth's protocol, used by the product's own client and checked by its own verifier."""

import asyncio
import base64
import json
import logging
import socket
import stat
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from domain.errors import ErrorCode, RecastError
from resources.auth import AuthClient, TokenVerifier
from sandbox.auth.store import AuthStore

PASSWORD = "correct horse battery"


def address(sandbox):
    return f"{sandbox.url}/auth/v1"


def verifier(sandbox, **values):
    return TokenVerifier(f"{address(sandbox)}/.well-known/jwks.json", address(sandbox), **values)


def somebody():
    return f"{uuid4().hex}@example.com"


@pytest.fixture
def client(sandbox):
    with AuthClient(address(sandbox), "public-key") as client:
        yield client


@pytest.fixture
def wire(sandbox):
    with httpx.Client(base_url=address(sandbox)) as wire:
        yield wire


@pytest.fixture
def published(wire):
    """The sandbox's key set."""
    return wire.get("/.well-known/jwks.json").json()


def bearer(session):
    return {"Authorization": f"Bearer {session.access_token}"}


async def test_who_signs_up_holds_a_token_that_the_product_accepts(sandbox, client):
    email = somebody()
    session = client.sign_up(email, PASSWORD)
    claims = await verifier(sandbox).verify(session.access_token)
    assert claims.sub == session.user_id
    assert claims.email == email
    assert isinstance(claims.session_id, UUID)
    assert claims.is_anonymous is False
    assert claims.exp == session.expires_at
    assert 3590 < session.expires_at.timestamp() - time.time() <= 3600


def test_signing_in_again_finds_the_same_user(client):
    email = somebody()
    assert client.sign_up(email, PASSWORD).user_id == client.sign_in(email.upper(), PASSWORD).user_id


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda client, email: client.sign_in(email, "wrong password"), ErrorCode.UNAUTHENTICATED),
        (lambda client, email: client.sign_in(somebody(), PASSWORD), ErrorCode.UNAUTHENTICATED),
        (lambda client, email: client.sign_up(email, PASSWORD), ErrorCode.CONFLICT),
        (lambda client, email: client.sign_up(somebody(), "short"), ErrorCode.INVALID_REQUEST),
        (lambda client, email: client.sign_up("no address", PASSWORD), ErrorCode.INVALID_REQUEST),
        (lambda client, email: client.refresh("made-up"), ErrorCode.UNAUTHENTICATED),
    ],
    ids=["wrong password", "unknown user", "taken address", "weak password", "bad address", "made-up refresh token"],
)
def test_every_refusal_has_its_code(client, action, code):
    email = somebody()
    client.sign_up(email, PASSWORD)
    with pytest.raises(RecastError) as failure:
        action(client, email)
    assert failure.value.code == code
    assert PASSWORD not in str(failure.value)


def test_a_sign_in_service_that_does_not_answer_is_no_wrong_password():
    with AuthClient("http://127.0.0.1:9/auth/v1") as client, pytest.raises(RecastError) as failure:
        client.sign_in("a@example.com", PASSWORD)
    assert failure.value.code == ErrorCode.AUTH_UNAVAILABLE


def test_tokens_are_not_shown_when_a_session_is_printed(client):
    session = client.sign_up(somebody(), PASSWORD)
    assert session.access_token not in f"{session} {session!r}"
    assert session.refresh_token not in f"{session} {session!r}"


def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(client, wire):
    first = client.sign_up(somebody(), PASSWORD)
    second = client.refresh(first.refresh_token)
    third = client.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    stolen = wire.post("/token?grant_type=refresh_token", json={"refresh_token": first.refresh_token})
    assert stolen.status_code == 400
    assert stolen.json()["error_code"] == "refresh_token_already_used"
    with pytest.raises(RecastError):
        client.refresh(third.refresh_token)
    assert wire.get("/user", headers=bearer(third)).json()["error_code"] == "session_not_found"


def test_two_tabs_may_refresh_together(start):
    with start(refresh_reuse_seconds=10) as sandbox, AuthClient(address(sandbox)) as client:
        first = client.sign_up(somebody(), PASSWORD)
        one, other = client.refresh(first.refresh_token), client.refresh(first.refresh_token)
        assert client.refresh(one.refresh_token)
        assert client.refresh(other.refresh_token)


async def test_users_tokens_and_the_key_survive_a_restart(start):
    email = somebody()
    with start() as before, AuthClient(address(before)) as client:
        session = client.sign_up(email, PASSWORD)
    with start(public_url=before.url) as after, AuthClient(here := f"{after.listens_at}/auth/v1") as again:
        claims = await TokenVerifier(f"{here}/.well-known/jwks.json", address(before)).verify(session.access_token)
        assert claims.sub == session.user_id
        assert again.refresh(session.refresh_token).user_id == session.user_id
        assert again.sign_in(email, PASSWORD).user_id == session.user_id


def test_the_file_of_secrets_is_the_owners_alone_and_holds_no_token_in_plain_text(start, tmp_path):
    with start() as sandbox, AuthClient(address(sandbox)) as client:
        session = client.sign_up(somebody(), PASSWORD)
        file = tmp_path / "auth.sqlite3"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        content = file.read_bytes()
        assert session.refresh_token.encode() not in content
        assert PASSWORD.encode() not in content
        assert b"$argon2id$" in content


def test_the_answers_have_supabases_shape(wire):
    email = somebody()
    answer = wire.post("/signup", json={"email": email, "password": PASSWORD, "data": {"name": "Mira"}}).json()
    assert {"access_token", "token_type", "expires_in", "expires_at", "refresh_token", "user"} == set(answer)
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    user = wire.get("/user", headers={"Authorization": f"Bearer {answer['access_token']}"}).json()
    assert user == answer["user"]
    assert (user["aud"], user["role"], user["email"]) == ("authenticated", "authenticated", email)
    assert user["user_metadata"]["name"] == "Mira"
    assert user["identities"][0]["provider"] == "email"
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert {"iss", "sub", "aud", "exp", "iat", "email", "role", "session_id", "aal", "amr"} <= set(claims)


def test_errors_have_both_of_supabases_shapes(wire):
    wrong = {"email": somebody(), "password": PASSWORD}
    old = wire.post("/token?grant_type=password", json=wrong)
    assert old.json() == {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}
    version = {"X-Supabase-Api-Version": "2024-01-01"}
    new = wire.post("/token?grant_type=password", json=wrong, headers=version)
    assert new.json() == {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert new.headers["x-sb-error-code"] == "invalid_credentials"
    broken = wire.post("/signup", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400
    assert broken.json()["error_code"]
    assert wire.post("/token?grant_type=magic", json={}).status_code == 400


def test_the_key_set_is_public_and_may_be_kept_ten_minutes(wire):
    answer = wire.get("/.well-known/jwks.json")
    assert "max-age=600" in answer.headers["cache-control"]
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
    assert "d" not in key


def test_health_and_settings_answer_like_gotrue(wire):
    assert wire.get("/health").json()["name"] == "GoTrue"
    settings = wire.get("/settings").json()
    assert settings["external"]["email"] is True
    assert settings["mailer_autoconfirm"] is True


def test_a_page_from_another_origin_may_sign_in(wire):
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "apikey,authorization,content-type,x-client-info",
    }
    allowed = wire.options("/token?grant_type=password", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("scope", "other_lives"), [("global", False), ("local", True)])
def test_signing_out_ends_sessions(client, wire, scope, other_lives):
    email = somebody()
    here, there = client.sign_up(email, PASSWORD), client.sign_in(email, PASSWORD)
    assert wire.post(f"/logout?scope={scope}", headers=bearer(here)).status_code == 204
    assert wire.get("/user", headers=bearer(here)).status_code == 403
    assert (wire.get("/user", headers=bearer(there)).status_code == 200) is other_lives
    with pytest.raises(RecastError):
        client.refresh(here.refresh_token)


def test_signing_out_elsewhere_keeps_this_session(client, wire):
    email = somebody()
    here, there = client.sign_up(email, PASSWORD), client.sign_in(email, PASSWORD)
    wire.post("/logout?scope=others", headers=bearer(here))
    assert wire.get("/user", headers=bearer(here)).status_code == 200
    assert wire.get("/user", headers=bearer(there)).status_code == 403


def test_a_request_without_a_token_is_refused(wire):
    assert wire.get("/user").json()["error_code"] == "no_authorization"
    assert wire.get("/user", headers={"Authorization": "Bearer x.y.z"}).json()["error_code"] == "bad_jwt"


# Forged tokens


def encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forged(sandbox, client, kind):
    """A token that is right in everything but what ``kind`` says."""
    session = client.sign_up(somebody(), PASSWORD)
    header = jwt.get_unverified_header(session.access_token)
    claims = jwt.decode(session.access_token, options={"verify_signature": False})
    own_key = ec.generate_private_key(ec.SECP256R1())
    store_key = _signing_key(sandbox)
    kid = {"kid": header["kid"]}
    match kind:
        case "no signature":
            return f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}."
        case "public key as a shared secret":
            pem = store_key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            signing_input = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
            algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
            signature = base64.urlsafe_b64encode(algorithm.sign(signing_input.encode(), pem)).rstrip(b"=").decode()
            return f"{signing_input}.{signature}"
        case "another key":
            return jwt.encode(claims, own_key, "ES256", kid)
        case "an unknown key":
            return jwt.encode(claims, own_key, "ES256", {"kid": str(uuid4())})
        case "no key named":
            return jwt.encode(claims, store_key, "ES256")
        case "changed claims":
            head, _, signature = session.access_token.split(".")
            return f"{head}.{encoded({**claims, 'sub': str(uuid4())})}.{signature}"
        case "wrong audience":
            return jwt.encode({**claims, "aud": "anon"}, store_key, "ES256", kid)
        case "wrong issuer":
            return jwt.encode({**claims, "iss": "https://example.com/auth/v1"}, store_key, "ES256", kid)
        case "expired":
            return jwt.encode({**claims, "exp": int(time.time()) - 60}, store_key, "ES256", kid)
        case "no expiry":
            return jwt.encode({k: v for k, v in claims.items() if k != "exp"}, store_key, "ES256", kid)
        case "no subject":
            return jwt.encode({k: v for k, v in claims.items() if k != "sub"}, store_key, "ES256", kid)
        case "a subject that is no user id":
            return jwt.encode({**claims, "sub": "admin"}, store_key, "ES256", kid)
        case "genuine":
            return jwt.encode(claims, store_key, "ES256", kid)
        case _:
            return kind


FORGERIES = [
    "no signature",
    "public key as a shared secret",
    "another key",
    "an unknown key",
    "no key named",
    "changed claims",
    "wrong audience",
    "wrong issuer",
    "expired",
    "no expiry",
    "no subject",
    "a subject that is no user id",
    "",
    "abc",
    "a.b.c",
]


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_forged_token_is_refused(sandbox, client, kind):
    token = forged(sandbox, client, kind)
    with pytest.raises(RecastError) as failure:
        await verifier(sandbox).verify(token)
    assert failure.value.code == ErrorCode.UNAUTHENTICATED
    assert not token or token not in str(failure.value)


async def test_the_forger_can_make_a_good_token_as_well(sandbox, client):
    assert await verifier(sandbox).verify(forged(sandbox, client, "genuine"))


# Keys


class KeyServer:
    """Publishes whatever ``keys`` it is given, and counts who asks."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/jwks.json"
        self.keys = {"keys": []}
        self.requests = 0


@pytest.fixture
def key_server():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.requests += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(state.keys).encode())

        def log_message(self, *_):
            """Keeps the test's output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state = KeyServer(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


async def test_keys_known_once_outlive_an_outage(start):
    clock = Clock()
    with start() as sandbox, AuthClient(address(sandbox)) as client:
        checker = verifier(sandbox, clock=clock)
        await checker.prefetch()
        session = client.sign_up(somebody(), PASSWORD)
    clock.now += 3600
    assert (await checker.verify(session.access_token)).sub == session.user_id


async def test_without_any_key_an_outage_is_not_the_users_fault(sandbox, client):
    token = client.sign_up(somebody(), PASSWORD).access_token
    checker = TokenVerifier("http://127.0.0.1:9/jwks.json", address(sandbox))
    await checker.prefetch()
    with pytest.raises(RecastError) as failure:
        await checker.verify(token)
    assert failure.value.code == ErrorCode.AUTH_UNAVAILABLE


async def test_unknown_keys_do_not_make_the_verifier_fetch_again_and_again(sandbox, client, published, key_server):
    clock = Clock()
    checker = TokenVerifier(key_server.url, address(sandbox), clock=clock)
    key_server.keys = published
    await checker.prefetch()
    for _ in range(5):
        with pytest.raises(RecastError):
            await checker.verify(forged(sandbox, client, "an unknown key"))
    assert key_server.requests == 1
    clock.now += 31
    with pytest.raises(RecastError):
        await checker.verify(forged(sandbox, client, "an unknown key"))
    assert key_server.requests == 2


async def test_a_new_key_of_the_issuer_is_found(sandbox, client, published, key_server):
    clock = Clock()
    checker = TokenVerifier(key_server.url, address(sandbox), clock=clock)
    token = client.sign_up(somebody(), PASSWORD).access_token
    key_server.keys = {"keys": [{**published["keys"][0], "kid": "the old key"}]}
    await checker.prefetch()
    key_server.keys = published
    with pytest.raises(RecastError):
        await checker.verify(token)
    clock.now += 31
    assert await checker.verify(token)


async def test_known_keys_are_fetched_again_after_ten_minutes_only(sandbox, client, published, key_server):
    clock = Clock()
    checker = TokenVerifier(key_server.url, address(sandbox), clock=clock)
    token = client.sign_up(somebody(), PASSWORD).access_token
    key_server.keys = published
    for _ in range(3):
        await checker.verify(token)
        clock.now += 190
    assert key_server.requests == 1
    clock.now += 40
    await asyncio.gather(*(checker.verify(token) for _ in range(10)))
    assert key_server.requests == 2


async def test_a_key_server_that_hangs_does_not_stop_the_event_loop(sandbox, client):
    token = client.sign_up(somebody(), PASSWORD).access_token
    with socket.create_server(("127.0.0.1", 0)) as silent:
        checker = TokenVerifier(f"http://127.0.0.1:{silent.getsockname()[1]}/jwks.json", address(sandbox))
        waiting = asyncio.create_task(checker.verify(token))
        began = time.monotonic()
        await asyncio.sleep(0.01)
        assert time.monotonic() - began < 0.5
        assert not waiting.done()
        waiting.cancel()
        silent.accept()[0].close()


async def test_nothing_secret_is_logged(sandbox, client, caplog):
    caplog.set_level(logging.DEBUG)
    session = client.sign_up(somebody(), PASSWORD)
    await verifier(sandbox).verify(session.access_token)
    client.refresh(session.refresh_token)
    assert session.access_token not in caplog.text
    assert session.refresh_token not in caplog.text
    assert PASSWORD not in caplog.text


def _signing_key(sandbox):
    _, pem = AuthStore(sandbox.settings.data_dir / "auth.sqlite3").signing_key("unused", "unused")
    return serialization.load_pem_private_key(pem.encode(), password=None)
