"""What engines are told of a language."""

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from domain.spoken_languages import KNOWN_TO_WHISPER, language_hint


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("pt-BR", "pt"),
        ("EN", "en"),
        ("zh-Hans", "zh"),
        ("zh_TW", "zh"),
        (" de ", "de"),
        ("eng", None),
        ("und", None),
        ("tlh", None),
        ("xx", None),
        ("", None),
        (None, None),
    ],
)
def test_an_engine_is_told_a_language_only_in_the_form_that_it_takes(tag: str | None, hint: str | None) -> None:
    assert language_hint(tag) == hint


def test_whisper_takes_every_language_that_it_is_told() -> None:
    assert set(_LANGUAGE_CODES) >= KNOWN_TO_WHISPER
