"""Code versions and data versions that are real: a hash of what decides a stage's result."""

import hashlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import dagster as dg
from pydantic import BaseModel

from domain.fingerprint import HASH_DIGITS, fingerprint


def code_version(*sources: ModuleType | Callable[..., Any]) -> str:
    """A hash over the source of what a stage runs, so that Dagster shows as stale what older code has made."""
    text = "\n".join(inspect.getsource(source) for source in sources)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def data_version(*values: BaseModel | str) -> dg.DataVersion:
    """A hash over content: the same content, made again, does not make anything stale."""
    return dg.DataVersion(fingerprint(*values))
