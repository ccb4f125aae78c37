"""The models, read from ``catalogue/``: their inputs, what they make of them, and their prices."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.rendering import Picture, flaw_of, sides

FOLDER = Path(__file__).parent / "catalogue"
TRAINED_FILE = Path(__file__).parent / "trained.json"
PUBLISHED_AT = "2026-02-12T09:00:00.000000Z"
COG_VERSION = "0.16.9"
TRAINING_SECONDS = 1200
MODELS_CHOICE_SECONDS = 5
"""The length that a model chooses for a duration of -1."""


@dataclass(frozen=True, slots=True)
class Model:
    """``facts`` is the model's file. ``price`` is in US dollars per ``price_unit``."""

    name: str
    description: str
    price: Decimal
    price_unit: str
    facts: Mapping[str, Any]

    @property
    def version(self) -> str:
        """The id of its only version. Predictions with it say "hidden", as those of all official models do."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def is_trainer(self) -> bool:
        return bool(self.facts.get("training"))

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema with choices in place."""
        return {"type": "object", "properties": self.facts["input"], "required": self.facts["required"]}

    def cost(self, given: Mapping[str, Any]) -> Decimal:
        match self.price_unit:
            case "second":
                return self.price * Decimal(str(self.seconds(given)))
            case "training second":
                return self.price * TRAINING_SECONDS
            case "picture":
                return self.price * int(given.get("num_outputs", 1))
        return self.price

    def seconds(self, given: Mapping[str, Any]) -> float:
        """Length of the video."""
        rules = self.facts["picture"]
        seconds = float(given.get(rules["seconds"] or "") or rules["default_seconds"])
        return seconds if seconds > 0 else MODELS_CHOICE_SECONDS

    def picture(self, given: Mapping[str, Any], faults: Sequence[str]) -> Picture:
        """The prompt and the seed decide the look; each model has sizes and frame rates of its own."""
        rules = self.facts["picture"]
        chosen = self._value(given, rules["lines_from"]) if rules["lines_from"] else ""
        width, height = sides(rules["lines"][chosen], str(self._value(given, "aspect_ratio") or "16:9"))
        sound = self._value(given, rules["sound"]) if isinstance(rules["sound"], str) else rules["sound"]
        return Picture(
            look=f"{self.name} {given.get('seed')} {given.get('prompt')}",
            width=width,
            height=height,
            frame_rate=rules["frame_rate"],
            seconds=self.seconds(given),
            has_sound=bool(sound),
            flaw=flaw_of(faults),
        )

    def addresses(self, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The fields of the input that hold addresses, each with one of its addresses."""
        for field, schema in self.facts["input"].items():
            value = given.get(field)
            if schema.get("format") == "uri" and value:
                yield field, value
            elif schema.get("items", {}).get("format") == "uri":
                yield from ((field, address) for address in value or ())

    def _value(self, given: Mapping[str, Any], name: str) -> Any:
        """What was given, or the schema's default."""
        value = given.get(name)
        return self.facts["input"].get(name, {}).get("default") if value is None else value

    def openapi_schema(self) -> dict[str, Any]:
        """As Cog writes it: choices are schemas of their own, and fields have an order."""
        choices: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        for order, (name, field) in enumerate(self.facts["input"].items()):
            field = {**field, "x-order": order}
            if options := field.pop("enum", None):
                kind = field.pop("type")
                choices[name] = {"enum": options, "type": kind, "title": name, "description": "An enumeration."}
                field = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], **field}
            fields[name] = field
        schemas = {
            "Input": {"type": "object", "title": "Input", "required": self.facts["required"], "properties": fields},
            "Output": self.facts.get("output", {"type": "string", "title": "Output", "format": "uri"}),
            **choices,
        }
        info = {"title": "Cog", "version": "0.1.0"}
        return {"openapi": "3.0.2", "info": info, "paths": {}, "components": {"schemas": schemas}}


@cache
def trained_model() -> Model:
    """What every version is that a training has made."""
    return _load(TRAINED_FILE)


@cache
def catalogue() -> Mapping[str, Model]:
    """Models by ``owner/name``."""
    return {model.name: model for model in map(_load, sorted(FOLDER.glob("*.json")))}


def _load(path: Path) -> Model:
    facts = json.loads(path.read_text(encoding="utf-8"))
    price = facts["price"]
    return Model(facts["model"], facts["description"], Decimal(price["usd"]), price["per"], facts)
