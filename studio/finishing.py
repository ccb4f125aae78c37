"""Finishing: clips are joined into one film. Pictures are copied, but for the transitions between them, and the film's
one sound track is put beside them."""

import asyncio
import errno
import heapq
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from domain.errors import ErrorCode, RecastError
from domain.finish import Transition
from domain.joining import ClipFrames, Span, Stretch, chapters, pieces, span_key
from domain.profile import Profile
from resources.cores import Cores
from resources.media import MediaFacts, probe
from resources.transitions import encode_span
from studio.concurrency import all_of
from studio.mezzanines import departures
from studio.progress import Tell


@dataclass(frozen=True, slots=True)
class SceneClip:
    """The accepted clip of a scene. ``key`` identifies its content, ``sound_key`` its sound: transitions and sound
    tracks are kept by them. ``title`` is that of
    its chapter; a scene without one belongs to the chapter before it. ``number`` is what its user calls the scene,
    which need not be its place in the film."""

    path: Path
    key: str
    title: str = ""
    number: int = 0
    sound_key: str = ""


@dataclass(frozen=True, slots=True)
class Reel:
    """A film before it is put together: its clips, what of them is copied and what is encoded, and ``span_keys`` by
    number of the piece."""

    clips: tuple[SceneClip, ...]
    frames: tuple[int, ...]
    pieces: tuple[Stretch | Span, ...]
    span_keys: dict[int, str]
    headers: bytes | None
    profile: Profile
    transition: Transition

    @property
    def total_frames(self) -> int:
        return sum(self.frames)

    @property
    def samples(self) -> int:
        """How long its sound is, in samples."""
        return self.sample_at(self.total_frames)

    @property
    def borders(self) -> tuple[int, ...]:
        """The frame at which each scene begins and, at last, at which the film ends."""
        return (0, *accumulate(self.frames))

    def seconds_at(self, place: int) -> float:
        """When the scene at ``place`` (from 1) begins."""
        return self.borders[place - 1] / self.profile.frame_rate

    def number_at(self, place: int) -> int:
        """What the user calls the scene at ``place`` (from 1)."""
        return _number(self.clips, place - 1)

    def place_at(self, frame: int) -> int:
        """The place (from 1) of the scene that ``frame`` of the film belongs to; what is beyond the end, to the
        last."""
        return min(bisect_right(self.borders, frame), len(self.clips))

    def sample_at(self, frame: int) -> int:
        return round(Fraction(frame * self.profile.sample_rate, self.profile.frame_rate))


def _number(clips: Sequence[SceneClip], index: int) -> int:
    return clips[index].number or index + 1


async def thread(clips: Sequence[SceneClip], *, profile: Profile, transition: Transition | None = None) -> Reel:
    """Look at every clip and plan the film. Raises STITCH_FAILED naming the scene whose clip does not fit
    ``profile`` or the clips before it."""
    return await asyncio.to_thread(_thread, tuple(clips), profile, transition or Transition())


async def encode_spans(reel: Reel, folder: Path, *, cores: Cores, tell: Tell = lambda done: None) -> Sequence[str]:
    """Encode the transitions that are not in ``folder`` yet, as ``{span key}.mp4``; returns the keys of those. ``tell``
    hears how many of them are done, of 1.

    Raises STITCH_FAILED naming the scene, and DISK_FULL.
    """

    async def one(key: str, span: Span) -> None:
        before, after = reel.clips[span.scene - 1], reel.clips[span.scene]
        unfinished = folder / f".{key}.part"
        try:
            async with cores.place():
                await encode_span(
                    span,
                    reel.transition.kind,
                    before.path,
                    reel.frames[span.scene - 1],
                    after.path,
                    unfinished,
                    profile=reel.profile,
                )
        except RecastError as error:
            raise RecastError(
                error.code,
                f"The transition to scene {reel.number_at(span.scene + 1)} cannot be made.",
                cause=error.cause,
            ) from error
        unfinished.replace(folder / f"{key}.mp4")
        done.append(key)
        tell(len(done) / len(missing))

    done: list[str] = []
    missing: dict[str, Span] = {}
    for number, key in reel.span_keys.items():
        piece = reel.pieces[number]
        if isinstance(piece, Span) and not (folder / f"{key}.mp4").exists():
            missing[key] = piece
    await all_of(*(one(key, span) for key, span in missing.items()))
    return list(missing)


async def assemble(reel: Reel, spans: Path, sound: Path, destination: Path) -> MediaFacts:
    """Put the film together from its clips, the transitions in the folder ``spans``, and ``sound``, an MP4 with the
    one AAC track of the whole film. Nothing is encoded; chapters are those of the clips' titles.

    The picture of every scene starts exactly where the one before it ends; `studio.inspecting.inspect` tells whether
    it has all come out so. Raises STITCH_FAILED, naming the scene where there is one, and DISK_FULL.
    """
    return await asyncio.to_thread(_assemble, reel, spans, sound, destination)


async def join(
    clips: Sequence[SceneClip],
    sound: Path,
    destination: Path,
    *,
    profile: Profile,
    transition: Transition | None = None,
) -> MediaFacts:
    """`thread`, `encode_spans` and `assemble` in one, for those who keep no transitions."""
    reel = await thread(clips, profile=profile, transition=transition)
    with tempfile.TemporaryDirectory(prefix="recast-spans-") as folder:
        await encode_spans(reel, Path(folder), cores=Cores())
        return await assemble(reel, Path(folder), sound, destination)


