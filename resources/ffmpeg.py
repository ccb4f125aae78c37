"""ffmpeg: one static binary, called with argument lists, never through a shell."""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from domain.errors import ErrorCode, RecastError
from domain.profile import Profile

STDERR_TAIL_LINES = 12
LONGEST_LINE_BYTES = 64 * 1024
CONTAINERS = "mov,mp4,matroska,webm,mp3,wav,w64,flac,ogg,aac,avi,mpegts,mpeg,aiff,caf,flv,asf,amr"
"""Of sound and video. FFmpeg also knows playlists and lists of other files, which would have it read what they name."""
MOST_PIXELS = 4096 * 4096
"""Of one picture: a small file may claim to hold pictures of gigabytes."""
MOST_STREAMS = 16
"""Of one file, for the like reason."""
NICENESS = 5
"""Whoever is asked for an answer goes before whoever makes a film."""
X264_CRF = 20
X264_PARAMETERS = (
    "stitchable=1:open-gop=0:threads=1:lookahead-threads=1:mbtree=1:rc-lookahead=10:cpu-independent=1:sar=1/1"
)
H264_COLOURS = (
    "h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1:video_full_range_flag=0"
)
"""BT.709, by the numbers of ITU-T H.273."""
KILLED = (-signal.SIGKILL, -signal.SIGTERM)
CLIP_AUDIO_BITRATE = "128k"
AAC_CODER = "fast"
"""Half the work of the other one, and above 64 kbit/s the better one (ffmpeg's documentation of its encoder)."""

OnProgress = Callable[[float], None]
"""Called with the seconds of output written so far."""
OnLog = Callable[[str], None]
"""Called with each line that ffmpeg tells, warnings and measurements too."""


@cache
def executable() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@cache
def _nice() -> str | None:
    return shutil.which("nice")


