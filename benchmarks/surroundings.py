"""The settings that a stack of a benchmark starts with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

FOREIGN = ("RECAST_", "OPENAI_", "REPLICATE_", "FAL_", "AWS_")


@contextmanager
def surroundings(**variables: str) -> Iterator[None]:
    """Inside, these variables are set, and nothing else that the product reads: with a key of the user's own a stack
    would film with the real provider, and pay for it."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(FOREIGN):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
