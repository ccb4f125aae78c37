"""What a model's schema lets pass and the model itself does not."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.replicate.catalogue import Model


def refusals(model: Model, given: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each reason; such a prediction is created and fails."""
    facts = model.facts
    for one, other in facts["conflicts"]:
        if given.get(one) and given.get(other):
            yield f"{one} cannot be used together with {other}."
    for one, other in facts["needs"].items():
        if given.get(one) and not given.get(other):
            yield f"{one} requires {other}."
    for one, conditions in facts.get("only_with", {}).items():
        for name, value in conditions.items():
            if given.get(one) and given.get(name, value) != value:
                yield f"{one} can only be used with {name} {value}."
    if (needed := facts.get("at_least_one_of")) and not any(given.get(name) for name in needed):
        yield f"At least one of {', '.join(needed)} is required."
    if limit := facts.get("at_most_in_all"):
        count = sum(len(given.get(name) or ()) for name in limit["fields"])
        if count > limit["count"]:
            yield f"At most {limit['count']} references are allowed in all, got {count}."
