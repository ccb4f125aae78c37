"""Lists in pages, newest first, with the cursors of the real API: opaque, in both directions."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from sandbox.replicate.failure import problem
from sandbox.runs.store import Run, RunStore

PAGE_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place beside the run with this time and id; ``is_reverse`` looks at what is newer."""

    created_at: float
    run_id: str
    is_reverse: bool = False

    def __str__(self) -> str:
        values = {"p": repr(self.created_at), "i": self.run_id} | ({"r": "1"} if self.is_reverse else {})
        return base64.urlsafe_b64encode(urlencode(values).encode()).decode()

    def address(self, url: str, given: Mapping[str, str | None]) -> str:
        """``url`` at this place, with what else was asked for."""
        return f"{url}?{urlencode({'cursor': str(self)} | {name: value for name, value in given.items() if value})}"


def read_cursor(text: str) -> Cursor:
    """Raises ``ReplicateError``."""
    try:
        values = parse_qs(base64.urlsafe_b64decode(text).decode())
        return Cursor(float(values["p"][0]), values["i"][0], "r" in values)
    except (binascii.Error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise problem(404, "Invalid cursor") from error


@dataclass(frozen=True, slots=True)
class Page:
    runs: Sequence[Run]
    following: Cursor | None
    previous: Cursor | None


def read_page(store: RunStore, kind: str, cursor: Cursor | None, **span: Any) -> Page:
    """``span`` limits the list to ``created_after`` and ``created_before`` (seconds since 1970)."""
    place = (cursor.created_at, cursor.run_id) if cursor else None
    if cursor and cursor.is_reverse:
        runs = store.newest("replicate", kind, newer_than=place, limit=PAGE_ITEMS + 1, **span)
        has_newer, runs = len(runs) > PAGE_ITEMS, runs[-PAGE_ITEMS:]
        has_older = True
    else:
        runs = store.newest("replicate", kind, older_than=place, limit=PAGE_ITEMS + 1, **span)
        has_older, runs = len(runs) > PAGE_ITEMS, runs[:PAGE_ITEMS]
        has_newer = cursor is not None
    if not runs:
        return Page((), None, None)
    first, last = runs[0], runs[-1]
    return Page(
        runs,
        Cursor(last.created_at, last.id) if has_older else None,
        Cursor(first.created_at, first.id, is_reverse=True) if has_newer else None,
    )
