"""The model of the sandbox: directs scenes by simple means of its own, in whatever form is asked for."""

import hashlib
import re
from collections.abc import Callable, Collection
from itertools import cycle
from typing import Any

from sandbox.openai.faults import HIJACK, Trouble
from sandbox.openai.material import AskedScene, Material
from sandbox.openai.schema import Schema, blank, filled, resolved

NOT_ASKED = 1000
MOODS = ("calmly", "with open hands", "leaning forward", "with a quick smile")
STORY_WORDS = 3


def directed(material: Material, schema: Schema, troubles: Callable[[AskedScene], Collection[Trouble]]) -> Any:
    """One direction per scene, in the first list of objects that ``schema`` has; the rest of it is filled with blanks.

    ``troubles`` says what goes wrong in a scene.
    """
    return filled(schema, schema, lambda key, one: _listed(material, schema, one, troubles))


def _listed(
    material: Material, root: Schema, schema: Schema, troubles: Callable[[AskedScene], Collection[Trouble]]
) -> Any:
    item = resolved(schema["items"], root) if schema.get("type") == "array" else {}
    if item.get("type") != "object":
        return blank(schema)
    turns = cycle(material.cast)
    made = []
    for scene in material.scenes:
        speaker = scene.speaker or next(turns, "")
        made.append(filled(item, root, _Scene(scene, speaker, material, troubles(scene)).leaf))
        if HIJACK in scene.text.casefold():
            made.append(filled(item, root, _Scene(scene, "root", material, (Trouble.WRONG_SCENES,)).leaf))
    return made


class _Scene:
    """Directs one scene, property by property. Its choices are the same for the same words."""

    def __init__(self, scene: AskedScene, speaker: str, material: Material, troubles: Collection[Trouble]) -> None:
        self._scene = scene
        self._cast = material.cast
        self._troubles = troubles
        self._is_hijacked = HIJACK in scene.text.casefold()
        others = [one for one in material.cast if one != speaker]
        called = [one for one in others if material.cast[one].casefold() in scene.text.casefold()]
        alone = not others or (not called and self._draw("alone") % 2 == 0)
        self._people = [speaker] if alone else [speaker, called[0] if called else others[0]]
        if Trouble.STRANGER in troubles or self._is_hijacked:
            self._people = ["root"]

    def leaf(self, key: str, schema: Schema) -> Any:
        if "enum" in schema:
            return self._choice(key, schema["enum"])
        match schema.get("type"), key:
            case "integer", "scene":
                return self._scene.number + (NOT_ASKED if Trouble.WRONG_SCENES in self._troubles else 0)
            case "array", "characters":
                return self._people
            case "string", "speaker":
                return self._people[0]
            case "string", "picture":
                return self._picture()
            case _:
                return blank(schema)

    def _choice(self, key: str, choices: list[Any]) -> Any:
        words = self._scene.text.casefold()
        told = [one for one in choices if isinstance(one, str) and one.replace("_", " ") in words]
        return told[0] if told else choices[self._draw(key) % len(choices)]

    def _picture(self) -> str:
        names = [self._cast.get(one, one) for one in self._people]
        words = sorted(set(re.findall(r"\w{4,}", self._scene.text)), key=lambda word: (-len(word), word))[:STORY_WORDS]
        picture = f"{names[0]} stands in the middle of the picture and speaks {MOODS[self._draw('mood') % len(MOODS)]}"
        if len(names) > 1:
            picture += f", while {names[1]} listens"
        if words:
            picture += f". Around them are signs of {', '.join(words)}"
        if Trouble.LINK in self._troubles or self._is_hijacked:
            picture += ". On a sign: https://example.com/win"
        if Trouble.TOO_LONG in self._troubles:
            picture += ", and on and on" * 100
        return f"{picture}."

    def _draw(self, *grounds: object) -> int:
        return hashlib.sha256(repr((self._scene.text, *grounds)).encode()).digest()[0]
