"""The sound track of a film, made by real ffmpeg and measured by its meter of EBU R 128."""

from pathlib import Path

import numpy as np
import pytest

from resources.loudness import measure
from resources.mixing import Bed, Tracks, mix
from resources.sound_tracks import PlacedSound, lay_speech
from tests.integration.sound.sounds import RATE, Samples, level_db, read, tone, write

VOICE_HZ, MUSIC_HZ = 500.0, 3000.0


def a_voice(seconds: float, amplitude: float = 0.3) -> Samples:
    """Loud and faint by turns, as speech is."""
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(round(seconds * RATE)) / RATE)
    return tone(VOICE_HZ, seconds, amplitude) * syllables


def speech(tmp_path: Path, lines: list[tuple[float, Samples]], seconds: float) -> Path:
    placed = [
        PlacedSound(write(tmp_path / f"line{number}.wav", sound), start, number + 1)
        for number, (start, sound) in enumerate(lines)
    ]
    lay_speech(placed, tmp_path / "speech.wav", samples=round(seconds * RATE), sample_rate=RATE)
    return tmp_path / "speech.wav"


async def a_bed(tmp_path: Path, amplitude: float = 0.3, seconds: float = 4.0) -> Bed:
    path = write(tmp_path / "music.wav", tone(MUSIC_HZ, seconds, amplitude))
    return Bed(path, (await measure(path, seconds=seconds)).integrated)


async def test_a_film_is_as_loud_as_platforms_want_it(tmp_path: Path) -> None:
    voice = speech(tmp_path, [(1.0, a_voice(3)), (5.0, a_voice(4, 0.02))], 10)
    tracks = Tracks(10 * RATE, RATE, speech=voice, bed=await a_bed(tmp_path))
    told = await mix(tracks, tmp_path / "track.mp4")
    heard = await measure(tmp_path / "track.mp4", seconds=10)
    assert heard == told
    assert heard.integrated == pytest.approx(-14, abs=0.5)
    assert heard.true_peak <= -1.0


