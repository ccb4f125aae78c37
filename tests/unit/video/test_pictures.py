"""Pictures in formats that models read, and first frames of the film's own shape."""

import io

import pytest
from PIL import Image

from domain.errors import ErrorCode, RecastError
from domain.profile import Aspect, Profile
from resources.video.pictures import as_keyframe, first_frame, pictures_for, readable
from resources.video.registry import model_profile
from tests.orders import ADA, BOB, PICTURES, SEEDANCE, portrait, shot_for


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_what_every_model_reads_is_left_as_it_is(kind, media_type):
    content = portrait(kind=kind)
    picture = readable(content)
    assert (picture.content, picture.media_type) == (content, media_type)


def test_a_webp_becomes_a_png_of_the_same_size():
    picture = readable(portrait(size=(123, 77), kind="WEBP"))
    assert picture.media_type == "image/png"
    assert (opened(picture.content).format, opened(picture.content).size) == ("PNG", (123, 77))


@pytest.mark.parametrize("content", [b"", b"no picture", portrait(kind="GIF"), portrait()[:200]])
def test_what_is_no_portrait_is_not_sent(content):
    with pytest.raises(RecastError) as caught:
        readable(content)
    assert caught.value.code is ErrorCode.CHARACTER_NOT_READY


@pytest.mark.parametrize("aspect", list(Aspect))
def test_a_first_frame_has_the_films_shape_and_everybody_in_it(aspect):
    profile = Profile.of(aspect)
    frame = opened(first_frame([portrait("red"), portrait("blue")], profile).content).convert("RGB")
    assert frame.size == (profile.width, profile.height)
    left, right = (frame.getpixel((profile.width * part // 4, profile.height - 40)) for part in (1, 3))
    assert left[0] > 200 > 100 > left[2]
    assert right[2] > 200 > 100 > right[0]


def test_what_a_portrait_leaves_open_shows_the_backdrop():
    clear = Image.new("RGBA", (400, 500), (0, 0, 0, 0))
    encoded = io.BytesIO()
    clear.save(encoded, "PNG")
    frame = opened(first_frame([portrait("white"), encoded.getvalue()], Profile.of(Aspect.WIDE)).content)
    assert all(100 < level < 200 for level in frame.getpixel((960, 700)))


def test_the_same_portraits_make_the_same_frame():
    portraits, profile = [portrait("red"), portrait("blue", size=(900, 300))], Profile.of(Aspect.TALL)
    assert first_frame(portraits, profile).content == first_frame(portraits, profile).content


# What models get


def with_pictures(shot, count):
    """Ada with so many pictures."""
    ada, bob = shot.cast
    pictures = tuple(f"ada-{number}.png" for number in range(count))
    return shot.model_copy(update={"cast": (ada.model_copy(update={"pictures": pictures}), bob)})


def trained_alone(profile):
    shot = shot_for(profile)
    ada = shot.cast[0].model_copy(update={"model_ref": "me/ada", "model_version": "1"})
    prompt = shot.prompt.model_copy(update={"characters": (ADA,)})
    return shot.model_copy(update={"prompt": prompt, "cast": (ada,)})


def test_every_picture_that_the_model_takes_goes_to_it_in_order():
    three = [portrait(colour) for colour in ("red", "green", "blue")]
    sent = pictures_for(with_pictures(shot_for(SEEDANCE), 3), SEEDANCE, {ADA: three, BOB: PICTURES[BOB]})
    assert [picture.content for picture in sent] == [*three, *PICTURES[BOB]]
    few = SEEDANCE.model_copy(update={"max_pictures": 3})
    sent = pictures_for(with_pictures(shot_for(few), 3), few, {ADA: three, BOB: PICTURES[BOB]})
    assert [picture.content for picture in sent] == [*three[:2], *PICTURES[BOB]]


def test_a_model_that_takes_too_few_gets_one_picture_of_everybody():
    narrow = SEEDANCE.model_copy(update={"max_pictures": 1})
    (sent,) = pictures_for(shot_for(narrow), narrow, PICTURES)
    assert sent == first_frame([PICTURES[ADA][0], PICTURES[BOB][0]], Profile.of(Aspect.WIDE))


@pytest.mark.parametrize("model", ["bytedance/seedance-2.0", "kwaivgi/kling-v3-video", "minimax/video-01"])
def test_a_keyframe_goes_to_every_model_in_the_films_own_shape(model):
    profile = model_profile("replicate", model)
    keyframe = portrait("purple", size=(1344, 768))
    (sent,) = pictures_for(trained_alone(profile), profile, {ADA: (keyframe,)})
    assert opened(sent.content).size == (1280, 720)
    assert opened(sent.content).getpixel((640, 360)) == (128, 0, 128)


def test_a_scene_is_not_ordered_without_its_keyframe():
    with pytest.raises(RecastError) as caught:
        pictures_for(trained_alone(SEEDANCE), SEEDANCE, {BOB: PICTURES[BOB]})
    assert caught.value.code is ErrorCode.CHARACTER_NOT_READY


def test_a_keyframe_is_kept_as_a_png():
    drawing = Image.new("RGB", (64, 64), "red")
    drawing.paste("white", (10, 10, 30, 30))
    encoded = io.BytesIO()
    drawing.save(encoded, "WEBP")
    assert opened(as_keyframe(encoded.getvalue()).content).format == "PNG"


@pytest.mark.parametrize("content", [b"", b"<html>", portrait("black"), portrait("white", kind="WEBP")])
def test_a_keyframe_that_shows_nothing_is_rejected(content):
    with pytest.raises(RecastError) as caught:
        as_keyframe(content)
    assert caught.value.code is ErrorCode.CLIP_REJECTED
