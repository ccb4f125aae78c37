"""Who is trained, which trainings are the same, and how a shot keeps its characters recognisable."""

import re
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from domain import models
from domain.characters import CastMember, CharacterMode
from domain.models import ModelProfile, Price, TrainerProfile
from domain.profile import Aspect, Profile
from domain.shots import Camera, Light, Setting, Shot, ShotPrompt
from domain.training import (
    Likeness,
    LikenessPlan,
    Recipe,
    Trainee,
    likeness_of,
    model_name,
    plan_likeness,
    share_pictures,
    trigger_word,
    who_needs_training,
)

RECIPE = Recipe(trainer="ostris/flux-dev-lora-trainer", version="v1", parameters={"steps": 1000, "lora_rank": 16})
HASHES = ("a" * 64, "b" * 64)


def trainee(number: int, mode: CharacterMode = CharacterMode.TRAINED, trained_key: str | None = None) -> Trainee:
    return Trainee(character_id=UUID(int=number), mode=mode, picture_hashes=HASHES, trained_key=trained_key)


def actor(number: int, *, pictures: int = 1, trained: bool = False) -> CastMember:
    keys = tuple(f"{number}/{picture}.webp" for picture in range(pictures))
    return CastMember(
        character_id=UUID(int=number),
        name=f"Actor{number}",
        style="",
        portrait_key=keys[0] if keys else None,
        pictures=keys,
        model_ref="me/actor" if trained else None,
        model_version="1" if trained else None,
    )


def test_the_same_training_has_the_same_key_whatever_the_order() -> None:
    again = Recipe(trainer=RECIPE.trainer, version="v1", parameters={"lora_rank": 16, "steps": 1000})
    assert RECIPE.key(HASHES) == again.key(tuple(reversed(HASHES)))
    assert len(RECIPE.key(HASHES)) == 64


@pytest.mark.parametrize(
    ("recipe", "hashes"),
    [
        (RECIPE.model_copy(update={"trainer": "other/trainer"}), HASHES),
        (RECIPE.model_copy(update={"version": "v2"}), HASHES),
        (RECIPE.model_copy(update={"parameters": {"steps": 2000, "lora_rank": 16}}), HASHES),
        (RECIPE, HASHES[:1]),
        (RECIPE, (*HASHES, "c" * 64)),
        (RECIPE, ("a" * 64, "d" * 64)),
    ],
    ids=["trainer", "version", "parameters", "fewer pictures", "more pictures", "another picture"],
)
def test_whatever_decides_a_training_makes_another_key(recipe: Recipe, hashes: tuple[str, ...]) -> None:
    assert recipe.key(hashes) != RECIPE.key(HASHES)


def test_only_characters_without_this_very_model_are_trained() -> None:
    done, old, new = trainee(1, trained_key=RECIPE.key(HASHES)), trainee(2, trained_key="f" * 64), trainee(3)
    by_reference = trainee(4, CharacterMode.REFERENCE)
    assert who_needs_training([done, old, new, by_reference], RECIPE) == [old, new]


def test_what_was_paid_for_in_vain_is_followed_by_another_training() -> None:
    first, second, third = (RECIPE.key(HASHES, take) for take in range(3))
    assert first == RECIPE.key(HASHES)
    assert len({first, second, third}) == 3
    assert RECIPE.key_beyond(HASHES, ()) == first
    assert RECIPE.key_beyond(HASHES, {first}) == second
    assert RECIPE.key_beyond(HASHES, {first, second, "f" * 64}) == third
    assert RECIPE.key_beyond(HASHES, {second}) == first


def test_a_model_of_a_later_take_is_no_reason_to_train_again() -> None:
    first, second = RECIPE.key(HASHES), RECIPE.key(HASHES, 1)
    later = trainee(1, trained_key=second)
    assert who_needs_training([later], RECIPE, spent={first}) == []
    assert who_needs_training([trainee(2)], RECIPE, spent={first, second}) == [trainee(2)]


def test_a_trainers_row_is_its_recipe() -> None:
    price = Price(per="training", usd=Decimal(1), as_of=date(2026, 11, 1), source="x")
    row = TrainerProfile(
        provider="replicate",
        model=RECIPE.trainer,
        version="v1",
        title="LoRA",
        parameters=RECIPE.parameters,
        price=price,
        picture_price=price,
    )
    assert Recipe.of(row) == RECIPE
    assert Recipe.of(row.model_copy(update={"price": price.model_copy(update={"usd": Decimal(2)})})) == RECIPE


def test_a_models_name_tells_nobody_whose_it_is_and_is_one_users_own() -> None:
    name = model_name(UUID(int=1), RECIPE.key(HASHES))
    assert re.fullmatch("recast-[0-9a-f]{24}", name)
    assert name != model_name(UUID(int=2), RECIPE.key(HASHES))
    assert name != model_name(UUID(int=1), RECIPE.key(HASHES, 1))
    assert trigger_word(name) == trigger_word(f"studio/{name}") == f"RC{name[7:15].upper()}"


# Shots


