"""Characters as people choose them, and the cast of a script."""

from collections.abc import Callable
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from api.views.examples import ADA, CHARACTER, KOFI, USER_SCRIPT, example
from api.views.view import View
from domain.characters import Voice
from resources.database.records import Character

MAX_CAST = 8


class CharacterView(View):
    model_config = ConfigDict(json_schema_extra=example(CHARACTER))

    id: UUID
    name: str
    description: str = Field(description="One line about who this is.")
    style: str = Field(description="How the portrait is drawn.")
    image_url: str | None = Field(description="A link to the portrait; it opens without a token and soon expires.")
    voice: Voice | None
    is_premade: bool = Field(description="Whether everybody has this character, or it is your own.")

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
        )


class CharacterList(View):
    model_config = ConfigDict(json_schema_extra=example({"characters": [CHARACTER]}))

    characters: list[CharacterView]


class CastRequest(View):
    """Who plays: pre-made characters first, then your own, each group in the order given."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"character_ids": [ADA, KOFI], "custom_character_ids": []})
    )

    character_ids: list[UUID] = Field(default=[], max_length=MAX_CAST)
    custom_character_ids: list[UUID] = Field(default=[], max_length=MAX_CAST)

    @property
    def all_ids(self) -> list[UUID]:
        return [*self.character_ids, *self.custom_character_ids]

    @model_validator(mode="after")
    def _is_a_cast(self) -> Self:
        if not 1 <= len(self.all_ids) <= MAX_CAST:
            raise ValueError(f"a cast has 1 to {MAX_CAST} characters")
        if len(set(self.all_ids)) < len(self.all_ids):
            raise ValueError("a character can be cast only once")
        return self


class CastView(View):
    model_config = ConfigDict(json_schema_extra=example({"script_id": USER_SCRIPT, "cast": [CHARACTER]}))

    script_id: UUID
    cast: list[CharacterView]
