"""What is asked of a character's trained model, and which keyframes are the same."""

import pytest

from domain.characters import CastMember
from domain.keyframes import Keyframe, keyframe_of
from domain.profile import Aspect
from domain.shots import Shot
from domain.training import model_name, trigger_word
from tests.orders import ADA, SEEDANCE, shot_for

NAME = model_name(ADA, "a" * 64)


def alone(text: str = "Ada stands by the window. Ada says: “Good evening.” She smiles.", **values: Aspect) -> Shot:
    shot = shot_for(SEEDANCE, **values)
    ada = CastMember(
        character_id=ADA, name="Ada", style="", portrait_key="a.png", model_ref=f"me/{NAME}", model_version="v1"
    )
    prompt = shot.prompt.model_copy(update={"text": text, "characters": (ADA,), "continuity": "Ada: red coat."})
    return shot.model_copy(update={"prompt": prompt, "cast": (ada,)})


def test_a_keyframe_is_asked_for_by_the_word_that_the_model_knows() -> None:
    asked = keyframe_of(alone())
    assert asked.prompt == (
        f"A picture of {trigger_word(NAME)}, who is called Ada. Ada stands by the window. Ada says. She smiles."
        " Ada: red coat."
    )
    assert (asked.model_ref, asked.model_version, asked.seed) == (f"me/{NAME}", "v1", 41)


@pytest.mark.parametrize("aspect", list(Aspect))
def test_a_keyframe_has_the_films_shape(aspect: Aspect) -> None:
    assert keyframe_of(alone(aspect=aspect)).aspect is aspect


def test_two_films_of_one_scene_share_its_keyframe() -> None:
    """Whichever model films it, and for how long."""
    shot = alone()
    other = shot.model_copy(update={"model": "another", "duration_seconds": 6.0})
    assert keyframe_of(shot).key == keyframe_of(other).key
    assert shot.clip_key != other.clip_key


@pytest.mark.parametrize(
    "change",
    [{"model_version": "v2"}, {"model_ref": "me/other"}, {"prompt": "x"}, {"aspect": Aspect.TALL}, {"seed": 1}],
)
def test_whatever_decides_the_picture_makes_another_keyframe(change: dict[str, object]) -> None:
    asked = keyframe_of(alone())
    assert Keyframe.model_validate({**asked.model_dump(), **change}).key != asked.key