def shot(likeness: models.Likeness, *cast: CastMember, most: int = 0, speaker: int | None = None) -> LikenessPlan:
    profile = ModelProfile(
        provider="p",
        model="m",
        version="1",
        title="The model",
        likeness=likeness,
        max_pictures=most,
        price=Price(per="free", usd=Decimal(0), as_of=date(2026, 11, 1), source="x"),
    )
    prompt = ShotPrompt(
        text="t",
        caption="c",
        setting=Setting.SEA,
        light=Light.DAY,
        camera=Camera.STILL,
        style="s",
        characters=tuple(member.character_id for member in cast),
        speaker=UUID(int=speaker) if speaker else None,
    )
    filmed = Shot(
        provider="p",
        model="m",
        model_version="1",
        prompt=prompt,
        duration_seconds=2,
        ordered_seconds=2,
        profile=Profile.of(Aspect.WIDE),
        cast=cast,
    )
    return likeness_of(filmed, profile)


def test_a_model_that_is_shown_nothing_needs_no_plan() -> None:
    one = actor(1, pictures=3, trained=True)
    assert shot(models.Likeness.DRAWN, one).how is Likeness.DRAWN
    assert shot(models.Likeness.NONE, one).how is Likeness.WORDS


def test_whoever_is_alone_and_trained_is_filmed_so_by_every_model_that_is_shown_pictures() -> None:
    for likeness, most in ((models.Likeness.REFERENCE_IMAGES, 4), (models.Likeness.SUBJECT, 1)):
        assert shot(likeness, actor(1, trained=True), most=most).how is Likeness.TRAINED
    assert shot(models.Likeness.START_IMAGE, actor(1, trained=True), most=1).how is Likeness.TRAINED


def test_a_film_that_goes_on_from_one_picture_has_everybody_in_it() -> None:
    plan = shot(models.Likeness.START_IMAGE, actor(1, trained=True), actor(2), most=1)
    assert plan.how is Likeness.COMPOSED
    assert plan.why.endswith("The model films on from one picture, composed of those of Actor1 and Actor2.")


def test_a_model_of_one_subject_sees_who_speaks() -> None:
    plan = shot(models.Likeness.SUBJECT, actor(1), actor(2, pictures=3), most=1, speaker=2)
    assert (plan.how, plan.pictures) == (Likeness.REFERENCES, {UUID(int=2): ("2/0.webp",)})
    assert plan.why == "The model sees one picture of one character: Actor2. Words describe the others."
    silent = shot(models.Likeness.SUBJECT, actor(1, pictures=0), actor(2), actor(3), most=1)
    assert list(silent.pictures) == [UUID(int=2)]


def test_a_trained_model_films_its_character_alone() -> None:
    plan = plan_likeness([actor(1, pictures=9, trained=True)], max_reference_pictures=4)
    assert (plan.how, plan.pictures) == (Likeness.TRAINED, {})
    assert plan.why == "Actor1 is alone and has a trained model."


def test_two_trained_models_never_meet_in_one_shot() -> None:
    for most in range(10):
        plan = plan_likeness([actor(1, trained=True), actor(2, trained=True)], max_reference_pictures=most)
        assert plan.how is (Likeness.REFERENCES if most >= 2 else Likeness.COMPOSED)
        assert plan.why.startswith("Trained models of Actor1 and Actor2 would blend their faces in one shot.")


@pytest.mark.parametrize("other", [actor(2), actor(2, pictures=0)], ids=["with pictures", "without any"])
def test_a_trained_model_is_not_used_beside_anybody_else(other: CastMember) -> None:
    plan = plan_likeness([actor(1, trained=True), other], max_reference_pictures=4)
    assert plan.how is Likeness.REFERENCES
    assert plan.why.startswith("The trained model of Actor1 would lend its face to the others.")


def test_characters_by_reference_share_the_pictures_that_the_model_takes() -> None:
    plan = plan_likeness([actor(1, pictures=5), actor(2), actor(3, pictures=2)], max_reference_pictures=6)
    assert plan.how is Likeness.REFERENCES
    assert plan.why == "The model sees pictures of Actor1, Actor2 and Actor3."
    assert plan.pictures == {
        UUID(int=1): ("1/0.webp", "1/1.webp", "1/2.webp"),
        UUID(int=2): ("2/0.webp",),
        UUID(int=3): ("3/0.webp", "3/1.webp"),
    }


def test_more_characters_than_pictures_are_composed_each_with_their_own() -> None:
    plan = plan_likeness([actor(1, pictures=3), actor(2)], max_reference_pictures=1)
    assert plan.how is Likeness.COMPOSED
    assert plan.why == "The model takes fewer reference pictures (1) than the scene has characters (2)."
    assert plan.pictures[UUID(int=1)] == ("1/0.webp", "1/1.webp", "1/2.webp")


def test_without_any_picture_words_have_to_do() -> None:
    assert plan_likeness([actor(1, pictures=0)], max_reference_pictures=4).how is Likeness.WORDS
    assert plan_likeness([], max_reference_pictures=4).how is Likeness.WORDS


def test_portraits_come_before_second_pictures() -> None:
    shared = share_pictures([actor(1, pictures=5), actor(2, pictures=5)], 3)
    assert shared == {UUID(int=1): ("1/0.webp", "1/1.webp"), UUID(int=2): ("2/0.webp",)}
