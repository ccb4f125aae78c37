"""The sound track of a film, from what is spoken, the clips' own sound and the music."""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from domain.finish import Music
from resources import mixing
from resources.beds import bed_of_piece, bed_of_upload
from resources.loudness import Loudness
from resources.mixing import Bed, Tracks
from resources.music import piece_key
from resources.sound_tracks import ClipSound, PlacedSound, lay_clips, lay_speech
from studio.finishing import Reel
from studio.progress import Tell, part_of

FORM_VERSION = 3
"""Raised whenever the same sounds would be mixed differently."""


@dataclass(frozen=True, slots=True)
class SceneLine:
    """The sound of a spoken line: of the scene at ``place`` (from 1), beginning ``start`` seconds after that scene
    does. ``key`` identifies the sound."""

    path: Path
    place: int
    start: float
    key: str = ""


async def sound_track(
    reel: Reel,
    lines: Sequence[SceneLine],
    destination: Path,
    *,
    music: Music,
    upload: Path | None,
    keeps_clip_sound: bool,
    pieces: Path,
    tell: Tell = lambda done: None,
) -> Loudness:
    """Write the one AAC track of the film of ``reel``. ``upload`` is the user's music, already fetched, if ``music``
    names one; ``pieces`` is where Recast's own are kept once they are played; ``tell`` hears how far it is.

    Raises STITCH_FAILED, naming the scene where there is one, DISK_FULL, and for music that cannot be used
    MEDIA_REJECTED, NO_SOUND and VIDEO_TOO_LONG.
    """
    rate = reel.profile.sample_rate
    with tempfile.TemporaryDirectory(prefix="recast-sound-") as name:
        folder = Path(name)
        speech = folder / "speech.wav" if lines else None
        clips = folder / "clips.wav" if keeps_clip_sound else None
        bed = await _bed(reel, music, upload, folder, pieces)
        if speech:
            placed = [
                PlacedSound(line.path, reel.seconds_at(line.place) + line.start, reel.number_at(line.place))
                for line in lines
            ]
            await asyncio.to_thread(lay_speech, placed, speech, samples=reel.samples, sample_rate=rate)
        if clips:
            borders = [reel.sample_at(frame) for frame in reel.borders]
            sounds = [
                ClipSound(clip.path, end - begin, reel.number_at(place))
                for place, (clip, begin, end) in enumerate(zip(reel.clips, borders, borders[1:], strict=False), start=1)
            ]
            await asyncio.to_thread(lay_clips, sounds, clips, sample_rate=rate)
        tracks = Tracks(reel.samples, rate, speech, clips, bed, music.volume_db)
        measuring, encoding = part_of(tell, 0.0, 0.5), part_of(tell, 0.5, 1.0)
        return await mixing.mix(
            tracks,
            destination,
            on_measured=lambda seconds: measuring(seconds / tracks.seconds),
            on_progress=lambda seconds: encoding(seconds / tracks.seconds),
        )


def sound_key(
    reel: Reel, lines: Sequence[SceneLine], *, music: Music, upload_version: str | None, keeps_clip_sound: bool
) -> str:
    """SHA-256 over all that decides how the sound track of the film of ``reel`` sounds."""
    written = {
        "form": FORM_VERSION,
        "samples": reel.samples,
        "sample_rate": reel.profile.sample_rate,
        "lines": [(line.key, reel.seconds_at(line.place) + line.start) for line in lines],
        "piece": piece_key(music.piece) if music.piece else None,
        "upload": (music.upload_key, upload_version) if music.upload_key and not music.piece else None,
        "volume_db": music.volume_db if music.is_any else None,
        "clips": [clip.sound_key for clip in reel.clips] if keeps_clip_sound else None,
    }
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


async def _bed(reel: Reel, music: Music, upload: Path | None, folder: Path, pieces: Path) -> Bed | None:
    if music.piece:
        return await bed_of_piece(music.piece, pieces)
    if not music.upload_key:
        return None
    if upload is None:
        raise RecastError(ErrorCode.STITCH_FAILED, cause=f"{music.upload_key} was not fetched")
    seconds = reel.samples / reel.profile.sample_rate
    return await bed_of_upload(upload, folder, seconds=seconds, sample_rate=reel.profile.sample_rate)
