"""Access tokens as Supabase signs them: ES256, with a key id, checked against a published key set."""

import json
import time
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from sandbox.auth.store import AuthStore, User

AUDIENCE = "authenticated"


class TokenSigner:
    """Signs and reads access tokens with the store's key, which is made on first use."""

    def __init__(self, store: AuthStore, issuer: str, lifetime_seconds: int) -> None:
        self.issuer = issuer
        self.lifetime_seconds = lifetime_seconds
        self._kid, pem = store.signing_key(str(uuid4()), _new_private_pem())
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the signing key is not an elliptic-curve key")
        self._key = key

    def sign(self, user: User, session_id: str) -> tuple[str, int]:
        """The token and its expiry in seconds since 1970."""
        now = int(time.time())
        expires_at = now + self.lifetime_seconds
        claims = {
            "iss": self.issuer,
            "sub": user.id,
            "aud": AUDIENCE,
            "exp": expires_at,
            "iat": now,
            "email": user.email,
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": json.loads(user.user_metadata),
            "role": "authenticated",
            "aal": "aal1",
            "amr": [{"method": "password", "timestamp": now}],
            "session_id": session_id,
            "is_anonymous": False,
        }
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._kid}), expires_at

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token of ours. Raises ``jwt.PyJWTError``."""
        return jwt.decode(
            token,
            self._key.public_key(),
            algorithms=["ES256"],
            audience=AUDIENCE,
            issuer=self.issuer,
            options={"require": ["exp", "sub", "session_id"]},
        )

    def key_set(self) -> dict[str, Any]:
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {
            "keys": [{"alg": "ES256", "ext": True, "key_ops": ["verify"], "kid": self._kid, "use": "sig", **public}]
        }


def _new_private_pem() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
