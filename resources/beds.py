"""Music made ready to lie under a film: one of Recast's own pieces, or what a user has uploaded."""

import asyncio
import wave
from pathlib import Path
from typing import IO

from domain.errors import ErrorCode, RecastError
from domain.music import Piece
from resources import ffmpeg
from resources.database.records import RecordingFacts
from resources.filters import Graph, Pad, filter_of
from resources.loudness import measure
from resources.mixing import Bed
from resources.music import piece_file
from resources.recordings import SILENCE_PEAK, probe_recording

MIN_MUSIC_SECONDS = 3.0
"""What is shorter is a sound: repeated, it is a noise."""
MAX_MUSIC_SECONDS = 6 * 3600.0
CROSSFADE_SECONDS, MOST_CROSSFADE_SHARE = 2.0, 0.25
READ_SECONDS_PER_SECOND = 0.5
FROM_ZERO = filter_of("asetpts", expr="N/SR/TB")


async def bed_of_piece(piece: Piece, folder: Path) -> Bed:
    """``folder`` keeps pieces once they are played."""
    path = await asyncio.to_thread(piece_file, piece, folder)
    samples, sample_rate = await asyncio.to_thread(_length, path)
    return Bed(path, (await measure(path, seconds=samples / sample_rate)).integrated)


async def bed_of_upload(upload: Path, folder: Path, *, seconds: float, sample_rate: int) -> Bed:
    """An upload for a film of ``seconds``, as files in ``folder``: it begins where something is first heard, so that a
    film shorter than the silence before that has music too. No more of it is read than the film needs; one that is
    shorter fades into its own beginning where it starts again.

    Raises MEDIA_REJECTED for what is no music or shorter than ``MIN_MUSIC_SECONDS``, NO_SOUND, and VIDEO_TOO_LONG.
    """
    facts = await asyncio.to_thread(_check_file, upload)
    plain, loop = folder / "bed.wav", folder / "bed-loop.wav"
    graph = Graph()
    sound = graph.add(
        [graph.read(upload).audio],
        filter_of("aresample", out_sample_rate=sample_rate),
        filter_of("aformat", sample_fmts="s16", channel_layouts="stereo"),
        filter_of("silenceremove", start_periods=1, start_threshold=SILENCE_PEAK),
        filter_of("atrim", end=f"{seconds:.3f}"),
    )
    await _write_wav(graph, sound, plain, facts.duration_seconds)
    samples, _ = await asyncio.to_thread(_length, plain)
    if samples < MIN_MUSIC_SECONDS * sample_rate and samples < round(seconds * sample_rate) - 1:
        raise _too_short(samples / sample_rate)
    lufs = (await measure(plain, seconds=seconds, code=ErrorCode.MEDIA_REJECTED)).integrated
    if samples >= round(seconds * sample_rate) - 1:
        return Bed(plain, lufs)
    crossfade = round(min(CROSSFADE_SECONDS * sample_rate, MOST_CROSSFADE_SHARE * samples))
    graph = Graph()
    ending = graph.add([graph.read(plain).audio], filter_of("atrim", start_sample=samples - crossfade), FROM_ZERO)
    again = graph.add([graph.read(plain).audio], filter_of("atrim", end_sample=samples - crossfade), FROM_ZERO)
    joined = graph.add([ending, again], filter_of("acrossfade", nb_samples=crossfade, curve1="qsin", curve2="qsin"))
    await _write_wav(graph, joined, loop, seconds)
    return Bed(loop, lufs, intro=plain, intro_samples=samples - crossfade)


def check_music(file: IO[bytes]) -> RecordingFacts:
    """The facts of music that a film can have. Raises MEDIA_REJECTED, NO_SOUND, and VIDEO_TOO_LONG."""
    facts = probe_recording(file, max_seconds=MAX_MUSIC_SECONDS)
    if facts.duration_seconds < MIN_MUSIC_SECONDS:
        raise _too_short(facts.duration_seconds)
    return facts


def _check_file(path: Path) -> RecordingFacts:
    with path.open("rb") as file:
        return check_music(file)


def _too_short(seconds: float) -> RecastError:
    return RecastError(
        ErrorCode.MEDIA_REJECTED, f"The music lasts {seconds:.1f} s; at least {MIN_MUSIC_SECONDS:.0f} s are needed."
    )


def _length(path: Path) -> tuple[int, int]:
    """Samples and sample rate of a WAV."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes(), file.getframerate()


async def _write_wav(graph: Graph, sound: Pad, destination: Path, seconds: float) -> None:
    await ffmpeg.run(
        [
            *graph.arguments(sound),
            *("-c:a", "pcm_s16le", "-map_metadata", "-1", "-fflags", "+bitexact", "-f", "wav"),
            ffmpeg.output_file(destination),
        ],
        timeout_seconds=60 + READ_SECONDS_PER_SECOND * seconds,
        failure_code=ErrorCode.MEDIA_REJECTED,
    )