def command(*arguments: str, loglevel: str = "error") -> list[str]:
    """A whole command line. Banner and prompts are off; an existing output is overwritten."""
    return [executable(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", loglevel, "-y", *arguments]


def input_file(path: Path) -> list[str]:
    """Arguments that read ``path`` and nothing else: whatever the file claims to be, it cannot have others opened,
    pictures of more than ``MOST_PIXELS`` decoded, or more than ``MOST_STREAMS`` looked into."""
    whitelists = ["-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS]
    limits = ["-max_pixels", str(MOST_PIXELS), "-max_streams", str(MOST_STREAMS)]
    return [*whitelists, *limits, "-i", f"file:{path}"]


def output_file(path: Path) -> str:
    """A name that ffmpeg cannot mistake for an option or a protocol."""
    return f"file:{path}"


def mezzanine(profile: Profile, *, preset: str = "veryfast") -> list[str]:
    """Arguments that encode to the one format in which clips of ``profile`` can be joined by copying.

    H.264 with a keyframe every second at fixed places, no B-frames (the first frame is shown at zero, so no edit list
    is needed), square pixels, BT.709, and headers that depend neither on the picture nor on where it comes from; AAC
    stereo; a fixed time base; one encoder thread and no dependence on the CPU model, because the number of threads
    changes the bytes. ``preset`` is x264's: "superfast" and "veryfast" differ in effort, but not in the headers that
    joined clips share.
    """
    second = str(profile.frame_rate)
    # fmt: off - an option and its value belong on one line
    return [
        "-c:v",
        "libx264",
        "-preset",
        preset,
        "-crf",
        str(X264_CRF),
        "-profile:v",
        "high",
        "-pix_fmt",
        "yuv420p",
        "-g",
        second,
        "-keyint_min",
        second,
        "-sc_threshold",
        "0",
        "-bf",
        "0",
        "-threads:v",
        "1",
        "-x264-params",
        X264_PARAMETERS,
        "-colorspace",
        "bt709",
        "-color_range",
        "tv",
        # In the headers themselves, where such options give way to what the source says of its colours.
        "-bsf:v",
        H264_COLOURS,
        "-fps_mode",
        "cfr",
        "-r",
        second,
        "-video_track_timescale",
        str(profile.frame_rate * 1000),
        "-c:a",
        "aac",
        "-aac_coder",
        AAC_CODER,
        "-b:a",
        CLIP_AUDIO_BITRATE,
        "-ar",
        str(profile.sample_rate),
        "-ac",
        "2",
        "-map_metadata",
        "-1",
        "-map_chapters",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags:v",
        "+bitexact",
        "-flags:a",
        "+bitexact",
        "-movflags",
        "+faststart",
        "-f",
        "mp4",
    ]
    # fmt: on


def failure(code: ErrorCode, stderr: Sequence[str], returncode: int | None) -> RecastError:
    """What went wrong, with the tail of stderr as the operator's cause. A full disk keeps its own code, and who was
    killed from outside says nothing about what it was reading."""
    tail = "\n".join(list(stderr)[-STDERR_TAIL_LINES:])
    if "No space left on device" in tail:
        code = ErrorCode.DISK_FULL
    if returncode in KILLED:
        code = ErrorCode.INTERNAL
    return RecastError(code, cause=f"ffmpeg ended with {returncode}: {tail or 'nothing on stderr'}")


async def run(
    arguments: Sequence[str],
    *,
    timeout_seconds: float,
    failure_code: ErrorCode = ErrorCode.CLIP_REJECTED,
    on_progress: OnProgress | None = None,
    on_log: OnLog | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run ffmpeg to its end, as a process that lets others go first, with ``environment`` besides its own, and say how
    many pictures it has written. It is killed on time-out and on cancellation. With ``on_log`` it tells all that its
    filters have measured.

    Raises ``RecastError`` with ``failure_code``, or DISK_FULL, and the tail of stderr as its cause.
    """
    loglevel = "info" if on_log else "error"
    polite = [nice, "-n", str(NICENESS)] if (nice := _nice()) else []
    line = [*polite, *command("-progress", "pipe:1", *arguments, loglevel=loglevel)]
    process = await spawn(line, stdin=DEVNULL, environment=environment)
    stderr: deque[str] = deque(maxlen=STDERR_TAIL_LINES)
    try:
        async with asyncio.timeout(timeout_seconds):
            frames, _ = await asyncio.gather(
                _report(process.stdout, on_progress), keep_tail(process.stderr, stderr, on_log)
            )
            returncode = await process.wait()
    except TimeoutError:
        raise RecastError(failure_code, cause=f"ffmpeg was still running after {timeout_seconds} s") from None
    finally:
        await end(process)
    if returncode != 0:
        raise failure(failure_code, list(stderr), returncode)
    return frames


async def spawn(
    command_line: Sequence[str],
    *,
    stdin: int,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    limit: int = LONGEST_LINE_BYTES,
) -> Process:
    """Start a process with pipes for what it says, in lines of at most ``limit`` bytes.

    A caller that is cancelled meanwhile does not lose it: asyncio may wait for ever for a process whose start was
    interrupted, so the start is let finish, and the process killed.
    """
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command_line,
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
            cwd=cwd,
            env=environment and {**os.environ, **environment},
            limit=limit,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await end(await starting)
        raise


async def end(process: Process) -> None:
    """Kill ``process`` unless it has ended, and wait until it has."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        waiting = asyncio.ensure_future(process.wait())
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await waiting
            raise


async def _report(stdout: asyncio.StreamReader | None, on_progress: OnProgress | None) -> int:
    assert stdout is not None
    frames = 0
    async for line in stdout:
        key, _, value = line.decode(errors="replace").strip().partition("=")
        if key == "frame" and value.isdigit():
            frames = int(value)
        elif on_progress and key == "out_time_us" and value.lstrip("-").isdigit():
            on_progress(max(0.0, int(value) / 1_000_000))
    return frames


async def keep_tail(stderr: asyncio.StreamReader | None, tail: deque[str], on_log: OnLog | None = None) -> None:
    """Read a process's stderr to its end, so that a full pipe never stops it, and keep its last lines."""
    assert stderr is not None
    async for line in stderr:
        tail.append(line.decode(errors="replace").rstrip())
        if on_log:
            on_log(tail[-1])
