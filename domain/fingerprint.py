"""Fingerprints of content: what Dagster calls a data version."""

import hashlib

from pydantic import BaseModel

HASH_DIGITS = 12


def fingerprint(*values: BaseModel | str) -> str:
    """A hash over content: the same content, made again, has the same one."""
    digest = hashlib.sha256()
    for value in values:
        digest.update((value if isinstance(value, str) else value.model_dump_json()).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:HASH_DIGITS]
