"""Every character has a voice, the same in every film and with every engine."""

from uuid import UUID, uuid4

from domain.characters import Voice
from domain.premade import PREMADE
from domain.voices import NARRATOR, espeak_name, is_woman, manner, nearest, spoken_language, voice_of

WOMEN, MEN = ("sage", "coral", "nova", "shimmer"), ("onyx", "ash", "echo", "fable")


def test_a_character_keeps_its_own_voice() -> None:
    own = Voice(name="en-gb+f3", pitch=48, rate=46)
    assert voice_of(own, uuid4()) is own


def test_a_character_without_a_voice_has_one_by_its_id() -> None:
    someone = UUID("0f2e9c1a-1111-4222-8333-444455556666")
    assert voice_of(None, someone) == voice_of(None, someone) == Voice(name="en-us+f4", pitch=45, rate=42)
    assert len({voice_of(None, uuid4()) for _ in range(20)}) > 10
    assert voice_of(None, None) == NARRATOR


def test_a_voice_keeps_its_accent_in_its_own_language_alone() -> None:
    voice = Voice(name="en-gb+f3")
    assert espeak_name(voice, "en") == espeak_name(voice, "en-US") == "en-gb+f3"
    assert espeak_name(voice, "de") == "de+f3"
    assert espeak_name(Voice(name="en-us"), "pt-BR") == "pt-br"


def test_a_language_that_nobody_has_told_is_english() -> None:
    assert spoken_language("und") == spoken_language("") == "en"


def test_other_engines_give_a_voice_of_the_same_kind_and_height() -> None:
    assert nearest(Voice(name="en-us+f2", pitch=90), WOMEN, MEN) == "shimmer"
    assert nearest(Voice(name="en-us+m2", pitch=5), WOMEN, MEN) == "onyx"
    assert nearest(Voice(name="en-us+m2", pitch=99), (), MEN) == "fable"
    assert nearest(Voice(name="en-us+m2", pitch=0), WOMEN, ()) == "sage"


def test_the_premade_characters_do_not_all_sound_alike() -> None:
    assert len({nearest(one.voice, WOMEN, MEN) for one in PREMADE}) >= 5
    assert {is_woman(one.voice) for one in PREMADE} == {True, False}


def test_a_manner_says_how_and_never_what_with_an_accent_in_its_own_language_alone() -> None:
    voice = Voice(name="en-gb-x-rp+m7", pitch=22, rate=38)
    assert manner(voice, "en-US") == (
        "Speak in a low pitch, at a slow and unhurried pace, in received pronunciation."
        " Say the words exactly as they are written."
    )
    assert manner(voice, "de") == (
        "Speak in a low pitch, at a slow and unhurried pace. Say the words exactly as they are written."
    )
