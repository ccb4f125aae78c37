"""The model of the sandbox as it shortens: passages from all over the script, each of the same share of the length."""

from collections.abc import Collection
from typing import Any

from sandbox.openai.faults import HIJACK, Trouble
from sandbox.openai.material import AskedLines
from sandbox.openai.schema import Schema, blank, filled, resolved

PASSAGES = 3
NOT_ASKED = 1000


def chosen(asked: AskedLines, schema: Schema, troubles: Collection[Trouble]) -> Any:
    """The passages, in the first list that ``schema`` has: as objects, whose first two whole numbers are the first and
    the last line of a passage, or as numbers of lines."""
    passages = _passages(asked, troubles)

    def leaf(_key: str, one: Schema) -> Any:
        if one.get("type") != "array":
            return blank(one)
        item = resolved(one["items"], schema)
        if item.get("type") == "integer":
            return [number for first, last in passages for number in range(first, last + 1)]
        return [_numbered(item, schema, list(borders)) for borders in passages]

    return filled(schema, schema, leaf)


def _numbered(item: Schema, root: Schema, numbers: list[int]) -> Any:
    return filled(
        item, root, lambda _key, one: numbers.pop(0) if one.get("type") == "integer" and numbers else blank(one)
    )


def _passages(asked: AskedLines, troubles: Collection[Trouble]) -> list[tuple[int, int]]:
    """The first and the last number of each passage, in order."""
    lines = asked.lines
    if Trouble.TOO_LONG in troubles:
        return [(lines[0].number, lines[-1].number)]
    found: list[tuple[int, int]] = []
    left, free = asked.seconds, 0
    for passage in range(PASSAGES):
        first = max(free, passage * len(lines) // PASSAGES)
        share, end = left / (PASSAGES - passage), first
        while end < len(lines) and share >= lines[end].seconds / 2:
            share -= lines[end].seconds
            left -= lines[end].seconds
            end += 1
        if end > first:
            found.append((lines[first].number, lines[end - 1].number))
            free = end
    if Trouble.WRONG_WORDS in troubles or any(HIJACK in line.text.casefold() for line in lines):
        found.append((lines[-1].number + NOT_ASKED, lines[-1].number + NOT_ASKED))
    return found
