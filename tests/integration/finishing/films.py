"""Films that tests put together, and spoil."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from domain.finish import Music
from resources.loudness import Loudness
from resources.media import MediaFacts, probe
from studio.finishing import Reel, SceneClip, join, thread
from studio.inspecting import Inspection, inspect
from studio.mixing import sound_track
from tests.integration.finishing.clips import TINY

Place = Callable[[float], float | None]
"""From when something is in a film to when it shall be, in seconds; nothing takes it out."""


@dataclass(frozen=True)
class MadeFilm:
    """A film of clips, with their own sound."""

    path: Path
    reel: Reel
    facts: MediaFacts
    loudness: Loudness

    @property
    def seconds(self) -> float:
        return self.reel.total_frames / self.reel.profile.frame_rate

    async def inspect(self, film: Path | None = None, loudness: Loudness | None = None) -> Inspection:
        """Of ``film``, if it is given, as if it was made of these clips."""
        facts = probe(film) if film else self.facts
        return await inspect(film or self.path, self.reel, facts, loudness or self.loudness)


async def film_of(clips: Sequence[Path], folder: Path) -> MadeFilm:
    """Their scenes are numbered 11, 12, …: not by their places."""
    scenes = [SceneClip(clip, clip.name, number=11 + place) for place, clip in enumerate(clips)]
    reel = await thread(scenes, profile=TINY)
    sound = folder / "sound.mp4"
    loudness = await sound_track(reel, (), sound, music=Music(), upload=None, keeps_clip_sound=True, pieces=folder)
    facts = await join(scenes, sound, folder / "film.mp4", profile=TINY)
    return MadeFilm(folder / "film.mp4", reel, facts, loudness)


def displaced(
    film: Path,
    destination: Path,
    *,
    picture: Place = lambda at: at,
    sound: Place = lambda at: at,
    longer: Path | None = None,
) -> Path:
    """``film`` with its pictures and its sound at other times, or with the sound of ``longer``."""
    with av.open(str(film)) as source, av.open(str(longer or film)) as other, av.open(str(destination), "w") as spoilt:
        streams = [*source.streams.video, *other.streams.audio]
        copies = {stream.type: spoilt.add_stream_from_template(stream) for stream in streams}
        packets: Iterable[Packet[Any]] = (packet for stream in streams for packet in stream.container.demux(stream))
        for packet in packets:
            if packet.dts is None or packet.pts is None:
                continue
            kind = packet.stream.type
            at = (picture if kind == "video" else sound)(float(packet.pts * packet.time_base))
            if at is not None:
                packet.pts = packet.dts = round(at / packet.time_base)
                packet.stream = copies[kind]
                spoilt.mux(packet)
    return destination


def damaged(film: Path, destination: Path, *, frame: int, only: bool = False, to: bytes | None = None) -> Path:
    """``film`` with noise in the coded pictures from ``frame`` to the next keyframe, or in that one ``only``; or with
    bytes ``to`` instead of noise."""
    with av.open(str(film)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size][frame:]
    group = [packets[0], *takewhile(lambda packet: not packet.is_keyframe, packets[1:])]
    content = bytearray(film.read_bytes())
    for packet in group[:1] if only else group:
        place, size = packet.pos or 0, packet.size
        if to:
            content[place : place + size] = to * size
            continue
        for byte in range(place + size // 3, place + size):
            content[byte] ^= 0x5A
    destination.write_bytes(content)
    return destination


def damaged_sound(film: Path, destination: Path) -> Path:
    """``film`` with noise in twenty packets of its sound, from the tenth on."""
    with av.open(str(film)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size][10:30]
    content = bytearray(film.read_bytes())
    for packet in packets:
        for byte in range(packet.pos or 0, (packet.pos or 0) + packet.size):
            content[byte] ^= 0x5A
    destination.write_bytes(content)
    return destination