def _thread(clips: tuple[SceneClip, ...], profile: Profile, transition: Transition) -> Reel:
    if not clips:
        raise RecastError(ErrorCode.STITCH_FAILED, "There is no clip to join.")
    frames: list[ClipFrames] = []
    headers: bytes | None = None
    for place, clip in enumerate(clips):
        scene = _number(clips, place)
        try:
            facts = probe(clip.path)
            own_headers, own_frames = _headers_and_frames(clip.path, profile)
        except (RecastError, av.FFmpegError) as error:
            told = error if isinstance(error, RecastError) else None
            detail, cause = (told.detail, told.cause) if told else ("It cannot be read.", str(error))
            raise RecastError(
                ErrorCode.STITCH_FAILED, f"The clip of scene {scene} cannot be joined: {detail}", cause=cause
            ) from error
        problems = [*departures(facts, profile)]
        headers = headers or own_headers
        if not problems and own_headers != headers:
            problems.append("it was encoded with other settings than the clips before it")
        if not problems and own_frames.length != facts.frames:
            problems.append(f"{facts.frames - own_frames.length} of its {facts.frames} frames are missing")
        if problems:
            raise RecastError(
                ErrorCode.STITCH_FAILED,
                f"The clip of scene {scene} cannot be joined: {'; '.join(problems)}.",
                cause=clip.path.name,
            )
        frames.append(own_frames)
    plan = tuple(pieces(frames, transition, profile.frame_rate))
    keys = {
        number: span_key(
            piece,
            transition,
            profile,
            (clips[piece.scene - 1].key, frames[piece.scene - 1].length),
            clips[piece.scene].key,
        )
        for number, piece in enumerate(plan)
        if isinstance(piece, Span)
    }
    return Reel(clips, tuple(one.length for one in frames), plan, keys, headers, profile, transition)


def _headers_and_frames(path: Path, profile: Profile) -> tuple[bytes | None, ClipFrames]:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        keyframes: list[int] = []
        count = 0
        for packet in container.demux(video):
            if not packet.size:
                continue
            if packet.is_keyframe:
                keyframes.append(count)
            count += 1
        return video.codec_context.extradata, ClipFrames(count, keyframes)


def _assemble(reel: Reel, spans: Path, sound: Path, destination: Path) -> MediaFacts:
    unfinished = destination.with_name(f".{destination.name}.part")
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    try:
        with _reading("The sound track"):
            track = av.open(str(sound))
        with track, av.open(str(unfinished), "w", format="mp4", options=options) as film:
            with _reading(f"The clip of scene {reel.number_at(1)}"), av.open(str(reel.clips[0].path)) as first:
                video = film.add_stream_from_template(first.streams.video[0])
            audio = film.add_stream_from_template(track.streams.audio[0])
            film.set_chapters(
                [
                    {
                        "id": number,
                        "start": mark.first,
                        "end": mark.end,
                        "time_base": Fraction(1, reel.profile.frame_rate),
                        "metadata": {"title": mark.title},
                    }
                    for number, mark in enumerate(chapters([clip.title for clip in reel.clips], reel.frames))
                ]
            )
            # The container wants both in the order of time, and keeps back what comes too early.
            both: list[Iterator[Packet[Any]]] = [_pictures(reel, spans), _heard(track)]
            for packet in heapq.merge(*both, key=_seconds):
                packet.stream = video if packet.stream.type == "video" else audio
                film.mux(packet)
        facts = probe(unfinished)
        unfinished.replace(destination)
    except OSError as error:  # PyAV's own errors are OSErrors too
        code = ErrorCode.DISK_FULL if error.errno == errno.ENOSPC else ErrorCode.STITCH_FAILED
        raise RecastError(code, cause=str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return facts


def _seconds(packet: "Packet[Any]") -> Fraction:
    assert packet.dts is not None
    return packet.dts * packet.time_base


def _heard(track: InputContainer) -> "Iterator[Packet[AudioStream]]":
    """Its first packets are before zero: they only prime the decoder."""
    with _reading("The sound track"):
        yield from (packet for packet in track.demux(track.streams.audio[0]) if packet.dts is not None)


def _pictures(reel: Reel, spans: Path) -> "Iterator[Packet[VideoStream]]":
    """The pictures of the film at its own times."""
    frame = 0
    for number, piece in enumerate(reel.pieces):
        if isinstance(piece, Span):
            path, first, end = spans / f"{reel.span_keys[number]}.mp4", 0, piece.frames
            what = "transition to"
        else:
            path, first, end = reel.clips[piece.scene].path, piece.first, piece.end
            what = "clip of"
        with _reading(f"The {what} scene {reel.number_at(piece.scene + 1)}"):
            yield from _copied(path, first, end, frame, reel)
        frame += end - first


class _Misfit(Exception):
    """Why pictures do not fit into the film, in words."""


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Names what it is that cannot be read, or does not fit."""
    try:
        yield
    except av.FFmpegError as error:
        raise RecastError(ErrorCode.STITCH_FAILED, f"{what} cannot be read.", cause=str(error)) from error
    except _Misfit as error:
        raise RecastError(ErrorCode.STITCH_FAILED, f"{what} cannot be joined: {error}.") from error


def _copied(path: Path, first: int, end: int, at: int, reel: Reel) -> "Iterator[Packet[VideoStream]]":
    """The frames from ``first`` up to ``end`` of ``path``, which is at frame ``at`` of the film."""
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        if stream.codec_context.extradata != reel.headers:
            raise _Misfit("it was encoded with other settings than the clips before it")
        number = 0
        for packet in source.demux(stream):
            if not packet.size or number >= end:
                break
            if number >= first:
                base = packet.time_base
                packet.pts = packet.dts = round(Fraction(at + number - first, reel.profile.frame_rate) / base)
                yield packet
            number += 1
        if number < end:
            raise _Misfit(f"{end - number} of its frames are missing")
