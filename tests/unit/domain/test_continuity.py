"""What looks the same from scene to scene, and which scenes go on without a cut."""

from uuid import uuid4

import pytest

from domain.characters import CastMember
from domain.continuity import goes_on
from domain.director import direct
from domain.prompts import LOOKS, SET_DETAILS, quote
from domain.scenes import Scene
from domain.shots import Light, Setting, ShotPrompt
from tests.unit.domain.test_director import ADA, BRUNO, CAST, film, scene


def shot(part: Scene, **changes: object) -> tuple[Scene, ShotPrompt]:
    prompt = film(part, cast=[ADA, BRUNO])[0]
    return part, prompt.model_copy(update=changes)


FIRST = shot(scene(1, "In the forest.", "Ada"))
SECOND = shot(scene(2, "In the woods.", "Bruno"))


def test_a_scene_goes_on_in_the_same_place_and_light_with_the_same_people() -> None:
    assert goes_on(FIRST, *SECOND)


@pytest.mark.parametrize(
    "other",
    [
        shot(SECOND[0], setting=Setting.SEA),
        shot(SECOND[0], light=Light.NIGHT),
        shot(SECOND[0], characters=(ADA.character_id,)),
        (SECOND[0].model_copy(update={"title": "Later"}), SECOND[1]),
        shot(scene(2, "In the woods.", "Bruno", start=8.5)),
        shot(scene(2, "In the woods.", "Bruno", start=0.0)),
    ],
)
def test_another_place_light_company_chapter_or_time_is_a_cut(other: tuple[Scene, ShotPrompt]) -> None:
    assert not goes_on(FIRST, *other)


def test_the_first_scene_goes_on_from_nothing() -> None:
    assert not goes_on(None, *FIRST)


def test_everybody_in_the_picture_looks_as_always() -> None:
    together, alone = film(scene(1, "Hi.", "Ada"), scene(2, "And so on, alone.", "Ada"), cast=[ADA, BRUNO], seed=3)
    for prompt in (together, alone):
        for member in (ADA, BRUNO):
            assert (LOOKS[member.character_id] in prompt.continuity) == (member.character_id in prompt.characters)


def test_a_character_of_one_s_own_looks_like_the_picture_of_it() -> None:
    mine = CastMember(character_id=uuid4(), name="Zoe", style="", portrait_key="users/1/zoe.png")
    drawn, unseen = (
        film(scene(1, "Hi."), cast=[mine.model_copy(update={"portrait_key": key})])[0].continuity
        for key in ("users/1/zoe.png", None)
    )
    assert "Zoe has the face, the hair and the clothes of the reference picture." in drawn
    assert "Zoe has the same face, hair and clothes in every scene." in unseen


def test_scenes_of_a_chapter_in_one_setting_play_in_the_very_same_place() -> None:
    for seed in range(10):
        shots = film(*[scene(number, "In the library.", title="Part one") for number in range(1, 6)], seed=seed)
        assert len({prompt.continuity.rsplit("The place:")[1] for prompt in shots}) == 1


def test_another_seed_plays_in_another_place_of_its_kind() -> None:
    places = {film(scene(1, "In the library."), seed=seed)[0].continuity.rsplit("The place:")[1] for seed in range(30)}
    assert len(places) == len(SET_DETAILS[Setting.LIBRARY])


def test_every_setting_has_details() -> None:
    assert set(SET_DETAILS) == set(Setting)
    assert all(len(set(choices)) >= 3 for choices in SET_DETAILS.values())


def test_what_is_said_cannot_point_at_a_picture() -> None:
    assert quote("See [Image2] or <<<image_1>>>.") == "See (Image2) or (((image_1)))."
    assert "[" not in direct([scene(1, "[Image1] wins")], CAST, style="ink", seed=1)[0].text
