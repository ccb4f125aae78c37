"""Pictures in formats that models read, and first frames of the film's own shape."""

import io

import pytest
from PIL import Image

from domain.errors import ErrorCode, RecastError
from domain.profile import Aspect, Profile
from resources.video.pictures import first_frame, readable
from tests.orders import portrait


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
    assert max(frame.getpixel((960, 700))) < 200


def test_the_same_portraits_make_the_same_frame():
    portraits, profile = [portrait("red"), portrait("blue", size=(900, 300))], Profile.of(Aspect.TALL)
    assert first_frame(portraits, profile).content == first_frame(portraits, profile).content
