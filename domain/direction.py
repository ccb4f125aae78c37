"""A language model's direction of one scene: what it may decide, what is checked before it is believed, and its prompt.

A model reads the words of a video that anybody may have made, so nothing in its answer is trusted: who may be in the
picture and where comes from lists, what is said comes from the script, and free text holds no more than prose.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.characters import CastMember
from domain.prompts import compose, plain, quote
from domain.scenes import Scene
from domain.shots import Camera, Light, Setting, ShotPrompt

MAX_IN_SHOT = 2
"""With more, video models mix up faces."""
MIN_PICTURE_LETTERS = 20
MAX_PICTURE_LETTERS = 700
MAX_CONTINUITY_LETTERS = 300
MAX_UNWANTED_LETTERS = 200

NOT_PROSE = re.compile(r"://|\bwww\.|\b[\w-]{2,}\.[a-z]{2,}\b|@\w|[<>\[\]{}|\\`]")
"""Addresses, markup, and the brackets with which prompts point at pictures."""


class Direction(BaseModel):
    """What a language model decides about one scene. ``scene`` is the scene's index; people are named by the
    references of ``references``. The descriptions are read by the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scene: int = Field(description="The number of the scene.")
    speaker: str = Field(description="The id of the cast member who speaks.")
    characters: list[str] = Field(description="The ids of the one or two cast members in the picture.")
    setting: Setting
    light: Light
    camera: Camera
    picture: str = Field(
        description="What is seen: one to four sentences on people, action, framing and place, without dialogue."
    )
    continuity: str = Field(
        description="What has to look the same as in the scenes around it: clothes, things, place. May be empty."
    )
    negative: str = Field(
        description="What must not be in the picture, separated by commas. May be empty.",
    )


class Objection(StrEnum):
    """Why a direction is not filmed. Users read it, and the model, once, to do better."""

    MISSING = "The answer leaves the scene out."
    REPEATED = "The answer directs the scene twice."
    MALFORMED = "The answer does not have the form that was asked for."
    NOT_IN_CAST = "The answer names somebody who is not in the cast."
    TOO_MANY = "The answer does not put one or two people into the picture."
    SPEAKER_UNSEEN = "The speaker is not in the picture."
    WRONG_SPEAKER = "Somebody else speaks than the script says."
    WRONG_LENGTH = "A text of the answer is too short or too long."
    NOT_PROSE = "A text of the answer holds a link or markup."


def references(cast: Sequence[CastMember]) -> dict[str, CastMember]:
    """Short names of the cast for one conversation: cheaper than ids, and they tell nothing about anybody."""
    return {f"c{number}": member for number, member in enumerate(cast, start=1)}


def objection(
    direction: Direction, cast: Mapping[str, CastMember], named_speaker: CastMember | None
) -> Objection | None:
    """The first reason not to film by ``direction``, or None. ``cast`` is by reference."""
    people = direction.characters
    texts = (direction.picture, direction.continuity, direction.negative)
    if any(person not in cast for person in (*people, direction.speaker)):
        return Objection.NOT_IN_CAST
    if not 1 <= len(people) <= MAX_IN_SHOT or len(set(people)) < len(people):
        return Objection.TOO_MANY
    if direction.speaker not in people:
        return Objection.SPEAKER_UNSEEN
    if named_speaker and cast[direction.speaker].character_id != named_speaker.character_id:
        return Objection.WRONG_SPEAKER
    if (
        not MIN_PICTURE_LETTERS <= len(plain(direction.picture)) <= MAX_PICTURE_LETTERS
        or len(plain(direction.continuity)) > MAX_CONTINUITY_LETTERS
        or len(plain(direction.negative)) > MAX_UNWANTED_LETTERS
    ):
        return Objection.WRONG_LENGTH
    if any(NOT_PROSE.search(text) or not plain(text).isprintable() for text in texts):
        return Objection.NOT_PROSE
    return None


def as_prompt(
    direction: Direction,
    scene: Scene,
    cast: Mapping[str, CastMember],
    *,
    style: str,
    seed: int,
    directed_by: str,
) -> ShotPrompt:
    """The prompt of a direction to which there is no objection. Whatever it says, the words that are spoken, the faces
    and the style are those of the script, the cast and the film."""
    speaker = cast[direction.speaker]
    in_shot = [speaker, *(cast[person] for person in direction.characters if person != direction.speaker)]
    framing = f"{'Two-shot' if len(in_shot) > 1 else 'Shot'} of {' and '.join(member.name for member in in_shot)}"
    seen = f"{framing}: {_sentence(direction.picture)} {speaker.name} says: “{quote(scene.text)}”"
    return compose(
        scene,
        seen,
        in_shot=in_shot,
        setting=direction.setting,
        light=direction.light,
        camera=direction.camera,
        style=style,
        seed=seed,
        directed_by=directed_by,
        notes=_sentence(direction.continuity),
        unwanted=plain(direction.negative).strip(" ,."),
    )


def _sentence(text: str) -> str:
    said = plain(text)
    return said if not said or said.endswith((".", "!", "?", "…", "。")) else f"{said}."
