"""Characters as people choose and make them, and the cast of a script."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from api.views.examples import ADA, CHARACTER, DELETION, KOFI, OWN_CHARACTER, USER_SCRIPT, VOICE, example
from api.views.failures import Failure
from api.views.view import View
from domain.characters import (
    CONSENT_TEXT_VERSION,
    CONSENT_TEXTS,
    MAX_CONSENT_LETTERS,
    MAX_DESCRIPTION_LETTERS,
    MAX_NAME_LETTERS,
    MAX_STYLE_LETTERS,
    CharacterMode,
    CharacterStatus,
    Consent,
    Voice,
)
from domain.proposal import MAX_CAST
from domain.voices import SpokenBy
from resources.database.records import CastCharacter, Character, Deletion
from studio.characters import NewCharacter

MAX_SPEAKERS = 100
MAX_SAMPLE_LETTERS = 300
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
VOICE_NAME = r"^[A-Za-z0-9][A-Za-z0-9+_-]{0,63}$"
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_LETTERS, pattern=ONE_LINE)
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_DESCRIPTION_LETTERS, pattern=ONE_LINE)
]
Style = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_STYLE_LETTERS, pattern=ONE_LINE)]
VoiceName = Annotated[
    str,
    Field(
        pattern=VOICE_NAME,
        description="As espeak-ng names voices: `language+variant`, `f1` to `f5` for women and `m1` to `m8` for men."
        " Other engines speak with the voice of theirs that is nearest in kind, pitch and accent.",
    ),
]
VoiceLevel = Annotated[int, Field(ge=0, le=99)]


class CharacterView(View):
    model_config = ConfigDict(json_schema_extra=example(CHARACTER))

    id: UUID
    name: str
    description: str = Field(description="One line about who this is.")
    style: str = Field(description="How the portrait is drawn.")
    image_url: str | None = Field(description="A link to the portrait; it opens without a token and soon expires.")
    voice: Voice | None
    is_premade: bool = Field(description="Whether everybody has this character, or it is your own.")
    status: CharacterStatus = Field(description="Only a `ready` or `untrained` character can be cast.")
    mode: CharacterMode
    training_progress: int = Field(description="In per cent; it means something while the status is `training`.")

    @classmethod
    def of(cls, character: Character, sign: Callable[[str], str]) -> Self:
        """``sign`` makes a link of an S3 key."""
        return cls(
            id=character.id,
            name=character.name,
            description=character.description,
            style=character.style,
            image_url=sign(character.image_url) if character.image_url else None,
            voice=character.voice,
            is_premade=character.is_premade,
            status=character.status,
            mode=character.mode,
            training_progress=character.training_progress,
        )


class PictureView(View):
    url: str = Field(description="A link that opens without a token and soon expires.")
    width: int
    height: int


class CharacterDetail(CharacterView):
    model_config = ConfigDict(json_schema_extra=example(OWN_CHARACTER))

    pictures: list[PictureView] = Field(description="Your pictures in their order; the first is the portrait.")
    consent: Consent | None = Field(description="Who has agreed to be filmed, when, and to which text.")
    trained_at: datetime | None
    error: Failure | None = Field(description="Why the training failed, if it did.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, character: Character, sign: Callable[[str], str]) -> Self:
        stored = character.pictures if character.image_url else ()
        return cls(
            **dict(CharacterView.of(character, sign)),
            pictures=[PictureView(url=sign(one.s3_key), width=one.width, height=one.height) for one in stored],
            consent=character.consent,
            trained_at=character.trained_at,
            error=Failure.of(character.error_code, character.error_message),
            created_at=character.created_at,
            updated_at=character.updated_at,
        )


class CharacterList(View):
    model_config = ConfigDict(json_schema_extra=example({"characters": [CHARACTER]}))

    characters: list[CharacterView]


def _is_known_text(version: str) -> str:
    if version not in CONSENT_TEXTS:
        raise ValueError(f"no such text; there are: {', '.join(CONSENT_TEXTS)}")
    return version


class CharacterForm(View):
    """A character of your own, as fields of a form; `pictures` come with it as 1 to 20 files."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "name": "Zed",
                "description": "A clockmaker who is always late.",
                "style": "soft watercolour",
                "voice_name": "en-gb+m3",
                "voice_pitch": 40,
                "voice_rate": 45,
                "mode": "reference",
                "consent": "Zed Novak, who is in these pictures, has agreed in writing on 1 November 2026.",
                "consent_text_version": CONSENT_TEXT_VERSION,
            }
        ),
    )

    name: Name
    description: Description = ""
    style: Style = Field(default="", description="How this character is to look in films, in words.")
    voice_name: VoiceName | None = None
    voice_pitch: VoiceLevel = 50
    voice_rate: VoiceLevel = 50
    mode: CharacterMode = Field(
        default=CharacterMode.REFERENCE,
        description="`reference` shows your pictures to the video model; `trained` has a model trained on them.",
    )
    consent: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CONSENT_LETTERS, pattern=ONE_LINE)
    ] = Field(
        description="Your statement that you may use this likeness: say who has agreed. You agree to this text: "
        + CONSENT_TEXTS[CONSENT_TEXT_VERSION]
    )
    consent_text_version: Annotated[str, AfterValidator(_is_known_text)] = Field(
        default=CONSENT_TEXT_VERSION, description="The version of the text that you have read."
    )

    def as_new_character(self) -> NewCharacter:
        return NewCharacter(
            name=self.name,
            description=self.description,
            style=self.style,
            voice=(
                Voice(name=self.voice_name, pitch=self.voice_pitch, rate=self.voice_rate) if self.voice_name else None
            ),
            mode=self.mode,
            consent=Consent(
                statement=self.consent, text_version=self.consent_text_version, recorded_at=datetime.now(UTC)
            ),
        )


