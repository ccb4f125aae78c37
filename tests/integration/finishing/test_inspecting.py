"""What is found in films that are not as they should be: real ones, joined by real ffmpeg and spoilt afterwards."""

from pathlib import Path

import pytest

from domain.errors import ErrorCode
from resources.inspection import Interval, UndecodableError, look, offsets
from resources.loudness import Loudness, measure
from studio.inspecting import Check, UnfitFilmError
from tests.integration.finishing.clips import MOVING, Make, render
from tests.integration.finishing.films import MadeFilm, Place, damaged, displaced, film_of

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


async def refused(film: MadeFilm, spoilt: Path) -> UnfitFilmError:
    with pytest.raises(UnfitFilmError) as raised:
        await film.inspect(spoilt)
    assert raised.value.code is ErrorCode.STITCH_FAILED
    return raised.value


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (lambda at: at + 0.1, "begins at 0.100 s instead of 0, where scene 11 begins"),
        (lambda at: None if at > 3 else at, "has 91 frames, its scenes together 141: it ends within scene 12"),
    ],
    ids=["late", "short"],
)
async def test_a_film_that_is_not_as_long_as_its_scenes_is_refused(
    film: MadeFilm, tmp_path: Path, picture: Place, told: str
) -> None:
    error = await refused(film, displaced(film.path, tmp_path / "spoilt.mp4", picture=picture))
    assert error.check is Check.AS_LONG_AS_ITS_SCENES
    assert told in error.detail


async def test_a_film_that_goes_on_after_its_scenes_is_refused(film: MadeFilm, make: Make, tmp_path: Path) -> None:
    (tmp_path / "longer").mkdir()
    longer = await film_of([make(length) for length in (*LENGTHS, 9)], tmp_path / "longer")
    error = await refused(film, longer.path)
    assert error.check is Check.AS_LONG_AS_ITS_SCENES
    assert "goes on after scene 13" in error.detail


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ({"sound": lambda at: None if 1.4 < at < 1.8 else at}, "where scene 12 begins"),
        ({"sound": lambda at: None if at > 4.3 else at}, "where scene 13, the last, ends"),
        ({"picture": lambda at: at + 0.1 if at > 3.4 else at}, "where scene 13 begins"),
    ],
    ids=["a gap in the sound", "too little sound", "pictures that are late"],
)
async def test_a_film_whose_sound_is_not_with_its_picture_is_refused(
    film: MadeFilm, tmp_path: Path, places: dict[str, Place], told: str
) -> None:
    error = await refused(film, displaced(film.path, tmp_path / "spoilt.mp4", **places))
    assert error.check is Check.IN_SYNC
    assert told in error.detail


async def test_less_than_a_frame_between_picture_and_sound_is_let_pass(film: MadeFilm, tmp_path: Path) -> None:
    spoilt = displaced(film.path, tmp_path / "spoilt.mp4", picture=lambda at: at + 0.03 if at > 3.4 else at)
    inspection = await film.inspect(spoilt)
    assert max(inspection.offsets) == pytest.approx(0.03, abs=0.001)


@pytest.mark.parametrize(("frame", "scene"), [(0, 11), (45, 12), (75, 12), (105, 13)])
async def test_a_film_that_cannot_be_decoded_to_its_end_is_refused(
    film: MadeFilm, tmp_path: Path, frame: int, scene: int
) -> None:
    error = await refused(film, damaged(film.path, tmp_path / "spoilt.mp4", frame=frame))
    assert error.check is Check.DECODES_TO_THE_END
    assert f"picture of scene {scene} cannot be decoded at {frame / 30:.3f} s" in error.detail
    assert "ffmpeg" in (error.cause or "")


async def test_one_picture_of_zeros_is_found(film: MadeFilm, tmp_path: Path) -> None:
    error = await refused(film, damaged(film.path, tmp_path / "spoilt.mp4", frame=78, to=b"\0"))
    assert error.check is Check.DECODES_TO_THE_END
    assert "picture of scene 12 cannot be decoded at 2.600 s" in error.detail


async def test_pictures_that_are_not_there_to_be_decoded_are_missed(film: MadeFilm, tmp_path: Path) -> None:
    spoilt = displaced(film.path, tmp_path / "spoilt.mp4", picture=lambda at: None if at > 3 else at)
    with pytest.raises(UndecodableError) as raised:
        await look(spoilt, seconds=film.seconds, frames=film.reel.total_frames)
    assert "91 of 141 frames" in (raised.value.cause or "")


async def test_where_nothing_is_seen_or_moves_is_told(make: Make, tmp_path: Path) -> None:
    black = MOVING + ",drawbox=color=black:t=fill:enable='between(n,30,74)'"
    frozen = MOVING + ",trim=end_frame=30,tpad=stop=-1:stop_mode=clone"
    film = await film_of([make(30), make(105, picture=black), make(120, picture=frozen)], tmp_path)
    looks = (await film.inspect()).looks
    assert looks.black == (Interval(2.0, 3.5),)
    (found,) = looks.frozen
    assert (found.start, found.end) == (pytest.approx(5.5, abs=0.1), pytest.approx(8.5, abs=0.1))


async def test_a_short_black_and_a_short_stand_are_let_pass(make: Make, tmp_path: Path) -> None:
    black = MOVING + ",drawbox=color=black:t=fill:enable='between(n,30,50)'"
    frozen = MOVING + ",trim=end_frame=30,tpad=stop=-1:stop_mode=clone"
    film = await film_of([make(75, picture=black), make(80, picture=frozen)], tmp_path)
    assert not (await film.inspect()).intervals_to_look_at


async def test_a_film_that_is_too_faint_is_told_from_one_that_is_as_loud_as_wanted(
    film: MadeFilm, tmp_path: Path
) -> None:
    assert (await film.inspect()).is_as_loud_as_wanted
    faint = render(tmp_path / "faint.mp4", "-i", str(film.path), "-vn", "-af", "volume=-3dB", "-c:a", "aac")
    heard = await measure(faint, seconds=film.seconds)
    assert not (await film.inspect(loudness=heard)).is_as_loud_as_wanted


@pytest.mark.parametrize(
    ("integrated", "true_peak", "wanted"),
    [(-14, -1, True), (-14.6, -3, False), (-13.4, -3, False), (-14, -0.9, False), (-70, -70, True)],
)
async def test_loudness_is_as_wanted_within_half_a_unit_and_below_the_highest_peak(
    film: MadeFilm, integrated: float, true_peak: float, wanted: bool
) -> None:
    assert (await film.inspect(loudness=Loudness(integrated, true_peak))).is_as_loud_as_wanted is wanted
