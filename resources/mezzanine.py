"""Whatever a provider returns becomes a clip of the job's profile: one encode, so that joining is a copy."""

import asyncio
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import av

from domain.errors import ErrorCode, RecastError
from domain.finish import Fit
from domain.fitting import picture_for
from domain.mezzanine import Mezzanine
from domain.profile import Profile
from resources import ffmpeg
from resources.captions.burning import burn_in
from resources.captions.typefaces import open_typefaces
from resources.filters import Filter, Graph, Pad, filter_of
from resources.media import MediaFacts, is_interlaced

PRESET = "superfast"
ENCODE_SECONDS_PER_SECOND = 60.0
"""A slow machine's time for one second of film, many times over: beyond it the file is not worth waiting for."""
LATE_SECONDS = 5.0
"""By so much the picture may begin after the sound."""
HDR_WHITE_NITS = 203
"""ITU-R BT.2408: how bright white paper is in a film of high dynamic range."""
HD_WIDTH, SD_HEIGHT = 1280, 576
BACKDROP_SHRUNK, BACKDROP_BLUR = 8, 4
"""A picture that is blurred anyway is blurred small, which costs next to nothing."""


async def encode(
    source: Path,
    facts: MediaFacts,
    destination: Path,
    wanted: Mezzanine,
    *,
    fonts: Path | None = None,
    on_progress: ffmpeg.OnProgress | None = None,
) -> None:
    """Encode ``source`` to exactly what is ``wanted``: turned upright, pixels square, whole pictures at a constant
    rate, slowed within limits and its last picture held where it is too short, and silence where it has no sound.
    ``fonts`` is a folder of fonts for the captions, before those of the installed packages.

    Raises CLIP_REJECTED, or DISK_FULL.
    """
    profile, seconds = wanted.profile, wanted.seconds
    slowed = picture_for(seconds, facts.duration).slow_down if facts.duration > 0 else 1.0
    graph = Graph()
    # No more is read than is shown: a gap in the sound, as long as its file says, would be filled before it is cut. Nor
    # is the picture begun anew where its size changes.
    readable = min(seconds, facts.duration or seconds) + LATE_SECONDS
    clip = graph.read(source, "-threads", "1", "-reinit_filter:v", "0", "-t", f"{readable:.3f}")
    seen = clip.video
    if await asyncio.to_thread(is_interlaced, source):
        seen = graph.add([seen], filter_of("bwdif", mode="send_frame"))
    with tempfile.TemporaryDirectory(prefix="recast-captions-") as folder:
        drawn = burn_in(wanted.captions, Path(folder), open_typefaces(fonts)) if wanted.captions else None
        picture = graph.add(
            [_shaped(graph, seen, facts, wanted, slowed)],
            filter_of("tpad", stop=-1, stop_mode="clone"),
            filter_of("trim", end_frame=wanted.frames),
            *([drawn.filter] if drawn else []),
            filter_of("format", pix_fmts="yuv420p"),
        )
        sound = graph.add(*_heard(clip.audio if facts.has_audio else None, profile, slowed), *_exactly(wanted))
        await ffmpeg.run(
            [
                *("-filter_complex_threads", "1"),
                *graph.arguments(picture, sound),
                *ffmpeg.mezzanine(profile, preset=PRESET),
                ffmpeg.output_file(destination),
            ],
            timeout_seconds=30 + ENCODE_SECONDS_PER_SECOND * seconds,
            failure_code=ErrorCode.CLIP_REJECTED,
            on_progress=on_progress,
            environment=drawn.environment if drawn else None,
        )


@cache
def headers(profile: Profile) -> bytes:
    """What the decoder of every mezzanine of ``profile`` is told, whatever it shows: a clip can be joined by copying
    only if its own are the same. Takes the time of an encoder's start, once. Raises INTERNAL."""
    picture = f"color=black:s={profile.width}x{profile.height}:r={profile.frame_rate}"
    with tempfile.TemporaryDirectory(prefix="recast-headers-") as folder:
        path = Path(folder) / "black.mp4"
        arguments = [*("-f", "lavfi", "-i", picture, "-frames:v", "1"), *ffmpeg.mezzanine(profile, preset=PRESET)]
        try:
            subprocess.run(
                ffmpeg.command(*arguments, ffmpeg.output_file(path)), check=True, capture_output=True, timeout=60
            )
            return headers_of(path) or b""
        except (subprocess.SubprocessError, av.FFmpegError, OSError) as error:
            raise RecastError(ErrorCode.INTERNAL, cause=f"no mezzanine can be encoded: {error}") from error