class VoiceRequest(View):
    model_config = ConfigDict(extra="forbid", json_schema_extra=example(VOICE))

    name: VoiceName
    pitch: VoiceLevel = 50
    rate: VoiceLevel = 50

    def as_voice(self) -> Voice:
        return Voice(name=self.name, pitch=self.pitch, rate=self.rate)


class CharacterChange(View):
    """What is left out, or null, stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"name": "Zed the Elder", "voice": VOICE}))

    name: Name | None = None
    description: Description | None = None
    style: Style | None = None
    voice: VoiceRequest | None = None


class SampleRequest(View):
    """What a character is to say, and how."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"text": "Do you hear it?", "voice": VOICE}))

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SAMPLE_LETTERS)]
    voice: VoiceRequest | None = Field(default=None, description="To try another than the character has.")
    language: Annotated[str, Field(pattern=LANGUAGE, description="Of the text: a tag such as `en` or `pt-BR`.")] = "en"
    narration: SpokenBy = Field(
        default=SpokenBy.AUTO, description="The engine, one that costs nothing; `auto` is the server's own choice."
    )


class DeletionView(View):
    model_config = ConfigDict(json_schema_extra=example(DELETION))

    id: UUID = Field(description="Name it when you ask what has become of the deletion.")
    character_id: UUID
    pictures_deleted: bool = Field(
        description="Whether every version of every picture is gone. If not, the storage did not answer, and it is"
        " tried again until they are."
    )
    trained_model: bool = Field(
        description="Whether there is a model trained on the pictures. Its provider is asked to delete it."
    )
    created_at: datetime

    @classmethod
    def of(cls, deletion: Deletion, *, pictures_deleted: bool) -> Self:
        return cls(
            id=deletion.id,
            character_id=deletion.character_id,
            pictures_deleted=pictures_deleted,
            trained_model=deletion.model_version is not None,
            created_at=deletion.created_at,
        )


class CastRequest(View):
    """Who plays: pre-made characters first, then your own, each group in the order given."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {"character_ids": [ADA, KOFI], "custom_character_ids": [], "speakers": {"Mira": ADA, "Jonas": KOFI}}
        ),
    )

    character_ids: list[UUID] = Field(default=[], max_length=MAX_CAST)
    custom_character_ids: list[UUID] = Field(default=[], max_length=MAX_CAST)
    speakers: dict[str, UUID] = Field(
        default={},
        max_length=MAX_SPEAKERS,
        description="Who of these plays a speaker of the script. A speaker who is not listed is played by a namesake,"
        " or by whoever is left, in turn.",
    )

    @property
    def all_ids(self) -> list[UUID]:
        return [*self.character_ids, *self.custom_character_ids]

    @model_validator(mode="after")
    def _is_a_cast(self) -> Self:
        if not 1 <= len(self.all_ids) <= MAX_CAST:
            raise ValueError(f"a cast has 1 to {MAX_CAST} characters")
        if len(set(self.all_ids)) < len(self.all_ids):
            raise ValueError("a character can be cast only once")
        if not set(self.speakers.values()) <= set(self.all_ids):
            raise ValueError("a speaker can only be played by a character of the cast")
        return self


class CastView(View):
    model_config = ConfigDict(
        json_schema_extra=example({"script_id": USER_SCRIPT, "cast": [CHARACTER], "speakers": {"Mira": ADA}})
    )

    script_id: UUID
    cast: list[CharacterView]
    speakers: dict[str, UUID] = Field(description="Who plays a speaker, where that was chosen.")


class PartView(View):
    """A speaker of a script, and who could play them."""

    speaker: str
    lines: int
    seconds: float = Field(description="How long they speak.")
    character_id: UUID


class ProposalView(View):
    """A cast that can be chosen as it is, or changed: send `speakers` and the ids of `cast` to choose it."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "script_id": USER_SCRIPT,
                "cast": [CHARACTER],
                "parts": [{"speaker": "Mira", "lines": 5, "seconds": 19.2, "character_id": ADA}],
                "speakers": {"Mira": ADA},
            }
        )
    )

    script_id: UUID
    cast: list[CharacterView]
    parts: list[PartView] = Field(description="The speakers that the script names, the most talkative first.")
    speakers: dict[str, UUID]


def speakers_of(cast: Sequence[CastCharacter]) -> dict[str, UUID]:
    return {speaker: character.id for character in cast for speaker in character.speakers}
