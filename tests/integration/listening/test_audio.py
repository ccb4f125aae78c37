"""Sound through ffmpeg: measured, and cut where it is quiet."""

import wave
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ErrorCode, RecastError
from domain.listening import Chunk
from resources import audio, ffmpeg

RATE = 44_100


def record(path: Path, *parts: tuple[float, float]) -> Path:
    """Parts of (seconds, loudness from 0 to 1) of noise."""
    noise = np.random.default_rng(1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for seconds, loudness in parts:
            samples = noise.uniform(-loudness, loudness, (int(RATE * seconds), 2)) * 32767
            file.writeframes(samples.astype("<i2").tobytes())
    return path


async def test_silences_and_length_are_measured(tmp_path: Path) -> None:
    source = record(tmp_path / "a.wav", (2, 0.5), (1, 0), (2, 0.5), (0.5, 0))
    sound = await audio.prepare(source, tmp_path / "b.wav", max_seconds=60)
    assert sound.duration == pytest.approx(5.5, abs=0.05)
    assert [(round(s.start, 1), round(s.end, 1)) for s in sound.silences] == [(2.0, 3.0), (5.0, 5.5)]
    assert not sound.is_silent
    with wave.open(str(sound.path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)


async def test_a_silent_file_is_known_as_such(tmp_path: Path) -> None:
    sound = await audio.prepare(record(tmp_path / "a.wav", (2, 0)), tmp_path / "b.wav", max_seconds=60)
    assert sound.is_silent


async def test_a_video_without_sound_has_nothing_to_hear(tmp_path: Path) -> None:
    video = tmp_path / "v.mp4"
    await ffmpeg.run(["-f", "lavfi", "-i", "color=s=320x240:d=1", str(video)], timeout_seconds=30)
    with pytest.raises(RecastError) as refused:
        await audio.prepare(video, tmp_path / "b.wav", max_seconds=60)
    assert refused.value.code is ErrorCode.EMPTY_SCRIPT


async def test_a_file_that_is_longer_than_is_accepted_is_refused(tmp_path: Path) -> None:
    source = record(tmp_path / "a.wav", (8, 0.5))
    with pytest.raises(RecastError) as refused:
        await audio.prepare(source, tmp_path / "b.wav", max_seconds=5)
    assert refused.value.code is ErrorCode.VIDEO_TOO_LONG


async def test_a_file_that_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"<html>" * 1000)
    with pytest.raises(RecastError) as refused:
        await audio.prepare(tmp_path / "a.wav", tmp_path / "b.wav", max_seconds=60)
    assert refused.value.code is ErrorCode.MEDIA_REJECTED
    assert "ffmpeg" in (refused.value.cause or "")


@pytest.mark.parametrize("cut", [audio.cut_wav, audio.cut_mp3])
async def test_a_chunk_holds_its_seconds_and_no_others(tmp_path: Path, cut) -> None:
    source = record(tmp_path / "a.wav", (3, 0.5), (2, 0), (3, 0.5))
    sound = await audio.prepare(source, tmp_path / "b.wav", max_seconds=60)
    await cut(sound, Chunk(start=2.5, end=4.5), tmp_path / "piece")
    piece = await audio.prepare(tmp_path / "piece", tmp_path / "c.wav", max_seconds=60)
    assert piece.duration == pytest.approx(2.0, abs=0.1)
    assert [round(silence.start, 1) for silence in piece.silences] == [pytest.approx(0.5, abs=0.11)]
