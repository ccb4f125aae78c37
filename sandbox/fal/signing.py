"""The key that fal signs webhooks with (Ed25519), its key set, and the signed headers.

What is signed: the request's id, the user's id, the time and the SHA-256 of the body, one a line.
"""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sandbox.runs.webhooks import Sign
from sandbox.sqlite import SqliteFile

USER_ID = "sandbox|000001"
SCHEMA = "create table if not exists fal_keys (private blob not null)"


def signing_key(file: SqliteFile) -> Ed25519PrivateKey:
    """Made at first use and kept."""
    file.create(SCHEMA)
    fresh = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    with file.transaction() as db:
        db.execute("insert into fal_keys select ? where not exists (select 1 from fal_keys)", (fresh,))
        kept = db.execute("select private from fal_keys").fetchone()["private"]
    return Ed25519PrivateKey.from_private_bytes(kept)


def key_set(key: Ed25519PrivateKey) -> dict[str, list[dict[str, str]]]:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": hashlib.sha256(raw).hexdigest()[:16]}]}


def signature(key: Ed25519PrivateKey, request_id: str) -> Sign:
    def sign(body: bytes, at: float) -> dict[str, str]:
        timestamp = str(int(at))
        text = "\n".join((request_id, USER_ID, timestamp, hashlib.sha256(body).hexdigest()))
        return {
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": USER_ID,
            "X-Fal-Webhook-Timestamp": timestamp,
            "X-Fal-Webhook-Signature": key.sign(text.encode()).hex(),
        }

    return sign
