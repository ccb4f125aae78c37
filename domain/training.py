"""Training: who needs a model of their own, what makes two trainings the same, and which shots may use such a model."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from domain.characters import CastMember, CharacterMode


class Recipe(BaseModel):
    """How a model is trained: a provider's trainer, pinned, and all of its parameters but the pictures."""

    model_config = ConfigDict(frozen=True)

    trainer: str
    version: str
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)

    def key(self, picture_hashes: Collection[str]) -> str:
        """The identity of a training: SHA-256 over the recipe and the pictures, in whatever order they come.

        The same training is never paid for twice by one user. What names a training from outside, such as the address
        that its weights go to, does not belong into ``parameters``.
        """
        identity = [self.trainer, self.version, dict(self.parameters), sorted(picture_hashes)]
        canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class Trainee(BaseModel):
    """A character as training sees it. ``trained_key`` is the key of the training that made its present model."""

    model_config = ConfigDict(frozen=True)

    character_id: UUID
    mode: CharacterMode
    picture_hashes: tuple[str, ...]
    trained_key: str | None = None


def who_needs_training(characters: Sequence[Trainee], recipe: Recipe) -> list[Trainee]:
    """Those who are to be filmed with a model of their own and have none made by this very training."""
    return [
        one
        for one in characters
        if one.mode is CharacterMode.TRAINED and one.trained_key != recipe.key(one.picture_hashes)
    ]


class Likeness(StrEnum):
    """How a shot keeps its characters recognisable."""

    WORDS = "words"
    TRAINED = "trained"
    REFERENCES = "references"
    COMPOSED = "composed"


class LikenessPlan(BaseModel):
    """How the likeness of one shot is kept, and why: the scene's metadata says both.

    ``pictures`` are the S3 keys to show to the model, by character: for REFERENCES all at once, for COMPOSED one
    character after the other, each keyframe with its own. For TRAINED the one character's model does the work.
    """

    model_config = ConfigDict(frozen=True)

    how: Likeness
    why: str
    pictures: Mapping[UUID, tuple[str, ...]] = Field(default_factory=dict)


def plan_likeness(shown: Sequence[CastMember], *, max_reference_pictures: int) -> LikenessPlan:
    """How to film the characters of one shot with a model that takes so many reference pictures (0: none at all).

    Two trained models in one shot blend the faces that they know, so a trained model films only a character who is
    alone in the picture. Otherwise every character is shown to the model by its pictures; when there are more of them
    than it takes pictures, keyframes are composed character by character.
    """
    pictured = [member for member in shown if member.pictures]
    trained = [member for member in shown if member.model_version]
    if len(trained) == len(shown) == 1:
        return LikenessPlan(how=Likeness.TRAINED, why=f"{trained[0].name} is alone and has a trained model.")
    if not pictured:
        return LikenessPlan(how=Likeness.WORDS, why="No character of this scene has a picture.")
    reason = _why_not_trained(trained)
    if len(pictured) <= max_reference_pictures:
        return LikenessPlan(
            how=Likeness.REFERENCES,
            why=f"{reason}The model sees pictures of {_listed(pictured)}.",
            pictures=share_pictures(pictured, max_reference_pictures),
        )
    return LikenessPlan(
        how=Likeness.COMPOSED,
        why=f"{reason}The model takes fewer reference pictures ({max_reference_pictures}) than the scene has characters"
        f" ({len(pictured)}).",
        pictures={member.character_id: member.pictures for member in pictured},
    )


def share_pictures(members: Sequence[CastMember], most: int) -> Mapping[UUID, tuple[str, ...]]:
    """At most ``most`` pictures in all, dealt out in turn: everybody's portrait first, then everybody's second, …"""
    dealt: dict[UUID, list[str]] = {member.character_id: [] for member in members}
    for turn in range(max((len(member.pictures) for member in members), default=0)):
        for member in members:
            if turn < len(member.pictures) and sum(map(len, dealt.values())) < most:
                dealt[member.character_id].append(member.pictures[turn])
    return {character_id: tuple(keys) for character_id, keys in dealt.items()}


def _why_not_trained(trained: Sequence[CastMember]) -> str:
    if len(trained) > 1:
        return f"Trained models of {_listed(trained)} would blend their faces in one shot. "
    if trained:
        return f"The trained model of {trained[0].name} would lend its face to the others. "
    return ""


def _listed(members: Sequence[CastMember]) -> str:
    names = [member.name for member in members]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
