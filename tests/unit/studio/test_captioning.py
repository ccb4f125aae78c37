"""Captions of a scene of which the user has cut something out."""

import pytest

from domain.caption_styles import CaptionStyle
from domain.montage import scenes_of
from domain.profile import Aspect, Profile
from domain.script import Cut, Line, Script
from resources.database.records import JobScene
from studio.captioning import FilmCaptions

LINES = (
    Line(id=1, text="A comet has been seen.", start=10.0, end=12.0),
    Line(id=2, text="Um, what was it.", start=12.0, end=14.5),
    Line(id=3, text="It comes back next year.", start=14.5, end=16.5),
)
CUT = Cut(start=12.0, end=14.5)


def captions(script: Script) -> FilmCaptions:
    return FilmCaptions(Profile.of(Aspect.WIDE), CaptionStyle.CLEAN, None, script)


@pytest.mark.parametrize(("cuts", "second_start"), [((), 4.5), ((CUT,), 2.0)])
def test_what_nobody_speaks_is_captioned_when_it_is_seen(cuts: tuple[Cut, ...], second_start: float) -> None:
    script = Script(title="Comets", language="en", lines=LINES)
    edited = script.changed(cuts=cuts, as_imported=LINES)
    (scene,) = scenes_of(edited)
    row = JobScene.model_construct(scene=scene, speech=None, film_seconds=None)
    cues = captions(edited).scene(row).cues(Profile.of(Aspect.WIDE))
    assert cues[-1].texts == ("It comes back next year.",)
    assert cues[-1].start == pytest.approx(second_start)
    assert cues[-1].end <= scene.duration


def test_captions_are_in_the_language_of_the_script() -> None:
    assert captions(Script(title="Kometen", language="de", lines=LINES)).language == "de"
    assert FilmCaptions(Profile.of(Aspect.WIDE), CaptionStyle.CLEAN, None).language == "und"
