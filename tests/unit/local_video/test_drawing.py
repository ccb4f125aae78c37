"""What the local renderer draws."""

import io

import numpy as np
import pytest
from PIL import Image

from domain.caption_styles import letter_pixels, safe_zone
from domain.premade import PREMADE
from domain.profile import Aspect, Profile
from domain.shots import Light, Setting
from resources.video.local.actor import OVERSAMPLING
from resources.video.local.backdrop import SETTINGS, draw
from resources.video.local.blocking import MOST, marks
from resources.video.local.compositor import Frame, Placement
from resources.video.local.looks import LOOKS, slug_of
from resources.video.local.pixels import Turnable, planes
from resources.video.local.portrait import portrait_png


def test_every_premade_character_can_be_drawn() -> None:
    assert [slug_of(character.model_ref) for character in PREMADE] == [character.slug for character in PREMADE]


def test_a_model_of_somebody_else_is_not_drawn() -> None:
    assert slug_of("owner/model:version") is None
    assert slug_of("local/nobody") is None
    assert slug_of(None) is None


def test_a_portrait_is_round_on_transparency_and_nobody_looks_like_another() -> None:
    pictures = {slug: np.asarray(Image.open(io.BytesIO(portrait_png(slug, 96)))) for slug in LOOKS}
    for picture in pictures.values():
        assert picture.shape == (96, 96, 4)
        assert picture[0, 0, 3] == 0
        assert picture[48, 48, 3] == 255
    assert len({picture.tobytes() for picture in pictures.values()}) == len(LOOKS)


def test_every_setting_is_drawn_and_differs_by_light_and_seed() -> None:
    profile = Profile.of(Aspect.WIDE)
    assert set(SETTINGS) == set(Setting)
    for setting in Setting:
        lights = {draw(setting, light, 1, profile).back for light in Light}
        assert len(lights) == len(Light), setting
        assert draw(setting, Light.DAY, 1, profile) == draw(setting, Light.DAY, 1, profile), setting
        assert draw(setting, Light.DAY, 1, profile) != draw(setting, Light.DAY, 2, profile), setting


@pytest.mark.parametrize("aspect", list(Aspect))
@pytest.mark.parametrize("count", range(1, MOST + 1))
def test_captions_never_cover_a_face(aspect: Aspect, count: int) -> None:
    profile = Profile.of(aspect)
    chin = 165  # units below the middle of the head
    lowest = max(mark.y + chin * mark.unit for mark in marks(count, profile))
    # Two rows, each a little higher than its letters.
    assert safe_zone(profile).bottom - 2 * 1.5 * letter_pixels(profile) > lowest


def test_a_layer_moves_by_parts_of_a_pixel() -> None:
    ramp = np.zeros((64, 200, 4), dtype=np.uint8)
    ramp[..., :3] = np.arange(200, dtype=np.uint8)[None, :, None]
    ramp[..., 3] = 255
    layer, seen = planes(ramp), []
    for step in range(21):
        frame = Frame(64, 32)
        frame.lay(layer, Placement(-40 - step * 0.25, -8, 1.07, 1.07))
        seen.append(float(frame.luma[4:28, 4:60].mean()))
    steps = np.diff(seen)
    assert np.allclose(steps, steps.mean(), atol=0.1)
    assert steps.mean() == pytest.approx(0.25 / 1.07 * 219 / 255, rel=0.1)


def test_turned_and_straight_layers_land_in_the_same_place() -> None:
    square = np.zeros((40, 60, 4), dtype=np.uint8)
    square[8:32, 10:50] = (240, 120, 30, 255)
    layer = planes(square)
    straight, turned = Frame(128, 96), Frame(128, 96)
    straight.lay(layer, Placement(20.4, 14.6, 1.3, 1.3))
    turned.lay_turned(Turnable.of(layer), np.array([[1.3, 0, 20.4], [0, 1.3, 14.6]]))
    assert np.abs(straight.luma.astype(int) - turned.luma).mean() < 0.4
    assert np.abs(straight.chroma.astype(int) - turned.chroma).mean() < 0.4


@pytest.mark.parametrize("zoom", [1.0, 1.013, 1.06, 1.12])
def test_breathing_is_smooth_at_every_zoom(zoom: float) -> None:
    ramp = np.zeros((300, 64, 4), dtype=np.uint8)
    ramp[..., :3] = (np.arange(300) * 0.8).astype(np.uint8)[:, None, None]
    ramp[..., 3] = 255
    layer, seen, scale = planes(ramp), [], zoom / (OVERSAMPLING * 1.12)
    for step in range(41):
        frame = Frame(48, 64)
        frame.lay(layer, Placement(-4, -90 - step * 0.05, scale, scale))
        seen.append(float(frame.luma[8:56, 8:40].mean()))
    expected = seen[0] + np.arange(41) * 0.05 / scale * 0.8 * 219 / 255
    assert np.abs(np.array(seen) - expected).max() < 0.12
