"""What is found in films that are not as they should be: real ones, joined by real ffmpeg and spoilt afterwards."""

from pathlib import Path

import pytest

from resources.inspection import offsets
from tests.integration.finishing.clips import Make
from tests.integration.finishing.films import MadeFilm, Place, displaced, film_of

LENGTHS = (45, 60, 36)
"""In frames: scenes 11, 12 and 13 begin at 0, 1.5 and 3.5 s, and the film ends at 4.7 s."""


@pytest.fixture
async def film(make: Make, tmp_path: Path) -> MadeFilm:
    return await film_of([make(length) for length in LENGTHS], tmp_path)


def apart(film: MadeFilm, path: Path | None = None) -> list[float]:
    return offsets(path or film.path, film.reel.borders, film.reel.profile.frame_rate)


async def test_in_a_good_film_picture_and_sound_are_together(film: MadeFilm) -> None:
    assert max(apart(film)) < 0.001
    await film.inspect()


@pytest.mark.parametrize(
    ("picture", "found"),
    [
        (lambda at: at + 0.1, [0.1, 0.1, 0.1, 0.1]),
        (lambda at: at + 0.1 if at > 1.49 else at, [0, 0.1, 0.1, 0.1]),
        (lambda at: None if 3.38 < at < 3.48 else at, [0, 0, 0.1, 0]),
    ],
    ids=["all of them", "from scene 12 on", "some before scene 13 missing"],
)
async def test_pictures_that_are_shifted_are_found(
    film: MadeFilm, tmp_path: Path, picture: Place, found: list[float]
) -> None:
    assert apart(film, displaced(film.path, tmp_path / "spoilt.mp4", picture=picture)) == pytest.approx(found, abs=0.02)


@pytest.mark.parametrize(
    ("sound", "found"),
    [
        (lambda at: at + 0.4, [0.4, 0, 0, 0.4]),
        (lambda at: None if 1.4 < at < 1.8 else at, [0, 0.4, 0.4, 0.4]),
        (lambda at: at + 0.4 if at > 2 else at, [0, 0, 0.4, 0.4]),
        (lambda at: None if at > 4.3 else at, [0, 0, 0, 0.4]),
        (lambda at: None if at > 3.1 else at, [0, 0, 0.4, 1.6]),
        (lambda at: max(at * 0.9, at - 0.3), [0, 0.15, 0.3, 0.3]),
    ],
    ids=["late", "a gap at a border", "a gap within a scene", "too short", "ends before a scene", "too dense"],
)
async def test_sound_that_is_not_where_its_picture_is_is_found(
    film: MadeFilm, tmp_path: Path, sound: Place, found: list[float]
) -> None:
    assert apart(film, displaced(film.path, tmp_path / "spoilt.mp4", sound=sound)) == pytest.approx(found, abs=0.03)


async def test_sound_that_goes_on_after_the_picture_is_found(film: MadeFilm, make: Make, tmp_path: Path) -> None:
    (tmp_path / "longer").mkdir()
    longer = await film_of([make(length) for length in (*LENGTHS, 150)], tmp_path / "longer")
    spoilt = displaced(film.path, tmp_path / "spoilt.mp4", longer=longer.path)
    assert apart(film, spoilt) == pytest.approx([0, 0, 0, 5], abs=0.03)


@pytest.mark.parametrize("frames", range(9, 15))
async def test_what_coding_adds_to_the_end_of_the_sound_is_no_fault(make: Make, tmp_path: Path, frames: int) -> None:
    film = await film_of([make(frames)], tmp_path)
    assert max(apart(film)) < 0.001
