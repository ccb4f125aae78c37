"""The answer that directs: directions that have the right form, and why the others have not."""

import json

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.direction import Direction, Objection
from resources.language.question import Form


class Directions(BaseModel):
    """The form that is asked for."""

    model_config = ConfigDict(extra="forbid")

    scenes: list[Direction]


FORM = Form("directions", Directions.model_json_schema())


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
