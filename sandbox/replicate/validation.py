"""Checks an input against a model's schema and says what is wrong in Replicate's words (gojsonschema's)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


@dataclass(frozen=True, slots=True)
class InvalidField:
    type: str
    field: str
    description: str


def invalid_fields(value: Any, schema: Mapping[str, Any], field: str = "input") -> Iterator[InvalidField]:
    """One item for everything that does not fit. Fields that the schema does not name are let pass."""
    if value is None and schema.get("nullable"):
        return
    kind: str = schema["type"]
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield InvalidField("invalid_type", field, f"Invalid type. Expected: {kind}, given: {_kind(value)}")
        return
    if (options := schema.get("enum")) and value not in options:
        allowed = ", ".join(f'"{option}"' if isinstance(option, str) else str(option) for option in options)
        yield InvalidField("enum", field, f"{field} must be one of the following: {allowed}")
    match value:
        case dict():
            yield from _of_object(value, schema, field)
        case list():
            yield from _of_array(value, schema, field)
        case str():
            yield from _of_string(value, schema, field)
        case int() | float():
            yield from _of_number(value, schema, field)


def _of_object(value: Mapping[str, Any], schema: Mapping[str, Any], field: str) -> Iterator[InvalidField]:
    for name in schema.get("required", ()):
        if name not in value:
            yield InvalidField("required", field, f"{name} is required")
    for name, part in schema["properties"].items():
        if name in value:
            yield from invalid_fields(value[name], part, f"{field}.{name}")


def _of_array(value: list[Any], schema: Mapping[str, Any], field: str) -> Iterator[InvalidField]:
    if len(value) > schema.get("maxItems", len(value)):
        yield InvalidField("array_max_items", field, f"Array must have at most {schema['maxItems']} items")
    for number, item in enumerate(value):
        yield from invalid_fields(item, schema["items"], f"{field}.{number}")


def _of_string(value: str, schema: Mapping[str, Any], field: str) -> Iterator[InvalidField]:
    if len(value) > schema.get("maxLength", len(value)):
        yield InvalidField("string_lte", field, f"String length must be less than or equal to {schema['maxLength']}")
    if schema.get("format") == "uri" and not is_uri(value):
        yield InvalidField("format", field, "Does not match format 'uri'")


def _of_number(value: float, schema: Mapping[str, Any], field: str) -> Iterator[InvalidField]:
    if value < schema.get("minimum", value):
        yield InvalidField("number_gte", field, f"Must be greater than or equal to {schema['minimum']}")
    if value > schema.get("maximum", value):
        yield InvalidField("number_lte", field, f"Must be less than or equal to {schema['maximum']}")


def is_uri(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return next(name for name, types in TYPES.items() if isinstance(value, types))
