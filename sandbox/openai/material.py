"""What a request is about: the JSON document that stands somewhere in its messages, with scenes to direct, a passage to
punctuate, or lines to choose from."""

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

    @property
    def texts(self) -> list[str]:
        return [scene.text for scene in self.scenes]

    @property
    def about(self) -> str:
        return str(sorted(self.cast.items()))


@dataclass(frozen=True, slots=True)
class AskedPassage:
    """Words to punctuate, and those around them; whoever speaks begins on a new line."""

    text: str
    before: str
    after: str

    @property
    def texts(self) -> list[str]:
        return [self.text]

    @property
    def about(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class AskedLine:
    number: int
    seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class AskedLines:
    """Lines of which so many seconds are to be chosen."""

    lines: tuple[AskedLine, ...]
    seconds: float

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    @property
    def about(self) -> str:
        return f"{self.seconds} {self.lines[0].text}"


def find_material(messages: Sequence[Mapping[str, Any]]) -> Material | AskedPassage | AskedLines:
    """The first document in a user's message with scenes (``direct`` or ``scenes``), a passage (``restore``) or lines
    (``lines`` and ``target_seconds``); else nothing to direct."""
    for message in messages:
        if message.get("role") == "user":
            for document in _documents(str(message.get("content"))):
                if found := _passage(document) or _lines(document) or _scenes(document):
                    return found
    return Material((), {})


def _scenes(document: Mapping[str, Any]) -> Material | None:
    scenes = _numbered(document.get("direct") or document.get("scenes"), "scene")
    if not scenes:
        return None
    cast = {str(one.get("id")): str(one.get("name")) for one in document.get("cast", [])}
    return Material(
        tuple(AskedScene(one["scene"], str(one.get("text", "")), one.get("speaker")) for one in scenes), cast
    )


def _passage(document: Mapping[str, Any]) -> AskedPassage | None:
    text = document.get("restore")
    if not isinstance(text, str):
        return None
    return AskedPassage(text, str(document.get("before", "")), str(document.get("after", "")))


def _lines(document: Mapping[str, Any]) -> AskedLines | None:
    lines, seconds = _numbered(document.get("lines"), "line"), document.get("target_seconds")
    if not lines or not isinstance(seconds, int | float):
        return None
    return AskedLines(
        tuple(AskedLine(one["line"], float(one.get("seconds", 0)), str(one.get("text", ""))) for one in lines), seconds
    )


def _numbered(listed: Any, number: str) -> list[dict[str, Any]]:
    """Objects that all have a number, or none."""
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return found if all(isinstance(one.get(number), int) for one in found) else []


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
