"""Lines and clips laid at their places, to the sample."""

from pathlib import Path

import numpy as np
import pytest

from domain.errors import ErrorCode, RecastError
from resources.sound_tracks import ClipSound, PlacedSound, lay_clips, lay_speech
from tests.integration.sound.sounds import RATE, read, tone, write


def test_every_line_begins_at_its_sample(tmp_path: Path) -> None:
    starts = [0.0, 0.5003, 1.25, 2.999]
    lines = [
        PlacedSound(write(tmp_path / f"{number}.wav", tone(1000, 0.2)), start, number + 1)
        for number, start in enumerate(starts)
    ]
    lay_speech(reversed(lines), tmp_path / "speech.wav", samples=4 * RATE, sample_rate=RATE)
    sound = read(tmp_path / "speech.wav")
    assert len(sound) == 4 * RATE
    loud = np.flatnonzero(np.abs(sound) > 0.001)
    begins = loud[np.concatenate([[True], np.diff(loud) > 100])]
    assert np.abs(begins - np.array([round(start * RATE) for start in starts])).max() <= 1


def test_faint_and_loud_voices_are_equally_loud(tmp_path: Path) -> None:
    lines = [
        PlacedSound(write(tmp_path / "faint.wav", tone(300, 1, 0.02)), 0, 1),
        PlacedSound(write(tmp_path / "loud.wav", tone(300, 1, 0.9)), 1, 2),
    ]
    lay_speech(lines, tmp_path / "speech.wav", samples=2 * RATE, sample_rate=RATE)
    sound = read(tmp_path / "speech.wav")
    faint, loud = (np.sqrt(np.mean(sound[second * RATE : (second + 1) * RATE] ** 2)) for second in (0, 1))
    assert faint == pytest.approx(loud, rel=0.02)
    assert 20 * np.log10(loud) == pytest.approx(-20, abs=0.3)


def test_lines_of_other_rates_keep_their_pitch_and_length(tmp_path: Path) -> None:
    slow = tone(1000, 1)[::2]
    line = PlacedSound(write(tmp_path / "line.wav", slow, rate=RATE // 2), 0.5, 1)
    lay_speech([line], tmp_path / "speech.wav", samples=2 * RATE, sample_rate=RATE)
    sound = read(tmp_path / "speech.wav")
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(1, abs=0.01)
    assert np.argmax(np.abs(np.fft.rfft(sound[RATE // 2 : RATE // 2 + RATE]))) == 1000


def test_lines_that_overlap_are_both_heard(tmp_path: Path) -> None:
    lines = [
        PlacedSound(write(tmp_path / "one.wav", tone(300, 1)), 0, 1),
        PlacedSound(write(tmp_path / "two.wav", tone(700, 0.2)), 0.4, 1),
    ]
    lay_speech(lines, tmp_path / "speech.wav", samples=RATE, sample_rate=RATE)
    spectrum = np.abs(np.fft.rfft(read(tmp_path / "speech.wav")))
    assert set(np.flatnonzero(spectrum > spectrum.max() / 10)) >= {300, 700}


def test_speech_is_never_cut_off_by_the_end(tmp_path: Path) -> None:
    line = PlacedSound(write(tmp_path / "one.wav", tone(300, 1)), 0.5, 7)
    with pytest.raises(RecastError, match="scene 7") as raised:
        lay_speech([line], tmp_path / "speech.wav", samples=RATE, sample_rate=RATE)
    assert raised.value.code is ErrorCode.STITCH_FAILED


def test_a_line_that_cannot_be_read_is_named_by_its_scene(tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_text("hello")
    with pytest.raises(RecastError, match="scene 3") as raised:
        lay_speech([PlacedSound(tmp_path / "one.wav", 0, 3)], tmp_path / "o.wav", samples=RATE, sample_rate=RATE)
    assert raised.value.code is ErrorCode.STITCH_FAILED


def test_the_sound_of_clips_follows_on_to_the_sample_without_clicks(tmp_path: Path) -> None:
    lengths = [RATE, 1600, RATE // 2]
    clips = [
        ClipSound(write(tmp_path / f"{n}.wav", np.stack([tone(100 * (n + 1), 2)] * 2, axis=1)), length, n + 1)
        for n, length in enumerate(lengths)
    ]
    lay_clips(clips, tmp_path / "clips.wav", sample_rate=RATE)
    sound = read(tmp_path / "clips.wav")
    assert len(sound) == sum(lengths)
    assert np.abs(np.diff(sound)).max() < 0.02
    assert np.argmax(np.abs(np.fft.rfft(sound[:RATE]))) == 100


def test_a_clip_without_sound_is_silence(tmp_path: Path) -> None:
    short = write(tmp_path / "short.wav", np.stack([tone(100, 0.1)] * 2, axis=1))
    lay_clips([ClipSound(short, RATE, 1), ClipSound(short, RATE, 2)], tmp_path / "clips.wav", sample_rate=RATE)
    sound = read(tmp_path / "clips.wav")
    assert len(sound) == 2 * RATE
    assert np.abs(sound[RATE // 2 : RATE]).max() == 0
    assert np.abs(sound[RATE + 500 : RATE + 4000]).max() > 0.2
