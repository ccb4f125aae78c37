"""What a model is asked for: its input from a shot and its profile. Pure, and the same for the same shot in any
process, since a lost order is found again by it."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from pydantic import JsonValue

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from domain.profile import Aspect
from domain.shots import Shot
from domain.training import Likeness, likeness_of

PICTURE_WORDS = ("image", "images")


def pictured(shot: Shot, profile: ModelProfile) -> tuple[tuple[UUID, ...], ...]:
    """The pictures that the model gets, in its order: of each, who is in it. Somebody may have several; a first frame,
    and a picture that is composed because the model takes too few, shows everybody at once."""
    plan = likeness_of(shot, profile)
    match plan.how:
        case Likeness.TRAINED:
            return (tuple(member.character_id for member in shot.shown),)
        case Likeness.REFERENCES:
            return tuple((character,) for character, keys in plan.pictures.items() for _ in keys)
        case Likeness.COMPOSED:
            return (tuple(plan.pictures),)
    return ()


def model_input(shot: Shot, profile: ModelProfile, pictures: Sequence[str] = ()) -> dict[str, JsonValue]:
    """The model's input fields. ``pictures`` are addresses of those of ``pictured``.

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
            if number != count:
                return False
    return all(candidate.get(field) == value for field, value in expected.items())


def _prompt(shot: Shot, profile: ModelProfile) -> str:
    mentioned = "".join(f"{mention} " for mention in _mentions(shot, profile))
    room = profile.max_prompt_characters - len(mentioned)
    if len(shot.prompt.text) > room:
        raise RecastError(
            ErrorCode.PROVIDER_INPUT_INVALID,
            f"The scene's prompt has {len(mentioned) + len(shot.prompt.text)} characters; {profile.title} reads"
            f" {profile.max_prompt_characters}.",
        )
    return mentioned + shot.prompt.written(room)


def _mentions(shot: Shot, profile: ModelProfile) -> Iterator[str]:
    """Who is in which picture: one sentence for each character, or for the picture that shows several."""
    if profile.mention is None:
        return
    names = {member.character_id: member.name for member in shot.cast}
    places: dict[tuple[UUID, ...], list[str]] = {}
    for place, shown in enumerate(pictured(shot, profile), start=1):
        places.setdefault(shown, []).append(profile.mention.format(n=place))
    for shown, mentions in places.items():
        if len(shown) > 1:
            yield f"{' '.join(mentions)} shows {', '.join(names[one] for one in shown)}, from left to right."
        else:
            yield f"{', '.join(mentions)} {'is' if len(mentions) == 1 else 'are'} {names[shown[0]]}."


def _aspect(shot: Shot, profile: ModelProfile) -> Aspect:
    aspect = next((offered for offered in profile.aspects if shot.profile.has(offered)), None)
    if aspect is None:
        raise RecastError(
            ErrorCode.PROVIDER_INPUT_INVALID,
            f"{profile.title} films in {', '.join(profile.aspects)} only.",
        )
    return aspect