async def test_loud_peaks_are_limited_and_the_film_is_loud_all_the_same(tmp_path: Path) -> None:
    clicks = np.zeros(8 * RATE)
    clicks[:: RATE // 2] = 0.9
    voice = speech(tmp_path, [(0.0, a_voice(8))], 8)
    write(tmp_path / "clips.wav", np.stack([clicks, clicks], axis=1))
    tracks = Tracks(8 * RATE, RATE, speech=voice, clips=tmp_path / "clips.wav")
    heard = await mix(tracks, tmp_path / "track.mp4")
    assert heard.integrated == pytest.approx(-14, abs=0.5)
    assert heard.true_peak <= -1.0


async def test_music_gives_way_to_speech_and_comes_back(tmp_path: Path) -> None:
    voice = speech(tmp_path, [(4.0, a_voice(4))], 12)
    await mix(Tracks(12 * RATE, RATE, speech=voice, bed=await a_bed(tmp_path)), tmp_path / "track.mp4")
    sound = read(tmp_path / "track.mp4")
    before, under, after = (
        level_db(sound[round(begin * RATE) : round(end * RATE)], MUSIC_HZ)
        for begin, end in ((2.0, 3.8), (4.8, 7.8), (8.9, 9.4))
    )
    assert before - under > 6
    assert after == pytest.approx(before, abs=1.5)
    said = level_db(sound[round(4.8 * RATE) : round(7.8 * RATE)], VOICE_HZ)
    assert 12 < said - under < 25


async def test_where_nobody_speaks_music_stays_as_it_is_under_the_sound_of_the_clips(tmp_path: Path) -> None:
    clips = np.concatenate([np.zeros(4 * RATE), tone(VOICE_HZ, 4), np.zeros(4 * RATE)])
    write(tmp_path / "clips.wav", np.stack([clips, clips], axis=1))
    tracks = Tracks(12 * RATE, RATE, clips=tmp_path / "clips.wav", bed=await a_bed(tmp_path))
    await mix(tracks, tmp_path / "track.mp4")
    sound = read(tmp_path / "track.mp4")
    before, under = (
        level_db(sound[round(begin * RATE) : round(end * RATE)], MUSIC_HZ) for begin, end in ((2.0, 3.8), (4.8, 7.8))
    )
    assert under == pytest.approx(before, abs=1.0)


async def test_under_speech_the_clips_give_way_as_the_music_does(tmp_path: Path) -> None:
    voice = speech(tmp_path, [(4.0, a_voice(4))], 12)
    clips = tone(1300, 12, 0.1)
    write(tmp_path / "clips.wav", np.stack([clips, clips], axis=1))
    tracks = Tracks(12 * RATE, RATE, speech=voice, clips=tmp_path / "clips.wav", bed=await a_bed(tmp_path))
    await mix(tracks, tmp_path / "track.mp4")
    sound = read(tmp_path / "track.mp4")
    for frequency in (1300, MUSIC_HZ):
        before, under = (
            level_db(sound[round(begin * RATE) : round(end * RATE)], frequency)
            for begin, end in ((2.0, 3.8), (4.8, 7.8))
        )
        assert before - under > 6


@pytest.mark.parametrize(("amplitude", "lift"), [(0.02, True), (0.001, False)], ids=["quiet music", "hiss"])
async def test_quiet_music_is_lifted_and_what_is_hardly_there_stays_faint(
    tmp_path: Path, amplitude: float, lift: bool
) -> None:
    voice = speech(tmp_path, [(4.0, a_voice(4))], 8)
    levels = []
    for number, loud in enumerate((0.3, amplitude)):
        bed = await a_bed(tmp_path, loud)
        await mix(Tracks(8 * RATE, RATE, speech=voice, bed=bed), tmp_path / f"{number}.mp4")
        levels.append(level_db(read(tmp_path / f"{number}.mp4")[2 * RATE : round(3.8 * RATE)], MUSIC_HZ))
    usual, found = levels
    assert found == pytest.approx(usual, abs=1) if lift else found < usual - 12


async def test_of_music_that_nobody_hears_no_noise_is_made(tmp_path: Path) -> None:
    bed = await a_bed(tmp_path, 0.0001)
    heard = await mix(Tracks(4 * RATE, RATE, bed=bed), tmp_path / "track.mp4")
    assert heard.is_silence
    assert np.abs(read(tmp_path / "track.mp4")).max() < 1e-4


async def test_music_is_faded_in_and_out_and_repeated_in_between(tmp_path: Path) -> None:
    await mix(Tracks(14 * RATE, RATE, bed=await a_bed(tmp_path)), tmp_path / "track.mp4")
    sound = read(tmp_path / "track.mp4")
    loudness = [level_db(sound[round(t * RATE) : round((t + 0.2) * RATE)], MUSIC_HZ) for t in np.arange(0, 14, 0.2)]
    assert loudness[0] < loudness[10] - 12
    assert loudness[69] < loudness[40] - 12
    assert np.ptp(loudness[6:55]) < 1.0
    assert loudness[64] < loudness[57] - 3


async def test_a_track_is_as_long_as_its_film_to_the_sample(tmp_path: Path) -> None:
    samples = 3 * RATE + 1234
    await mix(Tracks(samples, RATE, bed=await a_bed(tmp_path)), tmp_path / "track.mp4")
    assert samples <= len(read(tmp_path / "track.mp4")) < samples + 1024


async def test_where_nothing_is_heard_nothing_is_made_loud(tmp_path: Path) -> None:
    heard = await mix(Tracks(2 * RATE, RATE), tmp_path / "track.mp4")
    assert heard.is_silence
    assert np.abs(read(tmp_path / "track.mp4")).max() < 1e-4


async def test_the_same_tracks_are_mixed_to_the_same_bytes(tmp_path: Path) -> None:
    voice = speech(tmp_path, [(0.0, a_voice(5))], 5)
    write(tmp_path / "clips.wav", np.stack([tone(880, 5)] * 2, axis=1))
    tracks = Tracks(5 * RATE, RATE, speech=voice, clips=tmp_path / "clips.wav", bed=await a_bed(tmp_path))
    made = set()
    for number in range(4):
        await mix(tracks, tmp_path / f"{number}.mp4")
        made.add((tmp_path / f"{number}.mp4").read_bytes())
    assert len(made) == 1
