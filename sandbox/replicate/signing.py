"""The account's webhook secret, and webhooks signed with it (Standard Webhooks)."""

import base64
import hashlib
import hmac
import secrets

from sandbox.runs.webhooks import Sign
from sandbox.sqlite import SqliteFile

PREFIX = "whsec_"
SECRET_BYTES = 24
SCHEMA = "create table if not exists replicate_secrets (key text not null)"


def webhook_secret(file: SqliteFile) -> str:
    """Made at first use and kept."""
    file.create(SCHEMA)
    with file.transaction() as db:
        fresh = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        db.execute(
            "insert into replicate_secrets select ? where not exists (select 1 from replicate_secrets)", (fresh,)
        )
        return str(db.execute("select key from replicate_secrets").fetchone()["key"])


def signature(secret: str, message_id: str) -> Sign:
    """Signs bodies under one message id, which stays the same when a webhook is sent again."""
    key = base64.b64decode(secret.removeprefix(PREFIX))

    def sign(body: bytes, at: float) -> dict[str, str]:
        timestamp = str(int(at))
        digest = hmac.new(key, b".".join((message_id.encode(), timestamp.encode(), body)), hashlib.sha256).digest()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }

    return sign
