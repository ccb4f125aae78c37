"""What models are asked for, and whether an input that a provider tells is that of a shot."""

import pytest

from domain.errors import ErrorCode, RecastError
from domain.profile import Aspect
from resources.video.inputs import is_input_of, model_input, pictured
from resources.video.registry import model_profile
from tests.orders import ADA, BOB, SEEDANCE, shot_for

KLING = model_profile("replicate", "kwaivgi/kling-o1")
FRAME = model_profile("replicate", "kwaivgi/kling-v3-video")
SUBJECT = model_profile("replicate", "minimax/video-01")
WORDS = model_profile("pika", "fal-ai/pika/v2.2/text-to-video")


def speaking(shot, speaker):
    return shot.model_copy(update={"prompt": shot.prompt.model_copy(update={"speaker": speaker})})


def without_portrait(shot, name):
    return changed(shot, name, portrait_key=None, pictures=())


def changed(shot, name, **facts):
    """The shot with other facts about one of its characters."""
    cast = [member.model_copy(update=facts) if member.name == name else member for member in shot.cast]
    return shot.model_copy(update={"cast": tuple(cast)})


def alone(shot, character):
    """The shot with one character in it."""
    prompt = shot.prompt.model_copy(update={"characters": (character,), "speaker": character})
    cast = tuple(member for member in shot.cast if member.character_id == character)
    return shot.model_copy(update={"prompt": prompt, "cast": cast})


def test_every_character_of_the_shot_is_pictured_in_the_shots_order():
    assert pictured(shot_for(SEEDANCE), SEEDANCE) == ((ADA,), (BOB,))


def test_somebody_with_several_pictures_is_shown_with_as_many_as_the_model_takes():
    shot = changed(shot_for(SEEDANCE), "Ada", pictures=tuple(f"ada-{n}.png" for n in range(20)))
    assert pictured(shot, SEEDANCE) == ((ADA,),) * 8 + ((BOB,),)
    few = SEEDANCE.model_copy(update={"max_pictures": 3})
    assert pictured(shot, few) == ((ADA,), (ADA,), (BOB,))
    assert model_input(shot, few)["prompt"].startswith("[Image1], [Image2] are Ada. [Image3] is Bob. Medium")


def test_somebody_alone_with_a_trained_model_is_shown_by_the_keyframe_alone():
    shot = changed(shot_for(SEEDANCE), "Ada", pictures=("1.png", "2.png"), model_ref="me/ada", model_version="1")
    assert pictured(alone(shot, ADA), SEEDANCE) == ((ADA,),)
    assert pictured(alone(shot, ADA), FRAME) == ((ADA,),)
    assert pictured(shot, SEEDANCE) == ((ADA,), (ADA,), (BOB,))


def test_where_pictures_are_few_one_shows_everybody():
    narrow = SEEDANCE.model_copy(update={"max_pictures": 1})
    assert pictured(shot_for(narrow), narrow) == ((ADA, BOB),)
    assert model_input(shot_for(narrow), narrow)["prompt"].startswith(
        "[Image1] shows Ada, Bob, from left to right. Medium"
    )


def test_of_several_the_speaker_is_the_subject():
    assert pictured(speaking(shot_for(SUBJECT), BOB), SUBJECT) == ((BOB,),)
    assert pictured(speaking(shot_for(SUBJECT), None), SUBJECT) == ((ADA,),)


def test_a_first_frame_shows_everybody():
    assert pictured(shot_for(FRAME), FRAME) == ((ADA, BOB),)


def test_who_has_no_portrait_is_described_by_words_alone():
    shot = without_portrait(shot_for(SEEDANCE), "Ada")
    assert pictured(shot, SEEDANCE) == ((BOB,),)
    assert model_input(shot, SEEDANCE)["prompt"].startswith("[Image1] is Bob. Medium")


def test_a_model_without_pictures_gets_none():
    assert pictured(shot_for(WORDS), WORDS) == ()
    assert "reference_images" not in model_input(shot_for(WORDS), WORDS, [])


