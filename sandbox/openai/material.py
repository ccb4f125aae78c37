"""What a request is about: the JSON document with scenes that stands somewhere in its messages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AskedScene:
    number: int
    text: str
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Material:
    """The scenes to direct, and the cast: names by id."""

    scenes: tuple[AskedScene, ...]
    cast: Mapping[str, str]


def find_material(messages: Sequence[Mapping[str, Any]]) -> Material:
    """The first document in a user's message that has scenes, as ``direct`` or ``scenes``; else nothing to direct."""
    for message in messages:
        if message.get("role") == "user":
            for document in _documents(str(message.get("content"))):
                listed = document.get("direct") or document.get("scenes")
                scenes = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
                if scenes and all(isinstance(one.get("scene"), int) for one in scenes):
                    cast = {str(one.get("id")): str(one.get("name")) for one in document.get("cast", [])}
                    return Material(tuple(_scene(one) for one in scenes), cast)
    return Material((), {})


def _scene(one: Mapping[str, Any]) -> AskedScene:
    return AskedScene(one["scene"], str(one.get("text", "")), one.get("speaker"))


def _documents(text: str) -> Iterator[dict[str, Any]]:
    decoder, place = json.JSONDecoder(), text.find("{")
    while place >= 0:
        try:
            document, end = decoder.raw_decode(text, place)
        except ValueError:
            end = place + 1
        else:
            if isinstance(document, dict):
                yield document
        place = text.find("{", end)
