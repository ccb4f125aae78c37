"""GoTrue's JSON: a user, and a session with its user."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.auth.store import Session, User
from sandbox.auth.tokens import AUDIENCE, TokenSigner


def user_body(user: User) -> dict[str, Any]:
    created, signed_in = _stamp(user.created_at), _stamp(user.last_sign_in_at)
    identity = {"email": user.email, "email_verified": True, "phone_verified": False, "sub": user.id}
    return {
        "id": user.id,
        "aud": AUDIENCE,
        "role": "authenticated",
        "email": user.email,
        "email_confirmed_at": created,
        "phone": "",
        "confirmed_at": created,
        "last_sign_in_at": signed_in,
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": json.loads(user.user_metadata) | identity,
        "identities": [
            {
                "identity_id": str(uuid5(NAMESPACE_URL, user.id)),
                "id": user.id,
                "user_id": user.id,
                "identity_data": identity,
                "provider": "email",
                "last_sign_in_at": signed_in,
                "created_at": created,
                "updated_at": created,
                "email": user.email,
            }
        ],
        "created_at": created,
        "updated_at": signed_in,
        "is_anonymous": False,
    }


def session_body(user: User, session: Session, signer: TokenSigner) -> dict[str, Any]:
    access_token, expires_at = signer.sign(user, session.id)
    return {
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": signer.lifetime_seconds,
        "expires_at": expires_at,
        "refresh_token": session.refresh_token,
        "user": user_body(user),
    }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