@pytest.mark.parametrize(
    ("model", "begins"),
    [
        ("bytedance/seedance-2.0", "[Image1] is Ada. [Image2] is Bob. Medium"),
        ("kwaivgi/kling-o1", "<<<image_1>>> is Ada. <<<image_2>>> is Bob. Medium"),
        ("wan-video/wan-2.7-r2v", "Image 1 is Ada. Image 2 is Bob. Medium"),
        ("google/veo-3.1", "Medium"),
        ("kwaivgi/kling-v3-video", "Medium"),
    ],
)
def test_the_prompt_points_at_pictures_in_the_models_way(model, begins):
    profile = model_profile("replicate", model)
    assert model_input(shot_for(profile), profile, ["x", "y"])["prompt"].startswith(begins)


def test_only_words_that_the_model_has_fields_for_are_told():
    assert model_input(shot_for(KLING, text="They wave."), KLING, ["a", "b"]) == {
        "prompt": "<<<image_1>>> is Ada. <<<image_2>>> is Bob. They wave.",
        "reference_images": ["a", "b"],
        "duration": 5,
        "aspect_ratio": "16:9",
        "mode": "pro",
    }


def test_the_length_that_is_ordered_is_told_as_a_whole_number():
    asked = model_input(shot_for(SEEDANCE, needed=7.5), SEEDANCE)
    assert asked["duration"] == 8
    assert isinstance(asked["duration"], int)


@pytest.mark.parametrize("aspect", list(Aspect))
def test_the_shape_of_the_film_is_told(aspect):
    assert model_input(shot_for(SEEDANCE, aspect=aspect), SEEDANCE)["aspect_ratio"] == aspect.value


def test_a_shape_that_the_model_does_not_film_is_refused_with_those_it_does():
    veo = model_profile("replicate", "google/veo-3.1")
    with pytest.raises(RecastError) as caught:
        model_input(shot_for(veo, aspect=Aspect.TALL), veo)
    assert caught.value.code is ErrorCode.PROVIDER_INPUT_INVALID
    assert caught.value.detail == "Veo 3.1 films in 16:9 only."


def test_a_prompt_that_the_model_would_cut_is_refused_with_both_lengths():
    with pytest.raises(RecastError) as caught:
        model_input(shot_for(SEEDANCE, text="x" * 1990), SEEDANCE)
    assert caught.value.detail == "The scene's prompt has 2024 characters; Seedance 2.0 reads 2000."


def test_an_input_is_known_again_whatever_its_pictures_are_called_now():
    shot = shot_for(SEEDANCE)
    told = model_input(shot, SEEDANCE, ["https://a", "https://b"])
    assert is_input_of(shot, SEEDANCE, told)
    assert is_input_of(shot, SEEDANCE, {**told, "reference_images": ["data:image/png;base64,", "x"]})
    assert is_input_of(shot, SEEDANCE, {**told, "last_frame_image": None})


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "another"},
        {"seed": 42},
        {"seed": None},
        {"duration": 5},
        {"resolution": "480p"},
        {"reference_images": ["https://a"]},
        {"reference_images": []},
        {"reference_images": None},
    ],
)
def test_an_input_that_differs_is_not_this_shots(change):
    shot = shot_for(SEEDANCE)
    assert not is_input_of(shot, SEEDANCE, {**model_input(shot, SEEDANCE, ["https://a", "https://b"]), **change})


@pytest.mark.parametrize("told", [None, {}, [], "text"])
def test_what_is_no_input_is_nobodys(told):
    assert not is_input_of(shot_for(SEEDANCE), SEEDANCE, told)


def test_a_first_frame_counts_as_one_picture():
    shot = shot_for(FRAME)
    told = model_input(shot, FRAME, ["https://frame"])
    assert is_input_of(shot, FRAME, told)
    assert not is_input_of(shot, FRAME, {name: value for name, value in told.items() if name != "start_image"})