def headers_of(path: Path) -> bytes | None:
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.extradata


def _shaped(graph: Graph, picture: Pad, facts: MediaFacts, wanted: Mezzanine, slowed: float) -> Pad:
    """The picture in its size and at its rate. Frames that are not shown are not scaled either."""
    profile = wanted.profile
    width, height = profile.width, profile.height
    pace = [filter_of("setpts", expr=f"PTS*{slowed:.6f}")] if slowed != 1 else []
    rate = [*pace, filter_of("fps", fps=profile.frame_rate, start_time=0)]
    colours = _presumed_colours(facts)
    before, after = (rate, []) if facts.frame_rate > profile.frame_rate else ([], rate)
    before += _STANDARD_RANGE if facts.is_hdr else ()
    if wanted.fit is Fit.COVER:
        return graph.add([picture], *before, *_covering(width, height, colours), *after)
    behind, front = graph.split([picture], *before, filter_of("split", outputs=2), ways=2)
    small = (_even(width / BACKDROP_SHRUNK), _even(height / BACKDROP_SHRUNK))
    backdrop = graph.add(
        [behind],
        *_covering(*small, colours),
        filter_of("gblur", sigma=BACKDROP_BLUR),
        filter_of("scale", w=width, h=height, reset_sar=1),
    )
    whole = graph.add([front], _scaled(width, height, "decrease", colours))
    return graph.add([backdrop, whole], filter_of("overlay", x="(W-w)/2", y="(H-h)/2", format="yuv420"), *after)


_STANDARD_RANGE = (
    # Of some files nothing but the transfer is told.
    filter_of("setparams", color_primaries="bt2020", colorspace="bt2020nc"),
    filter_of("zscale", t="linear", npl=HDR_WHITE_NITS),
    filter_of("format", pix_fmts="gbrpf32le"),
    filter_of("zscale", p="bt709"),
    filter_of("tonemap", tonemap="mobius", param=0.9, desat=0),
    filter_of("zscale", t="bt709", m="bt709", r="tv"),
    filter_of("format", pix_fmts="yuv420p"),
)
"""From high dynamic range: what is no brighter than white stays as it is, and only highlights are pressed together."""


def _presumed_colours(facts: MediaFacts) -> str:
    """The matrix by which the colours of a source were made. Of a file that does not say, players presume what is
    usual for its size (ffmpeg would presume bt601 for any)."""
    if facts.is_hdr:
        return "bt709"
    if facts.says_colours:
        return "auto"
    return "bt709" if facts.width >= HD_WIDTH or facts.height > SD_HEIGHT else "bt601"


def _covering(width: int, height: int, colours: str) -> tuple[Filter, ...]:
    return _scaled(width, height, "increase", colours), filter_of("crop", out_w=width, out_h=height)


def _scaled(width: int, height: int, aspect: str, colours: str) -> Filter:
    """To a size in the shape of the source as it is to be seen, with square pixels, from ``colours`` to those that the
    mezzanine is marked with."""
    return filter_of(
        "scale",
        w=width,
        h=height,
        force_original_aspect_ratio=aspect,
        force_divisible_by=2,
        reset_sar=1,
        in_color_matrix=colours,
        out_color_matrix="bt709",
        out_range="tv",
    )


def _even(size: float) -> int:
    return max(2, round(size / 2) * 2)


def _heard(sound: Pad | None, profile: Profile, slowed: float) -> tuple[list[Pad], *tuple[Filter, ...]]:
    """The pads and the first filters of the sound: what is missing at its start, or in it, is silence."""
    if sound is None:
        return [], filter_of("anullsrc", r=profile.sample_rate, cl="stereo")
    tempo = (filter_of("atempo", tempo=f"{1 / slowed:.6f}"),) if slowed != 1 else ()
    # "async" is a word of Python's.
    steady = Filter("aresample", (("async", "1"), ("first_pts", "0"), ("out_sample_rate", str(profile.sample_rate))))
    return [sound], steady, *tempo, filter_of("aformat", channel_layouts="stereo")


def _exactly(wanted: Mezzanine) -> tuple[Filter, ...]:
    return (
        filter_of("apad"),
        filter_of("atrim", end=f"{wanted.seconds:.6f}"),
        filter_of("asetpts", expr="N/SR/TB"),
    )
