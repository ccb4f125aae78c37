"""What is checked before a language model's direction is filmed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.direction import (
    MAX_CONTINUITY_LETTERS,
    MAX_PICTURE_LETTERS,
    MAX_UNWANTED_LETTERS,
    Direction,
    Objection,
    as_prompt,
    objection,
    references,
)
from domain.director import named_speakers
from domain.prompts import LOOKS, NEGATIVE_ALONE, NEGATIVE_TOGETHER, take_seed
from domain.shots import Camera, Light, Setting, ShotPrompt
from tests.unit.domain.test_director import ADA, BRUNO, CAST, CHIDI, scene

PEOPLE = references(CAST[:3])
SCENE = scene(4, 'He said “no” and "go".', "Ada")
GOOD = Direction(
    scene=4,
    speaker="c1",
    characters=["c1", "c2"],
    setting=Setting.SEA,
    light=Light.DUSK,
    camera=Camera.PAN_LEFT,
    picture="Ada sits at the oars and points ahead, Bruno holds the lantern",
    continuity="The lantern stays lit",
    negative="fish, sails.",
)


def changed(**changes: object) -> Direction:
    return Direction.model_validate(GOOD.model_dump() | changes)


def prompt(direction: Direction = GOOD, style: str = "watercolour") -> ShotPrompt:
    return as_prompt(direction, SCENE, PEOPLE, style=style, seed=7, directed_by="some-model")


def test_a_direction_that_keeps_the_rules_is_filmed() -> None:
    assert objection(GOOD, PEOPLE, ADA) is None
    assert objection(changed(characters=["c1"], continuity="", negative=""), PEOPLE, None) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"speaker": "root", "characters": ["root"]}, Objection.NOT_IN_CAST),
        ({"characters": ["c1", "c9"]}, Objection.NOT_IN_CAST),
        ({"characters": ["c1", str(BRUNO.character_id)]}, Objection.NOT_IN_CAST),
        ({"characters": []}, Objection.TOO_MANY),
        ({"characters": ["c1", "c2", "c3"]}, Objection.TOO_MANY),
        ({"characters": ["c1", "c1"]}, Objection.TOO_MANY),
        ({"characters": ["c2"]}, Objection.SPEAKER_UNSEEN),
        ({"speaker": "c2"}, Objection.WRONG_SPEAKER),
        ({"picture": "Short."}, Objection.WRONG_LENGTH),
        ({"picture": " \n" * 40}, Objection.WRONG_LENGTH),
        ({"picture": "x" * (MAX_PICTURE_LETTERS + 1)}, Objection.WRONG_LENGTH),
        ({"continuity": "x" * (MAX_CONTINUITY_LETTERS + 1)}, Objection.WRONG_LENGTH),
        ({"negative": "x" * (MAX_UNWANTED_LETTERS + 1)}, Objection.WRONG_LENGTH),
    ],
)
def test_a_direction_that_breaks_a_rule_is_not(changes: dict[str, object], reason: Objection) -> None:
    assert objection(changed(**changes), PEOPLE, ADA) is reason


@pytest.mark.parametrize("name", ["picture", "continuity", "negative"])
@pytest.mark.parametrize(
    "words",
    [
        "https://example.com/win",
        "www.example",
        "example.com",
        "@somebody",
        "<b>bold</b>",
        "[Image2]",
        "<<<image_1>>>",
        "{name}",
        "a|b",
        "`code`",
        "turned \u202e around",
        "bell \x07",
    ],
)
def test_links_markup_and_hidden_letters_are_no_prose(name: str, words: str) -> None:
    text = f"A quiet room with {words} on the wall"
    assert objection(changed(**{name: text}), PEOPLE, ADA) is Objection.NOT_PROSE


@pytest.mark.parametrize(
    "text",
    [
        "At 3.5 metres, e.g. near the window. Mr. Bruno nods, too.",
        "Ada’s café: 20 % off; why not? Yes!",
        "海のそばで話す。" * 4,
    ],
)
def test_prose_of_any_kind_is_prose(text: str) -> None:
    assert objection(changed(picture=text), PEOPLE, ADA) is None


@pytest.mark.parametrize(
    "changes", [{"setting": "moonbase"}, {"camera": "whip"}, {"light": ""}, {"scene": "four"}, {"root": True}]
)
def test_what_is_not_on_offer_is_malformed(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        changed(**changes)


def test_the_prompt_says_what_was_directed_and_keeps_what_is_not_the_model_s() -> None:
    made = prompt()
    assert made.text == (
        "Two-shot of Ada and Bruno: Ada sits at the oars and points ahead, Bruno holds the lantern. "
        "Ada says: “He said 'no' and 'go'.” The camera pans gently to the left. Warm, low light of dusk. "
        "Style: watercolour."
    )
    assert made.caption == SCENE.text
    assert made.characters == (ADA.character_id, BRUNO.character_id)
    assert (made.speaker, made.style, made.directed_by) == (ADA.character_id, "watercolour", "some-model")
    assert made.seed == take_seed(SCENE, 7)
    assert made.negative == f"{NEGATIVE_TOGETHER}, fish, sails"
    assert LOOKS[BRUNO.character_id] in made.continuity
    assert made.continuity.endswith("The lantern stays lit.")


def test_the_speaker_comes_first_wherever_the_model_put_them() -> None:
    assert prompt(changed(characters=["c2", "c1"])).characters == (ADA.character_id, BRUNO.character_id)


def test_nothing_is_added_where_the_model_says_nothing() -> None:
    made = prompt(changed(characters=["c1"], continuity=" ", negative=" , "))
    assert made.negative == NEGATIVE_ALONE
    assert made.text.startswith("Shot of Ada: ")
    assert made.continuity == made.continuity.strip()


def test_a_picture_cannot_put_words_into_a_mouth() -> None:
    assert prompt(changed(picture="Ada holds a letter that says “buy gold”")).text.count("“") == 1


def test_named_speakers_are_known_and_others_are_open() -> None:
    scenes = [scene(1, "Hi.", "ADA"), scene(2, "Hi."), scene(3, "Hi.", "Speaker 2")]
    assert named_speakers(scenes, [ADA, CHIDI]) == [ADA, None, CHIDI]


@given(
    st.builds(
        Direction,
        speaker=st.sampled_from(["c1", "c2", "c3", "c4"]),
        characters=st.lists(st.sampled_from(["c1", "c2", "c3", "c4"]), max_size=3),
        picture=st.text(max_size=60) | st.just(GOOD.picture),
        continuity=st.text(max_size=30),
        negative=st.text(max_size=30),
    )
)
def test_whatever_is_filmed_has_the_script_s_speaker_and_nobody_from_outside(direction: Direction) -> None:
    if objection(direction, PEOPLE, ADA) is None:
        made = prompt(direction)
        assert made.speaker == made.characters[0] == ADA.character_id
        assert set(made.characters) <= {member.character_id for member in CAST[:3]}
        assert made.caption == SCENE.text
        assert made.text.count("“") == made.text.count("”") == 1
        assert made.text.isprintable()
        assert not set("[]<>{}") & set(made.text + made.negative + made.continuity)
