"""What a language model answers: directions that have the right form, and why the others have not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.direction import Direction, Objection


class Directions(BaseModel):
    """The form that is asked for."""

    model_config = ConfigDict(extra="forbid")

    scenes: list[Direction]


SCHEMA_NAME = "directions"
SCHEMA: Mapping[str, Any] = Directions.model_json_schema()
"""Strict by OpenAI's rules: every property is required, no other is allowed, and no keyword is used that it does not
enforce. It is the same for every film, so the service need not compile it anew."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``problem`` is a sentence for users, set when nothing in the answer can be used. Tokens are those to be paid."""

    input_tokens: int
    output_tokens: int
    request_id: str | None = None
    directions: Mapping[int, Direction] = field(default_factory=dict)
    objections: Mapping[int, Objection] = field(default_factory=dict)
    problem: str | None = None


def read_directions(content: str) -> tuple[dict[int, Direction], dict[int, Objection]] | None:
    """The directions in an answer, by scene, and the scenes whose direction is malformed or given twice. None when the
    answer is not even a list of scenes: one bad direction does not cost the others."""
    try:
        listed = json.loads(content)["scenes"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(listed, list):
        return None
    directions: dict[int, Direction] = {}
    objections: dict[int, Objection] = {}
    for item in listed:
        index = item.get("scene") if isinstance(item, dict) else None
        if not isinstance(index, int):
            continue
        if index in directions or index in objections:
            objections[index] = Objection.REPEATED
            continue
        try:
            directions[index] = Direction.model_validate(item)
        except ValidationError:
            objections[index] = Objection.MALFORMED
    return {index: one for index, one in directions.items() if index not in objections}, objections
