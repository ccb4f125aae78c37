"""JSON schemas: what OpenAI takes in strict mode, and values that fit them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.openai.failures import OpenAIFailure, invalid_schema

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
NOT_ENFORCED = ("minLength", "maxLength", "uniqueItems", "patternProperties", "default")

Schema = Mapping[str, Any]
Fill = Callable[[str, Schema], Any]


def check_strict(name: str, schema: Schema) -> None:
    """Raises OpenAI's 400 for what its strict mode refuses: optional or additional properties, unenforced keywords."""
    if not NAME.fullmatch(name):
        raise OpenAIFailure(
            400,
            "Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that "
            "matches the pattern '^[a-zA-Z0-9_-]+$'.",
            param="response_format.json_schema.name",
            code="invalid_value",
        )
    if schema.get("type") != "object":
        raise invalid_schema(
            name, (), f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'"
        )
    _check(name, schema, ())


def _check(name: str, schema: Schema, context: tuple[str, ...]) -> None:
    if "$ref" in schema and len(schema) > 1:
        raise invalid_schema(name, context, f"$ref cannot have keywords {set(schema) - {'$ref'}}")
    for keyword in NOT_ENFORCED:
        if keyword in schema:
            raise invalid_schema(name, context, f"'{keyword}' is not permitted")
    properties = schema.get("properties", {})
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise invalid_schema(name, context, "'additionalProperties' is required to be supplied and to be false")
        if missing := [one for one in properties if one not in schema.get("required", [])]:
            raise invalid_schema(
                name,
                context,
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{missing[0]}'",
            )
    for group in ("properties", "$defs", "definitions"):
        for key, one in schema.get(group, {}).items():
            _check(name, one, (*context, group, key))
    if items := schema.get("items"):
        _check(name, items, (*context, "items"))
    for place, one in enumerate(schema.get("anyOf", [])):
        _check(name, one, (*context, "anyOf", str(place)))


def resolved(schema: Schema, root: Schema) -> Schema:
    """What a ``$ref`` points at, or the first choice of an ``anyOf`` that is not null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            target: Any = root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            schema = target
        else:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
    return schema


def filled(schema: Schema, root: Schema, leaf: Fill, key: str = "") -> Any:
    """A value that fits ``schema``, whose leaves (and arrays of leaves) come from ``leaf(property's name, schema)``."""
    schema = resolved(schema, root)
    if schema.get("type") == "object":
        return {name: filled(one, root, leaf, name) for name, one in schema.get("properties", {}).items()}
    return leaf(key, schema)


def blank(schema: Schema) -> Any:
    """The emptiest value of a leaf."""
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "", "integer": 0, "number": 0.0, "boolean": False, "array": []}.get(str(schema.get("type")))
