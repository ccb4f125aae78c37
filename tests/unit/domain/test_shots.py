"""A shot's identity, and what a video model reads."""

from collections.abc import Sequence

import pytest

from domain.characters import CastMember
from domain.director import direct
from domain.profile import Aspect, Profile
from domain.shots import HEURISTICS, Camera, Shot, ShotPrompt
from tests.unit.domain.test_director import CAST, scene

PROMPT = direct([scene(1, "Is the ocean deep?", "Ada")], CAST[:2], style="watercolour", seed=7)[0]


def key(prompt: ShotPrompt, cast: Sequence[CastMember] = CAST[:2]) -> str:
    return Shot(
        provider="local",
        model="local",
        model_version="1",
        prompt=prompt,
        duration_seconds=6,
        ordered_seconds=6,
        profile=Profile.of(Aspect.WIDE),
        cast=tuple(cast),
    ).clip_key


@pytest.mark.parametrize(
    "bookkeeping",
    [
        {"directed_by": "some-model"},
        {"fell_back": "The limit is reached."},
        {"template": "v9"},
        {"brief": "0123"},
        {"continues": True},
    ],
)
def test_what_is_noted_about_a_prompt_does_not_film_its_scene_again(bookkeeping: dict[str, object]) -> None:
    assert key(PROMPT.model_copy(update=bookkeeping)) == key(PROMPT)


def test_whom_a_character_plays_elsewhere_does_not_film_a_scene_again() -> None:
    playing = [member.model_copy(update={"speakers": ("HOST",)}) for member in CAST[:2]]
    assert key(PROMPT, playing) == key(PROMPT)
    assert key(PROMPT, CAST[1:3]) != key(PROMPT)


@pytest.mark.parametrize(
    "name", sorted(set(ShotPrompt.model_fields) - {"continues", "directed_by", "fell_back", "template", "brief"})
)
def test_whatever_else_a_prompt_says_does(name: str) -> None:
    other = direct([scene(1, "Hello, night forest!")], CAST[4:5], style="ink", seed=8)[0]
    other = other.model_copy(update={"camera": Camera.TILT_UP})
    assert key(PROMPT.model_copy(update={name: getattr(other, name)})) != key(PROMPT)


def test_a_prompt_from_before_there_were_language_models_can_still_be_read() -> None:
    old = PROMPT.model_dump(mode="json", exclude=set(ShotPrompt.UNSEEN) | {"continuity"})
    assert ShotPrompt.model_validate(old).directed_by == HEURISTICS


def test_all_that_is_kept_about_a_prompt_survives_the_database() -> None:
    noted = PROMPT.model_copy(update={"directed_by": "m", "fell_back": "No.", "template": "v1", "continues": True})
    assert ShotPrompt.model_validate(noted.model_dump(mode="json")) == noted


def test_a_model_reads_the_scene_and_what_stays_the_same() -> None:
    assert PROMPT.written(5000) == f"{PROMPT.text} {PROMPT.continuity}"


def test_a_model_that_reads_little_reads_whole_sentences_the_scene_first() -> None:
    for letters in range(len(PROMPT.text), len(PROMPT.written(5000))):
        written = PROMPT.written(letters)
        assert len(written) <= letters
        assert written.startswith(PROMPT.text)
        assert written.endswith(".")


def test_a_model_that_reads_less_than_the_scene_reads_its_beginning() -> None:
    written = PROMPT.written(50)
    assert len(written) <= 50
    assert PROMPT.text.startswith(written.removesuffix("…"))
    assert written.endswith("…")


def test_a_prompt_without_notes_is_its_text() -> None:
    bare = PROMPT.model_copy(update={"continuity": ""})
    assert bare.written(5000) == bare.text
