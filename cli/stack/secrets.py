"""The stack's passwords and keys: made once, kept in the stack's folder, readable by its owner alone."""

import json
import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


def _password() -> str:
    return secrets.token_urlsafe(24)


def _access_key() -> str:
    return "RECAST" + secrets.token_hex(7).upper()


class StackSecrets(BaseModel):
    """A field that is added later is generated for existing folders, too."""

    model_config = ConfigDict(frozen=True, extra="allow")

    postgres_password: str = Field(default_factory=_password, repr=False)
    dagster_password: str = Field(default_factory=_password, repr=False)
    api_gateway_password: str = Field(default_factory=_password, repr=False)
    recast_worker_password: str = Field(default_factory=_password, repr=False)
    s3_access_key_id: str = Field(default_factory=_access_key)
    s3_secret_access_key: str = Field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)


def keep_secrets(path: Path) -> StackSecrets:
    """Read the secrets, make those that are missing, and keep them at ``path`` with mode 600."""
    known = json.loads(path.read_text()) if path.exists() else {}
    kept = StackSecrets.model_validate(known)
    if kept.model_dump() != known:
        write_private(path, kept.model_dump_json(indent=2))
    return kept


def read_secrets(path: Path) -> StackSecrets:
    return StackSecrets.model_validate_json(path.read_text())


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step; it is never readable by others, nor half written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
