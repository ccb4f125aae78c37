import re
from uuid import UUID

from domain.premade import PREMADE


def test_there_are_enough_characters_and_no_two_are_alike() -> None:
    assert len(PREMADE) >= 10
    for distinct in ("slug", "name", "look", "personality", "character_id", "model_ref", "voice"):
        assert len({getattr(character, distinct) for character in PREMADE}) == len(PREMADE)


def test_ids_never_change_because_jobs_refer_to_them() -> None:
    ids = {character.slug: character.character_id for character in PREMADE}
    assert ids["ada"] == UUID("381a5224-23c7-51fb-b9d3-3ea8a7aae58a")
    assert ids["bruno"] == UUID("bd649f7d-5350-524e-9d29-accdf043667f")


def test_names_are_short_and_slugs_fit_into_object_keys() -> None:
    assert all(len(character.name) <= 8 and re.fullmatch("[a-z]+", character.slug) for character in PREMADE)


def test_voices_are_in_range_and_of_espeak_form() -> None:
    for character in PREMADE:
        assert re.fullmatch(r"en(-[a-z0-9-]+)?\+[mf][1-8]", character.voice.name)
        assert 0 <= character.voice.pitch <= 99
        assert 0 <= character.voice.rate <= 99
