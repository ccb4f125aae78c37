"""Code versions and data versions that are real: a hash of what decides a stage's result."""

import hashlib
import inspect
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
from pydantic import BaseModel

from domain.fingerprint import HASH_DIGITS, fingerprint


def code_version(*sources: ModuleType | Callable[..., Any] | str) -> str:
    """A hash over the source of what a stage runs, so that Dagster shows as stale what older code has made. A module
    that only a process of its own may import is given by its name."""
    text = "\n".join(_source(source) if isinstance(source, str) else inspect.getsource(source) for source in sources)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def _source(module: str) -> str:
    found = find_spec(module)
    assert found
    assert found.origin
    return Path(found.origin).read_text(encoding="utf-8")


def data_version(*values: BaseModel | str) -> dg.DataVersion:
    """A hash over content: the same content, made again, does not make anything stale."""
    return dg.DataVersion(fingerprint(*values))
