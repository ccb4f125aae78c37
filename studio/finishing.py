"""Finishing: accept clips, and join accepted clips into one film without encoding anything again."""

import asyncio
import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from domain.errors import ErrorCode, RecastError
from domain.profile import Profile
from domain.shots import Shot
from resources.media import MediaFacts, decode_check, probe

AAC_FRAME_SAMPLES = 1024


async def accept(path: Path, shot: Shot, *, look: bool = True) -> MediaFacts:
    """Check the clip of ``shot`` before anything is built on it; ``look`` decodes it too, which is not needed again for
    what was just encoded from a picture that was looked at. Raises ``CLIP_REJECTED`` with the reason."""
    return await asyncio.to_thread(_accept, path, shot, look)


async def join(clips: Sequence[Path], destination: Path, *, profile: Profile) -> MediaFacts:
    """Join ``clips``, in order, into one MP4 by copying their streams; nothing is encoded.

    The picture of every clip starts exactly where the one before it ends. Sound comes in frames of 1024 samples, so
    each clip gives the whole number of frames that keeps sound and picture nearest to each other: at every border
    they are within half such a frame (11 ms), however many clips there are.

    Raises ``STITCH_FAILED`` naming the scene (from 1) whose clip does not fit ``profile``, and ``DISK_FULL``.
    """
    return await asyncio.to_thread(_join, list(clips), destination, profile)


def _accept(path: Path, shot: Shot, look: bool) -> MediaFacts:
    facts = probe(path)
    expected = shot.profile.frames(shot.duration_seconds)
    problems = [*departures(facts, shot.profile)]
    if abs(facts.frames - expected) > 1:
        problems.append(f"it has {facts.frames} frames instead of {expected}")
    if look and not problems:
        picture = decode_check(path)
        if picture.black:
            problems.append("it is black")
        elif picture.frozen and expected > 1:
            problems.append("its picture stands still")
    if problems:
        raise RecastError(ErrorCode.CLIP_REJECTED, f"The clip was rejected: {'; '.join(problems)}.", cause=path.name)
    return facts


def departures(facts: MediaFacts, profile: Profile) -> Iterator[str]:
    """How a file departs from the format of ``profile``, in words."""
    if (facts.width, facts.height) != (profile.width, profile.height):
        yield f"it is {facts.width}x{facts.height} instead of {profile.width}x{profile.height}"
    if facts.frame_rate != profile.frame_rate:
        yield f"it has {float(facts.frame_rate):g} frames per second instead of {profile.frame_rate}"
    if (facts.video_codec, facts.pix_fmt) != ("h264", "yuv420p"):
        yield f"its picture is {facts.video_codec} {facts.pix_fmt} instead of h264 yuv420p"
    if not facts.has_audio:
        yield "it has no sound track"
    elif (facts.audio_codec, facts.sample_rate, facts.channels) != ("aac", profile.sample_rate, 2):
        sound = f"{facts.audio_codec} at {facts.sample_rate} Hz with {facts.channels} channels"
        yield f"its sound is {sound} instead of stereo aac at {profile.sample_rate} Hz"
    elif abs(facts.audio_duration - facts.duration) > AAC_FRAME_SAMPLES / profile.sample_rate + 0.001:
        yield f"its sound lasts {facts.audio_duration:.3f} s and its picture {facts.duration:.3f} s"


@dataclass(frozen=True, slots=True)
class _Clip:
    """One clip on the film's time line: ``first_frame`` in frames, ``first_slot`` in sound frames; ``lead`` is the
    number of sound frames that only prime the decoder."""

    path: Path
    facts: MediaFacts
    first_frame: int
    first_slot: int
    lead: int


