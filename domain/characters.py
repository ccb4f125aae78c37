"""Characters, and the cast: the characters that a job has chosen, frozen with what is needed to film them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator

MAX_PICTURES = 20
MAX_NAME_LETTERS = 80
MAX_DESCRIPTION_LETTERS = 500
MAX_STYLE_LETTERS = 200
MAX_CONSENT_LETTERS = 500

CONSENT_TEXTS: Mapping[str, str] = {
    "2026-11": "I may use this likeness. The person in these pictures is me, or has agreed (for a child: those who may"
    " decide for it have agreed) that AI models are shown these pictures and make films in which they appear; or the"
    " pictures show nobody who lives or has lived, and I hold the rights to them.",
}
"""What a user agrees to, by version. A version that somebody has agreed to is never edited: a new one is added."""

CONSENT_TEXT_VERSION = "2026-11"


class Voice(BaseModel):
    """How a character sounds (`domain/voices.py`). ``pitch`` and ``rate`` are 0 to 99."""

    model_config = ConfigDict(frozen=True)

    name: str
    pitch: int = 50
    rate: int = 50


class CharacterMode(StrEnum):
    """How a character of a user's own is filmed: its pictures shown to a model, or a model trained on them."""

    REFERENCE = "reference"
    TRAINED = "trained"


class CharacterStatus(StrEnum):
    UPLOADING = "uploading"
    UNTRAINED = "untrained"
    TRAINING = "training"
    READY = "ready"
    FAILED = "failed"

    @property
    def can_be_cast(self) -> bool:
        """A character whose training has not begun may be chosen: the film that needs it has it trained."""
        return self in (CharacterStatus.READY, CharacterStatus.UNTRAINED)


CHARACTER_TRANSITIONS: Mapping[CharacterStatus, frozenset[CharacterStatus]] = {
    # An upload that fails leaves no row, so nothing fails from here.
    CharacterStatus.UPLOADING: frozenset({CharacterStatus.READY, CharacterStatus.UNTRAINED}),
    CharacterStatus.UNTRAINED: frozenset({CharacterStatus.TRAINING}),
    # Back to untrained: the training was lost or given up.
    CharacterStatus.TRAINING: frozenset({CharacterStatus.READY, CharacterStatus.FAILED, CharacterStatus.UNTRAINED}),
    # On from ready: another trainer, or another version of it.
    CharacterStatus.READY: frozenset({CharacterStatus.TRAINING}),
    CharacterStatus.FAILED: frozenset({CharacterStatus.TRAINING, CharacterStatus.UNTRAINED}),
}


class Consent(BaseModel):
    """A user's word that they may use a likeness. ``statement`` says in their words who has consented;
    ``text_version`` is the version of CONSENT_TEXTS that they agreed to."""

    model_config = ConfigDict(frozen=True)

    statement: str
    text_version: str
    recorded_at: datetime


class CastMember(BaseModel):
    """One character of a job.

    ``pictures`` are S3 keys, the portrait first; each names the content of its picture, so that another picture makes
    another clip key. ``model_ref`` names what a provider films with, and ``model_version`` pins a model trained on the
    pictures: it is None for a character without one. ``speakers`` are those of the script whom the user has it play.
    """

    model_config = ConfigDict(frozen=True)

    character_id: UUID
    name: str
    style: str
    portrait_key: str | None
    pictures: tuple[str, ...] = ()
    model_ref: str | None = None
    model_version: str | None = None
    voice: Voice | None = None
    speakers: tuple[str, ...] = ()

    def is_called(self, label: str) -> bool:
        """Whether a speaker's label and the name mean the same: one may hold more words, such as a surname."""
        name, called = set(self.name.casefold().split()), set(label.casefold().split())
        return bool(name) and (name <= called or called <= name)

    @model_validator(mode="before")
    @classmethod
    def _pictures_begin_with_the_portrait(cls, given: Any) -> Any:
        """A member frozen before there were several pictures has its portrait alone."""
        if isinstance(given, dict) and given.get("portrait_key") and not given.get("pictures"):
            return {**given, "pictures": (given["portrait_key"],)}
        return given


def why_not_ready(name: str, status: CharacterStatus, training_progress: int, error_message: str | None) -> str | None:
    """A sentence for whoever wants to film a character; None when it is ready. ``training_progress`` is 0 to 100."""
    match status:
        case CharacterStatus.UPLOADING:
            return f"The pictures of {name} are still being stored."
        case CharacterStatus.UNTRAINED:
            return f"{name} is not trained yet."
        case CharacterStatus.TRAINING:
            return f"{name} is being trained: {training_progress} % done."
        case CharacterStatus.FAILED:
            return f"The training of {name} failed. {error_message or ''}".strip()
        case CharacterStatus.READY:
            return None
