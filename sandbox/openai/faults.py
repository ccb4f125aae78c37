"""Answers that go wrong as those of language models do, at the wish of the model's name or of a scene's words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MODEL = "sandbox-director"
IN_TEXT = re.compile(r"sandbox:([a-z-]+)")
HIJACK = "ignore all previous instructions"
"""Whoever says so in a scene is obeyed, as gullible models do."""
ONCE = "-once"


class Trouble(StrEnum):
    INVALID_JSON = "invalid-json"
    WRONG_SCENES = "wrong-scenes"
    STRANGER = "stranger"
    LINK = "link"
    TOO_LONG = "too-long"
    WRONG_WORDS = "wrong-words"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content-filter"
    TRUNCATED = "truncated"
    RATE_LIMIT = "rate-limit"
    NO_CREDIT = "no-credit"
    DOWN = "down"
    SLOW = "slow"
    PAGE = "page"


SENTENCES: dict[Trouble, str] = {
    Trouble.INVALID_JSON: "The answer ends in the middle of its JSON, and says that it is whole.",
    Trouble.WRONG_SCENES: "The answer directs scenes that nobody asked for. In a scene's words: that scene only.",
    Trouble.STRANGER: "The answer casts somebody who is not in the cast. In a scene's words: that scene only.",
    Trouble.LINK: "The answer puts a link into the picture. In a scene's words: that scene only.",
    Trouble.TOO_LONG: "The answer never stops describing. In a scene's words: that scene only.",
    Trouble.WRONG_WORDS: "The answer changes a word of a passage, or chooses a line that is not there.",
    Trouble.REFUSAL: "The model refuses.",
    Trouble.CONTENT_FILTER: "The service's content filter withholds the answer.",
    Trouble.TRUNCATED: "The answer is cut off by its length.",
    Trouble.RATE_LIMIT: "429 with `retry-after` and `retry-after-ms`.",
    Trouble.NO_CREDIT: "429 with the code `insufficient_quota`.",
    Trouble.DOWN: "500.",
    Trouble.SLOW: "The answer is late.",
    Trouble.PAGE: "A proxy's page comes instead of an answer, with status 200.",
}
OF_ONE_SCENE = (Trouble.WRONG_SCENES, Trouble.STRANGER, Trouble.LINK, Trouble.TOO_LONG)


@dataclass(frozen=True, slots=True)
class Fault:
    """``is_once``: every other request that would meet it does."""

    trouble: Trouble
    is_once: bool = False


def fault_of_model(model: str) -> Fault | None:
    """The fault that a model's name asks for. Raises KeyError for a model that does not exist."""
    if model == MODEL:
        return None
    fault = _fault(model.removeprefix(f"{MODEL}-")) if model.startswith(f"{MODEL}-") else None
    if fault is None:
        raise KeyError(model)
    return fault


def faults_of_texts(texts: Sequence[str]) -> list[Fault]:
    return [fault for text in texts for word in IN_TEXT.findall(text) if (fault := _fault(word))]


def models() -> list[str]:
    return [MODEL, *(f"{MODEL}-{trouble}{end}" for trouble in Trouble for end in ("", ONCE))]


def _fault(name: str) -> Fault | None:
    plain = name.removesuffix(ONCE)
    return Fault(Trouble(plain), name != plain) if plain in set(Trouble) else None
