"""Whose account the command line uses: a token, an account of yours, or, on the local stack, one made for you."""

import json
import os
import secrets
from pathlib import Path

from cli.stack.secrets import write_private
from domain.errors import ErrorCode, RecastError
from resources.auth import AuthClient

LOCAL_EMAIL = "creator@recast.example"


def access_token(auth_url: str, local_folder: Path | None) -> str:
    """RECAST_ACCESS_TOKEN as it is; else signs in with RECAST_EMAIL and RECAST_PASSWORD; else, where a local stack
    runs (``local_folder``), with an account that is made there once. Raises UNAUTHENTICATED when there is none."""
    if token := os.environ.get("RECAST_ACCESS_TOKEN"):
        return token
    with AuthClient(auth_url, os.environ.get("RECAST_AUTH_KEY")) as auth:
        email, password = os.environ.get("RECAST_EMAIL"), os.environ.get("RECAST_PASSWORD")
        if email and password:
            return auth.sign_in(email, password).access_token
        if local_folder is None:
            raise RecastError(
                ErrorCode.UNAUTHENTICATED, "Set RECAST_EMAIL and RECAST_PASSWORD, or RECAST_ACCESS_TOKEN."
            )
        return _local_token(auth, local_folder / "account.json")


def _local_token(auth: AuthClient, kept: Path) -> str:
    """The password is made here, kept readable by its owner alone, and worth nothing outside the local stack."""
    if not kept.exists():
        write_private(kept, json.dumps({"email": LOCAL_EMAIL, "password": secrets.token_urlsafe(24)}))
    account = json.loads(kept.read_text())
    try:
        return auth.sign_in(account["email"], account["password"]).access_token
    except RecastError as error:
        if error.code is not ErrorCode.UNAUTHENTICATED:
            raise
        return auth.sign_up(account["email"], account["password"]).access_token
