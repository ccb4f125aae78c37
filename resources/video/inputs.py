"""What a model is asked for: its input from a shot and its profile. Pure, and the same for the same shot in any
process, since a lost order is found again by it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import JsonValue

from domain.errors import ErrorCode, RecastError
from domain.models import Likeness, ModelProfile
from domain.profile import Aspect, Profile
from domain.shots import Shot

PICTURE_WORDS = ("image", "images")


def pictured(shot: Shot, profile: ModelProfile) -> tuple[UUID, ...]:
    """The characters whose pictures the model gets, in its order.

    They are those of the shot who have a portrait; where the model takes fewer, the speaker is always among them. A
    first frame shows them all, for it is made of their pictures.
    """
    if profile.likeness in (Likeness.NONE, Likeness.DRAWN):
        return ()
    with_portrait = {member.character_id for member in shot.cast if member.portrait_key}
    shown = [character for character in shot.prompt.characters if character in with_portrait]
    if profile.likeness is Likeness.START_IMAGE:
        return tuple(shown)
    most = 1 if profile.likeness is Likeness.SUBJECT else profile.max_pictures
    kept = sorted(shown, key=lambda character: character != shot.prompt.speaker)[:most]
    return tuple(character for character in shown if character in kept)


def model_input(shot: Shot, profile: ModelProfile, pictures: Sequence[str] = ()) -> dict[str, JsonValue]:
    """The model's input fields. ``pictures`` are addresses of those of ``pictured``, or of the first frame.

    Raises PROVIDER_INPUT_INVALID for what the profile already knows to be refused.
    """
    words: dict[str, JsonValue] = {
        "prompt": _prompt(shot, profile),
        "negative": shot.prompt.negative or None,
        "seconds": round(shot.ordered_seconds),
        "aspect": _aspect(shot, profile).value,
        "seed": shot.prompt.seed,
        "image": pictures[0] if pictures else None,
        "images": list(pictures) or None,
    }
    told = {field: words[word] for word, field in profile.fields.items() if words[word] is not None}
    return {**profile.fixed, **told}


def is_input_of(shot: Shot, profile: ModelProfile, candidate: JsonValue) -> bool:
    """Whether a model's input, as the provider tells it, may be this shot's.

    Addresses of pictures are new with every upload, so only their number counts; what the provider has added of its
    own (defaults) does not count.
    """
    if not isinstance(candidate, Mapping):
        return False
    expected = model_input(shot, profile)
    count = len(pictured(shot, profile))
    for word in PICTURE_WORDS:
        if field := profile.fields.get(word):
            told = candidate.get(field)
            number = len(told) if isinstance(told, list) else int(bool(told))
            if number != (count if word == "images" else min(count, 1)):
                return False
    return all(candidate.get(field) == value for field, value in expected.items())


def _prompt(shot: Shot, profile: ModelProfile) -> str:
    names = {member.character_id: member.name for member in shot.cast}
    mentions = (
        f"{profile.mention.format(n=place)} is {names[character]}."
        for place, character in enumerate(pictured(shot, profile), start=1)
        if profile.mention
    )
    mentioned = "".join(f"{mention} " for mention in mentions)
    room = profile.max_prompt_characters - len(mentioned)
    if len(shot.prompt.text) > room:
        raise RecastError(
            ErrorCode.PROVIDER_INPUT_INVALID,
            f"The scene's prompt has {len(mentioned) + len(shot.prompt.text)} characters; {profile.title} reads"
            f" {profile.max_prompt_characters}.",
        )
    return mentioned + shot.prompt.written(room)


def _aspect(shot: Shot, profile: ModelProfile) -> Aspect:
    aspect = next((offered for offered in profile.aspects if _has(shot.profile, offered)), None)
    if aspect is None:
        raise RecastError(
            ErrorCode.PROVIDER_INPUT_INVALID,
            f"{profile.title} films in {', '.join(profile.aspects)} only.",
        )
    return aspect


def _has(picture: Profile, aspect: Aspect) -> bool:
    width, height = map(int, aspect.split(":"))
    return picture.width * height == picture.height * width