def _join(paths: list[Path], destination: Path, profile: Profile) -> MediaFacts:
    if not paths:
        raise RecastError(ErrorCode.STITCH_FAILED, "There is no clip to join.")
    clips = _time_line(paths, profile)
    unfinished = destination.with_name(f".{destination.name}.part")
    try:
        with av.open(
            str(unfinished), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
        ) as film:
            _copy(clips, film, profile)
        facts = probe(unfinished)
        total = sum(clip.facts.frames for clip in clips)
        if facts.frames != total or facts.start_time != 0:
            raise RecastError(
                ErrorCode.STITCH_FAILED,
                cause=f"{facts.frames} of {total} frames, starting at {facts.start_time} s",
            )
        unfinished.replace(destination)
    except OSError as error:  # PyAV's own errors are OSErrors too
        code = ErrorCode.DISK_FULL if error.errno == errno.ENOSPC else ErrorCode.STITCH_FAILED
        raise RecastError(code, cause=str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return facts


def _time_line(paths: Sequence[Path], profile: Profile) -> list[_Clip]:
    """Check every clip and give it its place. Clips must also share their codec headers: the film has only one."""
    clips: list[_Clip] = []
    frame, headers = 0, None
    for scene, path in enumerate(paths, start=1):
        try:
            facts = probe(path)
            problems = [*departures(facts, profile)]
            lead, own_headers = _lead_and_headers(path)
        except RecastError as error:
            raise RecastError(
                ErrorCode.STITCH_FAILED,
                f"The clip of scene {scene} cannot be joined: {error.detail}",
                cause=error.cause,
            ) from error
        headers = headers or own_headers
        if not problems and own_headers != headers:
            problems.append("it was encoded with other settings than the clips before it")
        if problems:
            raise RecastError(
                ErrorCode.STITCH_FAILED,
                f"The clip of scene {scene} cannot be joined: {'; '.join(problems)}.",
                cause=path.name,
            )
        clips.append(_Clip(path, facts, frame, _slot(frame, profile), lead))
        frame += facts.frames
    return clips


def _slot(frame: int, profile: Profile) -> int:
    """The sound frame that starts nearest to the start of picture ``frame``."""
    return round(Fraction(frame * profile.sample_rate, profile.frame_rate * AAC_FRAME_SAMPLES))


def _lead_and_headers(path: Path) -> tuple[int, tuple[bytes | None, bytes | None]]:
    """How many sound frames come before zero, and the codec headers of both streams."""
    with av.open(str(path)) as container:
        audio, video = container.streams.audio, container.streams.video
        headers = tuple(streams[0].codec_context.extradata if streams else None for streams in (video, audio))
        first = next((p.pts for p in container.demux(audio[0]) if p.pts is not None), 0) if audio else 0
    return max(0, round(-first / AAC_FRAME_SAMPLES)), (headers[0], headers[1])


def _copy(clips: Sequence[_Clip], film: OutputContainer, profile: Profile) -> None:
    with av.open(str(clips[0].path)) as first:
        video = film.add_stream_from_template(first.streams.video[0])
        audio = film.add_stream_from_template(first.streams.audio[0])
    for number, clip in enumerate(clips):
        following = clips[number + 1] if number + 1 < len(clips) else None
        end = clip.first_frame + clip.facts.frames
        # A clip's last sound frames give way to the frames that prime the decoder for the next clip; otherwise its
        # first 21 ms would be decoded on the ground of another clip's sound.
        last_slot = following.first_slot - following.lead if following else _slot(end, profile)
        with av.open(str(clip.path)) as source:
            _copy_clip(source, film, clip, last_slot, video, audio, profile)


def _copy_clip(
    source: InputContainer,
    film: OutputContainer,
    clip: _Clip,
    end_slot: int,
    video: VideoStream,
    audio: AudioStream,
    profile: Profile,
) -> None:
    slot = clip.first_slot - clip.lead
    ticks = Fraction(1, profile.frame_rate)
    frame_offset: int | None = None
    for packet in source.demux(source.streams.video[0], source.streams.audio[0]):
        if not packet.size or packet.pts is None or packet.dts is None:
            continue
        if isinstance(packet.stream, VideoStream):
            base = packet.time_base
            if frame_offset is None:
                frame_offset = round(clip.first_frame * ticks / base) - packet.pts
            packet.pts, packet.dts = packet.pts + frame_offset, packet.dts + frame_offset
            packet.stream = video
        else:
            if slot >= end_slot:
                continue
            packet.time_base = Fraction(1, profile.sample_rate)
            packet.pts = packet.dts = slot * AAC_FRAME_SAMPLES
            packet.duration = AAC_FRAME_SAMPLES
            packet.stream = audio
            slot += 1
        film.mux(packet)
