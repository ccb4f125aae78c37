"""Recordings of strangers: what is one, what is to be heard in it, and that nothing but the file is read."""

import io
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import imageio_ffmpeg
import pytest

from domain.errors import ErrorCode, RecastError
from resources.database.records import RecordingFacts
from resources.recordings import probe_recording
from resources.storage import BLOCK_BYTES, StoredFile

TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3")
SILENCE = ("-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo:d=3")
PICTURE = ("-f", "lavfi", "-i", "testsrc=duration=3:size=64x64:rate=10")

Encode = Callable[..., bytes]


@pytest.fixture
def encode(tmp_path: Path) -> Encode:
    def build(*sources: Sequence[str], ending: str) -> bytes:
        path = tmp_path / f"file.{ending}"
        inputs = [option for source in sources for option in source]
        subprocess.run(
            [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *inputs, "-shortest", str(path)], check=True
        )
        return path.read_bytes()

    return build


def probe(content: bytes, max_seconds: float = 10) -> RecordingFacts:
    return probe_recording(io.BytesIO(content), max_seconds=max_seconds)


def refusal(content: bytes, max_seconds: float = 10) -> RecastError:
    with pytest.raises(RecastError) as refused:
        probe(content, max_seconds)
    return refused.value


@pytest.mark.parametrize("ending", ["wav", "mp3", "m4a", "flac", "ogg", "webm", "aac"])
def test_sound_is_known_by_what_is_in_it(encode: Encode, ending: str) -> None:
    facts = probe(encode(TONE, ending=ending))
    assert facts.duration_seconds == pytest.approx(3, abs=0.2)
    assert (facts.has_video, facts.channels) == (False, 1)


def test_what_a_browser_records_has_a_length_although_it_does_not_say_so(encode: Encode) -> None:
    assert probe(encode((*TONE, "-f", "webm", "-live", "1"), ending="webm")).duration_seconds == pytest.approx(
        3, abs=0.2
    )


def test_a_video_with_sound_is_a_recording(encode: Encode) -> None:
    facts = probe(encode(TONE, PICTURE, ending="mp4"))
    assert (facts.has_video, facts.audio_codec) == (True, "aac")


def test_a_silent_video_and_one_without_a_sound_track_are_told_apart(encode: Encode) -> None:
    assert refusal(encode(SILENCE, PICTURE, ending="mp4")).code is ErrorCode.NO_SOUND
    assert refusal(encode(PICTURE, ending="mp4")).detail == "The file has no sound track."


def test_a_long_recording_is_refused(encode: Encode) -> None:
    assert refusal(encode(TONE, ending="flac"), max_seconds=2).code is ErrorCode.VIDEO_TOO_LONG


def test_a_damaged_or_cut_file_is_refused(encode: Encode) -> None:
    whole = encode(TONE, PICTURE, ending="mp4")
    for content in (whole[: len(whole) // 2], whole[:2000] + os.urandom(len(whole) - 4000) + whole[-2000:], b""):
        assert refusal(content).code is ErrorCode.MEDIA_REJECTED


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\n#EXTINF:3,\nfile://{}\n", "ffconcat version 1.0\nfile '{}'\n", "1\n00:00:01,000 --> 00:00:02,000\n{}"],
)
def test_a_list_of_other_files_is_not_followed(encode: Encode, tmp_path: Path, text: str) -> None:
    encode(TONE, ending="wav")
    assert refusal(text.format(tmp_path / "file.wav").encode()).code is ErrorCode.MEDIA_REJECTED


@pytest.mark.parametrize("working_fetches", [0, 1])
def test_a_storage_that_fails_meanwhile_is_not_the_files_fault(encode: Encode, working_fetches: int) -> None:
    """A file that is refused is deleted; one that could not be read must not be."""
    content = encode(("-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo:d=60"), ending="wav")
    assert len(content) > 2 * BLOCK_BYTES
    fetched: list[int] = []

    def fetch(first: int, last: int) -> bytes:
        fetched.append(first)
        if len(fetched) > working_fetches:
            raise RecastError(ErrorCode.STORAGE_UNAVAILABLE)
        return content[first : last + 1]

    with pytest.raises(RecastError) as refused:
        probe_recording(StoredFile(fetch, len(content)), max_seconds=100)
    assert refused.value.code is ErrorCode.STORAGE_UNAVAILABLE


def test_a_stored_file_reads_as_the_file_does() -> None:
    content = os.urandom(2 * BLOCK_BYTES + 100)
    file = StoredFile(lambda first, last: content[first : last + 1], len(content))
    assert file.read() == content
    assert file.seek(-50, io.SEEK_END) == len(content) - 50
    assert file.read(100) == content[-50:]
    file.seek(BLOCK_BYTES - 10)
    assert io.BufferedReader(file).read(20) == content[BLOCK_BYTES - 10 : BLOCK_BYTES + 10]


def test_sound_in_a_format_that_nobody_knows_is_refused(encode: Encode) -> None:
    known = encode((*TONE, "-c:a", "pcm_s16le"), ending="mkv")
    assert known.count(b"A_PCM/INT/LIT") == 1
    assert refusal(known.replace(b"A_PCM/INT/LIT", b"A_XYZ/INT/LIT")).code is ErrorCode.MEDIA_REJECTED


def test_silence_that_is_longer_than_its_header_says_is_not_listened_to_for_ever(encode: Encode) -> None:
    silence = bytearray(encode(SILENCE, ending="flac"))
    # Of STREAMINFO, after the magic and the block's header: the low 32 bits of the number of samples.
    silence[8 + 14 : 8 + 18] = (44100).to_bytes(4, "big")
    assert refusal(bytes(silence)).code is ErrorCode.NO_SOUND
    assert refusal(bytes(silence), max_seconds=2).code is ErrorCode.VIDEO_TOO_LONG
