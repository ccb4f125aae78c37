"""Training: who needs a model of their own, what makes two trainings the same, and which shots may use such a model."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from itertools import count
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from domain import models
from domain.characters import CastMember, CharacterMode
from domain.models import ModelProfile, TrainerProfile
from domain.shots import Shot

MODEL_PREFIX = "recast-"
NAME_LETTERS = 24
WORD_LETTERS = 8


class Recipe(BaseModel):
    """How a model is trained: a provider's trainer, pinned, and all of its parameters but the pictures."""

    model_config = ConfigDict(frozen=True)

    trainer: str
    version: str
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def of(cls, trainer: TrainerProfile) -> "Recipe":
        return cls(trainer=trainer.model, version=trainer.version, parameters=trainer.parameters)

    def key(self, picture_hashes: Collection[str], take: int = 0) -> str:
        """The identity of a training: SHA-256 over the recipe and the pictures, in whatever order they come.

        The same training is never paid for twice by one user. What names a training from outside, such as the address
        that its weights go to, does not belong into ``parameters``. A ``take`` after the first is another training of
        the same.
        """
        identity: list[object] = [self.trainer, self.version, dict(self.parameters), sorted(picture_hashes)]
        if take:
            identity.append(take)
        canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def key_beyond(self, picture_hashes: Collection[str], spent: Collection[str]) -> str:
        """The key of the first take that is not ``spent``: paid for, and no model is left of it, because the training
        was canceled half way, say, or the character that had the model was deleted."""
        return next(key for take in count() if (key := self.key(picture_hashes, take)) not in spent)


class Trainee(BaseModel):
    """A character as training sees it. ``trained_key`` is the key of the training that made its present model."""

    model_config = ConfigDict(frozen=True)

    character_id: UUID
    mode: CharacterMode
    picture_hashes: tuple[str, ...]
    trained_key: str | None = None


def who_needs_training(
    characters: Sequence[Trainee], recipe: Recipe, spent: Collection[str] = frozenset()
) -> list[Trainee]:
    """Those who are to be filmed with a model of their own and have none made by this very training. ``spent`` are the
    keys under which their user has paid in vain."""
    return [
        one
        for one in characters
        if one.mode is CharacterMode.TRAINED and one.trained_key != recipe.key_beyond(one.picture_hashes, spent)
    ]


def model_name(user_id: UUID, training_key: str) -> str:
    """What a provider calls the model that a training makes. It tells nobody whose likeness it is, and another user's
    training of the same pictures makes another model."""
    return f"{MODEL_PREFIX}{hashlib.sha256(f'{user_id}/{training_key}'.encode()).hexdigest()[:NAME_LETTERS]}"


def trigger_word(model_ref: str) -> str:
    """The word by which prompts call the character that a trained model (``owner/name``, or its name) knows: none that
    a model knows already."""
    return f"RC{model_ref.rpartition('/')[2].removeprefix(MODEL_PREFIX)[:WORD_LETTERS].upper()}"


class Likeness(StrEnum):
    """How a shot keeps its characters recognisable."""

    WORDS = "words"
    DRAWN = "drawn"
    TRAINED = "trained"
    REFERENCES = "references"
    COMPOSED = "composed"


class LikenessPlan(BaseModel):
    """How the likeness of one shot is kept, and why: the scene's metadata says both.

    ``pictures`` are the S3 keys to show to the model, by character: for REFERENCES all at once, for COMPOSED one
    character after the other, joined to one keyframe. For TRAINED the one character's model makes the keyframe.
    """

    model_config = ConfigDict(frozen=True)

    how: Likeness
    why: str
    pictures: Mapping[UUID, tuple[str, ...]] = Field(default_factory=dict)


def likeness_of(shot: Shot, profile: ModelProfile) -> LikenessPlan:
    """How ``profile`` keeps the likeness of everybody in a shot: the same for the same shot, in any process."""
    match profile.likeness:
        case models.Likeness.DRAWN:
            return LikenessPlan(how=Likeness.DRAWN, why=f"{profile.title} draws the characters itself.")
        case models.Likeness.NONE:
            return LikenessPlan(how=Likeness.WORDS, why=f"{profile.title} takes no pictures.")
        case models.Likeness.START_IMAGE:
            return plan_likeness(shot.shown, max_reference_pictures=0)
        case models.Likeness.SUBJECT:
            return _plan_subject(shot.shown, shot.prompt.speaker)
        case models.Likeness.REFERENCE_IMAGES:
            return plan_likeness(shot.shown, max_reference_pictures=profile.max_pictures)


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
    if max_reference_pictures:
        why = f"takes fewer reference pictures ({max_reference_pictures}) than the scene has characters"
        why = f"{why} ({len(pictured)})."
    else:
        why = f"films on from one picture, composed of those of {_listed(pictured)}."
    return LikenessPlan(
        how=Likeness.COMPOSED,
        why=f"{reason}The model {why}",
        pictures={member.character_id: member.pictures for member in pictured},
    )


def _plan_subject(shown: Sequence[CastMember], speaker: UUID | None) -> LikenessPlan:
    """For a model that takes one picture of one character: of several, the speaker has it."""
    plan = plan_likeness(shown, max_reference_pictures=1)
    if plan.how is not Likeness.COMPOSED:
        return plan
    pictured = [member for member in shown if member.pictures]
    chosen = next((member for member in pictured if member.character_id == speaker), pictured[0])
    return LikenessPlan(
        how=Likeness.REFERENCES,
        why=f"The model sees one picture of one character: {chosen.name}. Words describe the others.",
        pictures={chosen.character_id: chosen.pictures[:1]},
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
