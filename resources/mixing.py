"""The one sound track of a film: speech, the clips' own sound and the music, mixed in one ffmpeg graph.

What lies under speech is ducked by side-chain compression, keyed by the speech itself, so that the music is lower while
somebody speaks and comes back in the pauses; where nobody ever does, nothing is ducked. Loudness is measured first and
then applied, and what was encoded is measured again, because coding changes peaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ErrorCode
from resources import ffmpeg
from resources.filters import Filter, Graph, Pad, filter_of
from resources.loudness import SILENCE_LUFS, Loudness, Meter, measure, meter

TARGET_LUFS = -14.0
HIGHEST_PEAK_DBTP = -1.0
LOUDNESS_TOLERANCE_LU = 0.5
FIRST_LIMIT_DBTP = -2.0
"""Leaves room for what AAC adds to peaks."""
MOST_ROUNDS = 4
MOST_GAIN_DB = 40.0
OVERSAMPLING = 4
"""As the meter of true peaks does: between samples the wave is higher than on them."""

BED_LUFS = -24.0
"""Where nobody speaks, against voices of about -17 (`sound_tracks.VOICE_LEVEL_DB`). Ducked it is 9 dB lower, about 16
below the voice: it neither drowns it nor disappears."""
MOST_BED_GAIN_DB = 20.0
"""Lifts quiet music, which has down to about -44 LUFS. What is fainter is what comes before the music, or hiss, and
stays faint."""
DUCK_THRESHOLD_DB, DUCK_RATIO = -32.0, 4
DUCK_ATTACK_MS, DUCK_RELEASE_MS = 20, 500
LOST_SECONDS = 1.0
"""Several times what was ever seen to be lost."""
FADE_IN_SECONDS, FADE_OUT_SECONDS = 1.0, 2.5
MOST_FADE_SHARE = 0.25

TRACK_BITRATE = "192k"
MIX_SECONDS_PER_SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Bed:
    """Music of loudness ``lufs`` that can be repeated: the first ``intro_samples`` of ``intro``, if there is one, and
    then ``loop`` again and again."""

    loop: Path
    lufs: float
    intro: Path | None = None
    intro_samples: int = 0

    @property
    def is_silence(self) -> bool:
        return self.lufs <= SILENCE_LUFS

    @property
    def gain_db(self) -> float:
        """What brings it to ``BED_LUFS``, or nearer."""
        return min(BED_LUFS - self.lufs, MOST_BED_GAIN_DB)


@dataclass(frozen=True, slots=True)
class Tracks:
    """What is mixed to exactly ``samples``. ``speech`` and ``clips`` are WAV files of that length."""

    samples: int
    sample_rate: int
    speech: Path | None = None
    clips: Path | None = None
    bed: Bed | None = None
    volume_db: float = 0.0

    @property
    def seconds(self) -> float:
        return self.samples / self.sample_rate


async def mix(
    tracks: Tracks,
    destination: Path,
    *,
    on_measured: ffmpeg.OnProgress | None = None,
    on_progress: ffmpeg.OnProgress | None = None,
) -> Loudness:
    """Write the sound track as AAC in an MP4, and say how loud it is: ``TARGET_LUFS`` within ``LOUDNESS_TOLERANCE_LU``
    and no true peak above ``HIGHEST_PEAK_DBTP``, unless nothing is to be heard in it: silence stays silent. It is
    measured first (``on_measured``) and then written (``on_progress``).

    Raises STITCH_FAILED, or DISK_FULL.
    """
    before = await _measure(tracks, on_measured)
    gain = 0.0 if before.is_silence else min(TARGET_LUFS - before.integrated, MOST_GAIN_DB)
    limit = FIRST_LIMIT_DBTP
    for _ in range(MOST_ROUNDS):
        await _encode(tracks, destination, gain, limit, on_progress)
        heard = await measure(destination, seconds=tracks.seconds)
        excess = heard.true_peak - HIGHEST_PEAK_DBTP
        lack = 0.0 if heard.is_silence else TARGET_LUFS - heard.integrated
        if excess <= 0 and abs(lack) <= LOUDNESS_TOLERANCE_LU:
            break
        limit -= excess + 0.1 if excess > 0 else 0.0
        # A limiter takes back a part of what is added, so that a little more is asked for than is missing.
        gain = min(gain + 1.5 * lack, MOST_GAIN_DB)
    return heard


async def _measure(tracks: Tracks, on_measured: ffmpeg.OnProgress | None) -> Loudness:
    graph, heard = Graph(), Meter()
    mixed = graph.add([_mixed(graph, tracks)], meter(with_peak=False))
    await ffmpeg.run(
        [*graph.arguments(mixed), "-f", "null", "-"],
        timeout_seconds=60 + MIX_SECONDS_PER_SECOND * tracks.seconds,
        failure_code=ErrorCode.STITCH_FAILED,
        on_progress=on_measured,
        on_log=heard.read,
    )
    return heard.loudness


async def _encode(
    tracks: Tracks, destination: Path, gain: float, limit: float, on_progress: ffmpeg.OnProgress | None
) -> None:
    graph = Graph()
    loud = graph.add(
        [_mixed(graph, tracks)],
        filter_of("volume", volume=f"{gain:.2f}dB"),
        filter_of("aresample", out_sample_rate=OVERSAMPLING * tracks.sample_rate),
        filter_of("alimiter", limit=f"{10 ** (limit / 20):.6f}", level="false", latency="true", attack=5, release=80),
        filter_of("aresample", out_sample_rate=tracks.sample_rate),
        *_exactly(tracks.samples),
    )
    await ffmpeg.run(
        [
            *graph.arguments(loud),
            *("-c:a", "aac", "-aac_coder", ffmpeg.AAC_CODER, "-b:a", TRACK_BITRATE, "-ac", "2", "-map_metadata", "-1"),
            *("-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4", ffmpeg.output_file(destination)),
        ],
        timeout_seconds=60 + MIX_SECONDS_PER_SECOND * tracks.seconds,
        failure_code=ErrorCode.STITCH_FAILED,
        on_progress=on_progress,
    )


def _mixed(graph: Graph, tracks: Tracks) -> Pad:
    """The mix of exactly ``tracks.samples``, at no particular loudness."""
    voice = _voice(graph, tracks.speech) if tracks.speech else None
    clips = graph.add([graph.read(tracks.clips).audio], *_stereo(tracks)) if tracks.clips else None
    bed = _bed(graph, tracks, tracks.bed) if tracks.bed and not tracks.bed.is_silence else None
    layers = [layer for layer in (voice, clips, bed) if layer]
    if not layers:
        silence = filter_of("anullsrc", r=tracks.sample_rate, cl="stereo")
        return graph.add([], silence, *_exactly(tracks.samples))
    if voice and len(layers) > 1:
        voice, *keys = graph.split([voice], filter_of("asplit", outputs=len(layers)), ways=len(layers))
        under = (layer for layer in (clips, bed) if layer)
        layers = [voice, *(_ducked(graph, layer, key) for layer, key in zip(under, keys, strict=True))]
    # Normalising would halve the voice as soon as there is music.
    together = [filter_of("amix", inputs=len(layers), normalize=0, duration="first")] if len(layers) > 1 else []
    return graph.add(layers, *together, *_exactly(tracks.samples))


def _voice(graph: Graph, speech: Path) -> Pad:
    return graph.add([graph.read(speech).audio], filter_of("pan", args="stereo|c0=c0|c1=c0"))


def _bed(graph: Graph, tracks: Tracks, bed: Bed) -> Pad:
    loop = graph.read(bed.loop, "-stream_loop", "-1").audio
    if bed.intro:
        intro = graph.add(
            [graph.read(bed.intro).audio], filter_of("atrim", end_sample=bed.intro_samples), *_stereo(tracks)
        )
        loop = graph.add([loop], *_stereo(tracks))
        loop = graph.add([intro, loop], filter_of("concat", n=2, v=0, a=1))
    seconds = tracks.seconds
    rise, fall = (min(fade, MOST_FADE_SHARE * seconds) for fade in (FADE_IN_SECONDS, FADE_OUT_SECONDS))
    return graph.add(
        [loop],
        *_stereo(tracks),
        *_exactly(tracks.samples),
        filter_of("volume", volume=f"{bed.gain_db + tracks.volume_db:.2f}dB"),
        filter_of("afade", type="in", start_time=0, duration=f"{rise:.3f}"),
        filter_of("afade", type="out", start_time=f"{seconds - fall:.3f}", duration=f"{fall:.3f}"),
    )


def _ducked(graph: Graph, layer: Pad, key: Pad) -> Pad:
    """The layer, lower while the key is loud, and longer than both: the filter ends with whichever input ends first and
    loses what it has of the other, which differs from run to run, so that what it may lose is silence."""
    beyond = filter_of("apad", pad_dur=LOST_SECONDS)
    compress = filter_of(
        "sidechaincompress",
        threshold=f"{10 ** (DUCK_THRESHOLD_DB / 20):.6f}",
        ratio=DUCK_RATIO,
        attack=DUCK_ATTACK_MS,
        release=DUCK_RELEASE_MS,
    )
    return graph.add([graph.add([layer], beyond), graph.add([key], beyond)], compress)


def _stereo(tracks: Tracks) -> Sequence[Filter]:
    return (
        filter_of("aresample", out_sample_rate=tracks.sample_rate),
        filter_of("aformat", sample_fmts="fltp", channel_layouts="stereo"),
    )


def _exactly(samples: int) -> Sequence[Filter]:
    return (
        filter_of("atrim", end_sample=samples),
        filter_of("apad", whole_len=samples),
        filter_of("asetpts", expr="N/SR/TB"),
    )
