"""Inspecting: what a finished film must be before anybody hears of it, and what its owner should know about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from resources.inspection import Interval, Looks, UndecodableError, look, offsets
from resources.loudness import Loudness
from resources.media import MediaFacts
from resources.mixing import HIGHEST_PEAK_DBTP, LOUDNESS_TOLERANCE_LU, TARGET_LUFS
from studio.finishing import Reel
from studio.progress import Tell


class Check(StrEnum):
    """What a film must be."""

    AS_LONG_AS_ITS_SCENES = "as_long_as_its_scenes"
    IN_SYNC = "in_sync"
    DECODES_TO_THE_END = "decodes_to_the_end"


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


class UnfitFilmError(RecastError):
    """A film that nobody must see: ``check`` is what it has failed."""

    def __init__(self, check: Check, detail: str, cause: str | None = None) -> None:
        self.check = check
        super().__init__(ErrorCode.STITCH_FAILED, detail, cause=cause)


async def inspect(
    film: Path, reel: Reel, facts: MediaFacts, loudness: Loudness, *, tell: Tell = lambda done: None
) -> Inspection:
    """Look through ``film``, which was made of ``reel``. ``tell`` hears how much is looked at.

    Raises UnfitFilmError, naming the scene where there is one, when it is not as long as its scenes, does not start at
    zero, cannot be decoded to its end, or has picture and sound more than a frame apart where a scene begins or at the
    end; a plain STITCH_FAILED when it cannot be read at all.
    """
    if problem := _wrong_length(reel, facts):
        raise UnfitFilmError(Check.AS_LONG_AS_ITS_SCENES, problem)
    frame_rate = reel.profile.frame_rate
    apart = await asyncio.to_thread(offsets, film, reel.borders, frame_rate)
    for place, offset in enumerate(apart, start=1):
        if offset > 1 / frame_rate:
            is_end = place == len(apart)
            where = f"scene {reel.number_at(place - 1)}, the last, ends" if is_end else _begins(reel, place)
            raise UnfitFilmError(Check.IN_SYNC, f"Picture and sound are {offset:.3f} s apart where {where}.")
    try:
        looks = await look(
            film,
            seconds=facts.duration,
            frames=facts.frames,
            on_progress=lambda seconds: tell(seconds / facts.duration),
        )
    except UndecodableError as error:
        raise UnfitFilmError(Check.DECODES_TO_THE_END, _undecodable(reel, error), error.cause) from error
    return Inspection(facts, tuple(apart), loudness, looks)


def _wrong_length(reel: Reel, facts: MediaFacts) -> str | None:
    if facts.start_time != 0:
        return f"The film begins at {facts.start_time:.3f} s instead of 0, where {_begins(reel, 1)}."
    if facts.frames == reel.total_frames:
        return None
    counted = f"The film has {facts.frames} frames, its scenes together {reel.total_frames}"
    number = reel.number_at(reel.place_at(facts.frames))
    return f"{counted}: it {'ends within' if facts.frames < reel.total_frames else 'goes on after'} scene {number}."


def _begins(reel: Reel, place: int) -> str:
    return f"scene {reel.number_at(place)} begins"


def _undecodable(reel: Reel, error: UndecodableError) -> str:
    if error.is_sound:
        return "The sound of the film cannot be decoded to its end."
    if error.seconds is None:
        return "The film cannot be decoded to its end."
    number = reel.number_at(reel.place_at(round(error.seconds * reel.profile.frame_rate)))
    return f"The picture of scene {number} cannot be decoded at {error.seconds:.3f} s of the film."
