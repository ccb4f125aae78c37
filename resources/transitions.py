"""The few frames in which one clip gives way to the next, encoded so that they can be joined by copying."""

from pathlib import Path

from domain.errors import ErrorCode
from domain.finish import TransitionKind
from domain.joining import Span
from domain.profile import Profile
from resources import ffmpeg
from resources.filters import Filter, Graph, filter_of

TIMEOUT_SECONDS = 120.0
XFADE = {TransitionKind.CROSSFADE: "fade", TransitionKind.WIPE: "wipeleft"}


async def encode_span(
    span: Span,
    kind: TransitionKind,
    before: Path,
    before_frames: int,
    after: Path,
    destination: Path,
    *,
    profile: Profile,
) -> None:
    """Write ``span`` as a clip of the mezzanine without sound, ``span.frames`` long.

    Raises STITCH_FAILED naming the scene, or DISK_FULL.
    """
    graph, rate, half = Graph(), profile.frame_rate, span.half
    # Half a frame early, so that rounding never loses the first one.
    begin = max(0.0, (before_frames - half - 0.5) / rate)
    ending = graph.read(before, "-ss", f"{begin:.6f}").video
    beginning = graph.read(after).video
    last = [filter_of("trim", end_frame=half), *_counted(rate)]
    first = [filter_of("trim", end_frame=span.until), *_counted(rate)]
    if kind is TransitionKind.DIP:
        dark = graph.add([ending], *last, filter_of("fade", type="out", start_frame=0, nb_frames=half))
        light = graph.add([beginning], *first, filter_of("fade", type="in", start_frame=0, nb_frames=half))
        joined = graph.add([dark, light], filter_of("concat", n=2, v=1, a=0))
    else:
        held = graph.add([ending], *last, filter_of("tpad", stop=half, stop_mode="clone"), *_counted(rate))
        waiting = graph.add([beginning], *first, filter_of("tpad", start=half, start_mode="clone"), *_counted(rate))
        fading = filter_of("xfade", transition=XFADE[kind], duration=f"{2 * half / rate:.6f}", offset=0)
        joined = graph.add([held, waiting], fading)
    await ffmpeg.run(
        [
            *graph.arguments(joined),
            *("-an", "-frames:v", str(span.frames)),
            *ffmpeg.mezzanine(profile, preset="superfast"),
            ffmpeg.output_file(destination),
        ],
        timeout_seconds=TIMEOUT_SECONDS,
        failure_code=ErrorCode.STITCH_FAILED,
    )


def _counted(frame_rate: int) -> tuple[Filter, Filter]:
    """Frames at their numbers from zero, and a rate that later filters believe in."""
    return filter_of("setpts", expr=f"N/{frame_rate}/TB"), filter_of("fps", fps=frame_rate)
