"""Lengths of time as people type them."""

import re

import typer

_LENGTH = re.compile(r"(?:(?P<minutes>\d{1,4})m)?(?:(?P<seconds>\d{1,5})s?)?")


def seconds_of(text: str | int) -> int:
    """Seconds in ``90``, ``90s``, ``2m`` or ``1m30s``. Raises typer.BadParameter for anything else."""
    found = _LENGTH.fullmatch(str(text).strip().lower())
    if found is None or not any(found.groups()):
        raise typer.BadParameter(f"{text!r} is no length; write 90, 90s or 1m30s")
    return int(found["minutes"] or 0) * 60 + int(found["seconds"] or 0)
