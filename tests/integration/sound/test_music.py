"""Recast's own pieces, and what users upload, as beds."""

import asyncio
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ErrorCode, RecastError
from domain.music import Instrument, Note, Piece, Score
from resources import ffmpeg
from resources.beds import bed_of_piece, bed_of_upload, check_music
from resources.mixing import Tracks, mix
from resources.music import piece_file, piece_key, pieces_folder, play
from tests.integration.finishing.clips import render
from tests.integration.sound.sounds import RATE, level_db, read, tone, write

PEAK_KB = """
import resource, sys
from pathlib import Path
from resources.beds import check_music
check_music(open(sys.argv[1], "rb"))
if sys.platform == "linux":  # where getrusage begins with the size of the parent
    print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
"""Looks at music, and tells how much memory that has taken at most."""

SHORT = Score(120, 4, (Note(3.5, 2.0, 57, 1.0, Instrument.PAD), Note(3.9, 1.0, 69, 1.0, Instrument.BELL)))


def test_what_sounds_at_the_end_goes_on_at_the_beginning() -> None:
    sound = play(SHORT)[:, 0]
    assert len(sound) == 2 * RATE
    assert np.abs(sound[:2000]).max() > 0.05
    twice = np.concatenate([sound, sound])
    at_the_seam = np.abs(np.diff(twice))[len(sound) - 5 : len(sound) + 5].max()
    assert at_the_seam < np.percentile(np.abs(np.diff(sound)), 99.9)


def test_a_piece_is_always_the_same(tmp_path: Path) -> None:
    first, second = (piece_file(Piece.NIGHT, tmp_path / folder) for folder in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    assert len({piece_key(piece) for piece in Piece}) == len(Piece)


def test_a_piece_is_played_once(tmp_path: Path) -> None:
    path = piece_file(Piece.NIGHT, tmp_path)
    written = path.stat().st_mtime_ns
    assert piece_file(Piece.NIGHT, tmp_path) == path
    assert path.stat().st_mtime_ns == written
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that this user's pieces are kept in, which is not there yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"recast-music-{os.getuid()}"


def test_pieces_are_kept_where_only_their_user_can_write(music: Path) -> None:
    assert pieces_folder() == music
    assert stat.S_IMODE(music.stat().st_mode) == 0o700
    music.chmod(0o755)
    assert pieces_folder() == music
    assert stat.S_IMODE(music.stat().st_mode) == 0o700


@pytest.mark.parametrize("taken", ["another user's", "a link", "open to all", "a file"])
def test_a_folder_that_others_can_write_into_is_not_believed(music: Path, tmp_path: Path, taken: str) -> None:
    if taken == "a link":
        (tmp_path / "theirs").mkdir()
        music.symlink_to(tmp_path / "theirs")
    elif taken == "a file":
        music.touch()
    else:
        music.mkdir()
        if taken == "open to all":
            music.chmod(0o777)
        elif os.getuid():
            pytest.skip("only root can give a folder away")
        else:
            os.chown(music, 65534, 65534)
    folder = pieces_folder()
    assert folder != music
    assert folder.resolve() != music.resolve()
    assert (folder.stat().st_uid, stat.S_IMODE(folder.stat().st_mode)) == (os.getuid(), 0o700)
    assert pieces_folder() == folder, "a process plays a piece once all the same"


def test_what_a_killed_player_has_left_is_swept_away(music: Path) -> None:
    old, young = pieces_folder() / ".old.part", music / ".young.part"
    for part in (old, young):
        part.touch()
    piece = piece_file(Piece.NIGHT, music)
    for left in (old, piece):
        os.utime(left, (0, 0))
    pieces_folder()
    assert set(music.iterdir()) == {young, piece}


@pytest.mark.parametrize("channels", [1, 2, 6, 8, 16])
def test_music_of_any_number_of_channels_is_looked_at(tmp_path: Path, channels: int) -> None:
    """Of eight and more, planes would be read that are not there."""
    layout = "|".join(f"c{number}=c0" for number in range(channels))
    noise = f"anoisesrc=d=4:a=0.3:seed=1,pan={channels}c|{layout}"
    ending, codec = ("wav", "pcm_s16le") if channels > 8 else ("flac", "flac")
    many = render(tmp_path / f"many.{ending}", "-f", "lavfi", "-i", noise, "-c:a", codec)
    with many.open("rb") as file:
        assert check_music(file).channels == channels


def test_a_cover_of_a_hundred_megapixels_is_not_decoded(tmp_path: Path) -> None:
    cover = render(tmp_path / "cover.png", "-f", "lavfi", "-i", "color=black:s=10000x10000", "-frames:v", "1")
    inputs = ("-f", "lavfi", "-i", "sine=440:duration=4", "-i", str(cover), "-map", "0:a", "-map", "1:v")
    song = render(tmp_path / "song.mp3", *inputs, "-c:v", "copy", "-disposition:v", "attached_pic")
    told = subprocess.run([sys.executable, "-c", PEAK_KB, str(song)], check=True, capture_output=True, text=True)
    peak_kb = int(told.stdout)
    assert peak_kb < 200_000


async def test_a_film_longer_than_its_piece_has_music_without_a_gap(tmp_path: Path) -> None:
    bed = await bed_of_piece(Piece.NIGHT, tmp_path)
    seconds = 40
    await mix(Tracks(seconds * RATE, RATE, bed=bed), tmp_path / "track.mp4")
    sound = read(tmp_path / "track.mp4")
    moments = np.sqrt(np.mean(sound[: seconds * RATE].reshape(-1, RATE // 4) ** 2, axis=1))
    assert moments[8:140].min() > moments.max() / 10


async def test_a_short_upload_fades_into_its_own_beginning(tmp_path: Path) -> None:
    upload = write(tmp_path / "song.wav", tone(440, 4.1) + 0.0)
    bed = await bed_of_upload(upload, tmp_path, seconds=11, sample_rate=RATE)
    await mix(Tracks(11 * RATE, RATE, bed=bed), tmp_path / "track.mp4")
    sound = read(tmp_path / "track.mp4")
    # A click is heard at every frequency: away from the tone nothing is.
    for second in np.arange(1.2, 8.0, 0.2):
        part = sound[round(second * RATE) : round((second + 0.2) * RATE)]
        assert level_db(part, 440) - level_db(part, 6000, width=4000) > 55


async def test_of_a_long_upload_only_what_the_film_needs_is_read(tmp_path: Path) -> None:
    upload = tmp_path / "long.flac"
    three_hours = ["-f", "lavfi", "-i", "sine=f=300:r=8000", "-t", "10800", "-c:a", "flac", "-compression_level", "0"]
    await asyncio.to_thread(subprocess.run, ffmpeg.command(*three_hours, str(upload)), check=True)
    bed = await bed_of_upload(upload, tmp_path, seconds=5, sample_rate=RATE)
    assert bed.intro is None
    assert len(read(bed.loop)) == pytest.approx(5 * RATE, abs=2)


async def test_music_begins_where_something_is_first_heard(tmp_path: Path) -> None:
    upload = write(tmp_path / "song.wav", np.concatenate([np.zeros(12 * RATE), tone(440, 20)]))
    bed = await bed_of_upload(upload, tmp_path, seconds=10, sample_rate=RATE)
    assert bed.intro is None
    assert len(read(bed.loop)) == pytest.approx(10 * RATE, abs=2)
    assert level_db(read(bed.loop)[: RATE // 10], 440) > -20


@pytest.mark.parametrize(
    ("code", "content"),
    [
        (ErrorCode.MEDIA_REJECTED, tone(440, 0.2)),
        (ErrorCode.NO_SOUND, np.zeros(4 * RATE)),
        (ErrorCode.MEDIA_REJECTED, None),
    ],
    ids=["too short", "silent", "a text"],
)
async def test_what_is_no_music_is_refused(tmp_path: Path, code: ErrorCode, content: np.ndarray | None) -> None:
    upload = tmp_path / "upload.wav"
    if content is None:
        upload.write_text("hello, " * 1000)
    else:
        write(upload, content)
    with pytest.raises(RecastError) as raised:
        await bed_of_upload(upload, tmp_path, seconds=10, sample_rate=RATE)
    assert raised.value.code is code
