"""Lengths as people type them."""

import pytest
import typer

from cli.lengths import seconds_of


@pytest.mark.parametrize(
    ("typed", "seconds"), [("90", 90), ("90s", 90), ("1m30s", 90), ("1m30", 90), ("2m", 120), (" 10S ", 10), ("0", 0)]
)
def test_a_length_is_read_in_the_ways_people_write_it(typed: str, seconds: int) -> None:
    assert seconds_of(typed) == seconds


@pytest.mark.parametrize("typed", ["", "s", "m", "abc", "1.5m", "-90", "90 minutes", "30s1m"])
def test_what_is_no_length_is_refused(typed: str) -> None:
    with pytest.raises(typer.BadParameter):
        seconds_of(typed)
