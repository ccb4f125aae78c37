"""The question for punctuation: one passage of a transcript, and the words around it."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.restoring import Passage
from resources.language.prices import tokens_at_most
from resources.language.question import TOKENS_OF_THOUGHT, Form, Message, Question, filled, material, version_of

TEMPLATES = ("restoring", "passage")
GROWTH = 2
"""Punctuation is a token of its own, and a word with a capital may be two."""
TOKENS_OF_FORM = 50


class Restored(BaseModel):
    """The form that is asked for."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="The words of the passage, every one of them, with punctuation and capitals.")


FORM = Form("restored", Restored.model_json_schema())


def template_version() -> str:
    return version_of(*TEMPLATES)


def ask(passage: Passage, language: str) -> Question:
    document = {"language": language, "before": passage.before, "restore": passage.text, "after": passage.after}
    messages = (Message("system", filled("restoring")), Message("user", filled("passage", document=material(document))))
    return Question(
        messages, FORM, TOKENS_OF_THOUGHT + TOKENS_OF_FORM + GROWTH * tokens_at_most(material({"text": passage.text}))
    )


def read(content: str) -> str | None:
    """The text of an answer; None when there is none to be read."""
    try:
        return Restored.model_validate_json(content).text
    except ValidationError:
        return None
