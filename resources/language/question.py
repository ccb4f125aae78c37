"""What a language model is asked, whatever it is about, and what comes back: messages, the form of the answer, room."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any, Literal

from resources.language.prices import tokens_at_most

VERSION = "v1"

TOKENS_OF_THOUGHT = 2000
"""Models that think before they answer spend their thoughts from the same allowance."""
MESSAGE_TOKENS = 8

REFUSED = "The language model refuses to answer."
TRUNCATED = "The answer of the language model was cut off."
UNREADABLE = "The answer of the language model cannot be read."


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an answer: a name, and a JSON schema that is strict by OpenAI's rules (every property is required, no
    other is allowed, and no keyword is used that it does not enforce). It is the same for every question of a kind, so
    the service need not compile it anew."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    messages: tuple[Message, ...]
    form: Form
    max_output_tokens: int

    @property
    def input_tokens_at_most(self) -> int:
        schema = tokens_at_most(json.dumps(self.form.schema))
        return schema + sum(tokens_at_most(message.content) + MESSAGE_TOKENS for message in self.messages)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model has written. ``problem`` is a sentence for users, set when there is nothing to read in it. Tokens
    are those to be paid."""

    content: str
    input_tokens: int
    output_tokens: int
    request_id: str | None = None
    problem: str | None = None


def material(document: Mapping[str, Any]) -> str:
    """The document as one line: nothing that was said in a video can end it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


@cache
def version_of(*templates: str) -> str:
    """The version of templates and a fingerprint of their text, which nobody forgets to raise."""
    text = "\0".join(_template(name) for name in templates)
    return f"{VERSION}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def filled(template: str, **values: object) -> str:
    return Template(_template(template)).substitute(values).strip()


@cache
def _template(name: str) -> str:
    return (files("resources.language") / "templates" / f"{name}.{VERSION}.txt").read_text(encoding="utf-8")
