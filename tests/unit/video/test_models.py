"""The list of models holds together."""

from decimal import Decimal

import pytest

from domain.errors import ErrorCode, RecastError
from domain.models import Likeness
from resources.video.inputs import model_input, pictured
from resources.video.registry import (
    PROVIDERS,
    TRAINING,
    is_configured,
    model_profile,
    models,
    still_camera,
    trainer,
    trainers,
)
from tests.orders import shot_for

PAID = [profile for profile in models() if profile.provider != "local"]
NAMES = [f"{profile.provider} {profile.model}" for profile in PAID]
WORDS = {"prompt", "negative", "seconds", "aspect", "seed", "image", "images"}


def test_every_model_has_one_row():
    rows = [(profile.provider, profile.model) for profile in models()]
    assert len(rows) == len(set(rows))


def test_every_provider_of_the_list_can_be_loaded(settings_for):
    settings = settings_for()
    assert {profile.provider for profile in models()} <= PROVIDERS.keys()
    assert {name for name in PROVIDERS if is_configured(name, settings)} == {"local", "replicate", "pika"}


def test_a_provider_without_its_key_is_not_on_offer(settings_for):
    without = settings_for(replicate_api_token=None, fal_key="")
    assert not is_configured("replicate", without)
    assert not is_configured("pika", without)


@pytest.mark.parametrize("profile", PAID, ids=NAMES)
def test_a_model_is_told_in_words_that_are_understood(profile):
    assert profile.fields.keys() <= WORDS
    assert len(set(profile.fields.values())) == len(profile.fields)
    assert not profile.fixed.keys() & set(profile.fields.values())
    assert "prompt" in profile.fields


@pytest.mark.parametrize("profile", PAID, ids=NAMES)
def test_a_models_likeness_fits_its_fields(profile):
    expected = {
        Likeness.NONE: set(),
        Likeness.REFERENCE_IMAGES: {"images"},
        Likeness.START_IMAGE: {"image"},
        Likeness.SUBJECT: {"image"},
    }[profile.likeness]
    assert profile.fields.keys() & {"image", "images"} == expected
    assert bool(expected) == bool(profile.max_pictures)
    assert profile.mention is None or "{n}" in profile.mention


@pytest.mark.parametrize("profile", PAID, ids=NAMES)
def test_a_shot_can_be_ordered_of_every_model(profile):
    shot = shot_for(profile, aspect=profile.aspects[0], needed=3)
    pictures = [f"https://picture/{number}" for number, _ in enumerate(pictured(shot, profile))]
    assert model_input(shot, profile, pictures)[profile.fields["prompt"]]


@pytest.mark.parametrize("profile", PAID, ids=NAMES)
def test_a_price_says_whence_and_when(profile):
    low, high = profile.price.of(profile.ordered_seconds(5))
    assert Decimal("0.1") < low <= high < Decimal("5")
    assert profile.price.source.startswith("https://")


@pytest.mark.parametrize(
    ("provider", "model", "seconds", "low"),
    [
        ("replicate", "bytedance/seedance-2.0", 4, "0.40"),
        ("replicate", "kwaivgi/kling-v3-video", 5, "0.70"),
        ("replicate", "google/veo-3.1", 8, "3.20"),
        ("replicate", "wan-video/wan-2.7-r2v", 5, "0.50"),
        ("replicate", "minimax/video-01", 5, "0.50"),
        ("replicate", "kwaivgi/kling-o1", 5, "0.56"),
        ("pika", "fal-ai/pika/v2.2/image-to-video", 5, "0.20"),
        ("pika", "fal-ai/pika/v2.2/text-to-video", 10, "0.40"),
    ],
)
def test_a_clip_costs_what_the_providers_list_says(provider, model, seconds, low):
    assert model_profile(provider, model).price.of(seconds)[0] == Decimal(low)


def test_whoever_is_listed_to_train_can_and_makes_pictures_too(settings_for):
    settings = settings_for()
    for profile in trainers():
        assert profile.provider in TRAINING
        assert trainer(profile, settings).profile == profile
        assert still_camera(profile, settings).can_find
        assert (profile.price.per, profile.picture_price.per) == ("training", "picture")


def test_nobody_trains_without_the_providers_key(settings_for):
    without = settings_for(replicate_api_token=None)
    for make in (trainer, still_camera):
        with pytest.raises(RecastError) as refused:
            make(trainers()[0], without)
        assert refused.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED


def test_a_training_and_a_picture_have_their_price_whatever_the_seconds():
    (profile, *_) = trainers()
    assert profile.price.of(0) == profile.price.of(99) == (Decimal("1.80"), Decimal("3.00"))
    assert profile.picture_price.of(0) == (Decimal("0.032"), Decimal("0.05"))
