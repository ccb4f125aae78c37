"""Which way captions are written."""

from domain.writing_direction import (
    LEFT_TO_RIGHT_MARK,
    RIGHT_TO_LEFT_MARK,
    Direction,
    direction_of,
    direction_of_language,
    marked,
)


def test_a_language_has_a_direction() -> None:
    assert direction_of_language("he-IL") is Direction.RTL
    assert direction_of_language("AR_eg") is Direction.RTL
    assert direction_of_language("en") is Direction.LTR


def test_a_foreign_name_does_not_turn_a_caption_round() -> None:
    text = "iPhone 15 Pro Max וצל"
    assert direction_of(text, "he") is Direction.RTL
    assert marked(text, Direction.RTL) == RIGHT_TO_LEFT_MARK + text


def test_a_caption_all_of_another_language_is_written_as_that_is() -> None:
    assert direction_of("Good night", "he") is Direction.LTR
    assert direction_of("לילה טוב", "en") is Direction.RTL


def test_a_caption_without_letters_is_written_as_its_film() -> None:
    assert direction_of("1984!", "ar") is Direction.RTL
    assert direction_of("1984!", "en") is Direction.LTR


def test_a_mark_is_written_only_where_players_would_be_wrong() -> None:
    assert marked("שלום", Direction.RTL) == "שלום"
    assert marked("Hello", Direction.LTR) == "Hello"
    assert marked("שלום means peace, they say", Direction.LTR).startswith(LEFT_TO_RIGHT_MARK)
