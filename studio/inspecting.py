"""Inspecting: what a finished film must be before anybody hears of it, and what its owner should know about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from resources.inspection import Interval, Looks, look, offsets
from resources.loudness import Loudness
from resources.media import MediaFacts
from resources.mixing import HIGHEST_PEAK_DBTP, LOUDNESS_TOLERANCE_LU, TARGET_LUFS
from studio.finishing import Reel


@dataclass(frozen=True, slots=True)
class Inspection:
    """``offsets`` are seconds by which picture and sound are apart, at every border and at the end."""

    facts: MediaFacts
    offsets: tuple[float, ...]
    loudness: Loudness
    looks: Looks

    @property
    def is_as_loud_as_wanted(self) -> bool:
        """Silence is, too."""
        is_near = abs(self.loudness.integrated - TARGET_LUFS) <= LOUDNESS_TOLERANCE_LU
        return self.loudness.is_silence or (is_near and self.loudness.true_peak <= HIGHEST_PEAK_DBTP)

    @property
    def intervals_to_look_at(self) -> Sequence[tuple[str, Interval]]:
        """Where nothing is seen, or nothing moves."""
        return [
            *(("black", interval) for interval in self.looks.black),
            *(("frozen", interval) for interval in self.looks.frozen),
        ]


async def inspect(film: Path, reel: Reel, facts: MediaFacts, loudness: Loudness) -> Inspection:
    """Look through ``film``, which was made of ``reel``.

    Raises STITCH_FAILED, naming the scene where there is one, when it is not as long as its scenes, does not start at
    zero, cannot be decoded to its end, or has picture and sound more than a frame apart anywhere.
    """
    frame_rate = reel.profile.frame_rate
    if facts.frames != reel.total_frames or facts.start_time != 0:
        raise RecastError(
            ErrorCode.STITCH_FAILED,
            f"The film has {facts.frames} frames, its scenes together {reel.total_frames}.",
            cause=f"start time {facts.start_time} s",
        )
    apart = await asyncio.to_thread(offsets, film, reel.borders, frame_rate)
    for place, offset in enumerate(apart, start=1):
        if offset > 1 / frame_rate:
            where = f"where scene {reel.number_at(place)} begins" if place < len(apart) else "at the end"
            raise RecastError(ErrorCode.STITCH_FAILED, f"Picture and sound are {offset:.3f} s apart {where}.")
    looks = await look(film, seconds=facts.duration)
    if looks.frames != facts.frames:
        raise RecastError(
            ErrorCode.STITCH_FAILED, f"Only {looks.frames} of the {facts.frames} frames of the film can be decoded."
        )
    return Inspection(facts, tuple(apart), loudness, looks)
