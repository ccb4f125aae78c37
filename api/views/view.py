"""The kind of all bodies and answers."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A body of a request or an answer. It is made once and not changed."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def examples(cls) -> list[Any]:
        """Those that its documentation shows."""
        extra = cls.model_config.get("json_schema_extra")
        examples = extra.get("examples") if isinstance(extra, dict) else None
        return examples if isinstance(examples, list) else []


def all_views() -> dict[str, type[View]]:
    """Every view by its name."""
    found: dict[str, type[View]] = {}
    waiting = [View]
    while waiting:
        children = waiting.pop().__subclasses__()
        found |= {child.__name__: child for child in children}
        waiting += children
    return found
