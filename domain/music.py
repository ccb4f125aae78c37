"""The music that Recast brings along: a few pieces, written as scores that end where they begin.

Only the notes are here; `resources/music.py` plays them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

BEATS_PER_BAR = 4


class Piece(StrEnum):
    DAWN = "dawn"
    STROLL = "stroll"
    PULSE = "pulse"
    NIGHT = "night"


class Instrument(StrEnum):
    PAD = "pad"
    PLUCK = "pluck"
    BELL = "bell"
    BASS = "bass"
    KICK = "kick"
    HAT = "hat"


class Note(NamedTuple):
    """``beat`` and ``beats`` are its start and length, ``pitch`` a MIDI number (69 is 440 Hz), ``force`` 0 to 1."""

    beat: float
    beats: float
    pitch: int
    force: float
    instrument: Instrument


class Score(NamedTuple):
    """``beats`` is its length; what sounds beyond it goes on at its beginning."""

    beats_per_minute: float
    beats: int
    notes: tuple[Note, ...]

    @property
    def seconds(self) -> float:
        return self.beats * 60 / self.beats_per_minute


@dataclass(frozen=True, slots=True)
class _Sketch:
    """``chords`` are one per bar, lowest note first; ``figure`` says which note of the chord is played on each eighth
    of a bar, and on which it is not; ``bass`` and ``kick`` and ``hat`` are eighths."""

    mood: str
    beats_per_minute: float
    chords: tuple[tuple[int, ...], ...]
    lead: Instrument
    figures: tuple[tuple[int | None, ...], ...]
    bass: tuple[int, ...] = ()
    kick: tuple[int, ...] = ()
    hat: tuple[int, ...] = ()
    pad_force: float = 0.5


_C7, _AM7, _F7, _G6 = (48, 59, 64, 67), (45, 60, 64, 67), (41, 57, 60, 64), (43, 59, 62, 64)
_G, _D, _EM, _C = (43, 59, 62, 67), (38, 57, 62, 66), (40, 59, 64, 67), (36, 60, 64, 67)
_AM, _F, _CG, _GB = (45, 60, 64, 69), (41, 60, 65, 69), (48, 60, 64, 67), (43, 59, 62, 67)
_DM9, _B7, _GM9, _A4 = (38, 57, 64, 65), (46, 57, 62, 65), (43, 58, 62, 69), (45, 57, 62, 64)

_SKETCHES = {
    Piece.DAWN: _Sketch(
        mood="calm",
        beats_per_minute=72,
        chords=(_C7, _AM7, _F7, _G6, _C7, _F7, _AM7, _G6, _AM7, _C7, _F7, _G6),
        lead=Instrument.PLUCK,
        figures=((1, None, 2, None, 3, None, 2, None), (1, None, 3, 2, None, None, 3, None)),
        bass=(0,),
        pad_force=0.7,
    ),
    Piece.STROLL: _Sketch(
        mood="cheerful",
        beats_per_minute=104,
        chords=(_G, _D, _EM, _C, _G, _C, _EM, _D, _C, _G, _EM, _D, _C, _D, _G, _D),
        lead=Instrument.PLUCK,
        figures=((1, None, 3, 2, None, 3, 1, 2), (3, None, 2, 1, None, 2, 3, None)),
        bass=(0, 3, 4),
        kick=(0, 4),
        hat=(2, 6),
        pad_force=0.3,
    ),
    Piece.PULSE: _Sketch(
        mood="driving",
        beats_per_minute=120,
        chords=(_AM, _AM, _F, _F, _CG, _CG, _GB, _GB, _AM, _F, _CG, _GB, _AM, _F, _GB, _GB),
        lead=Instrument.BELL,
        figures=((None, None, 3, None, None, 2, None, None), (3, None, None, 1, None, None, 2, None)),
        bass=(0, 1, 2, 3, 4, 5, 6, 7),
        kick=(0, 2, 4, 6),
        hat=(1, 3, 5, 7),
        pad_force=0.5,
    ),
    Piece.NIGHT: _Sketch(
        mood="mysterious",
        beats_per_minute=60,
        chords=(_DM9, _B7, _GM9, _A4, _DM9, _GM9, _B7, _A4),
        lead=Instrument.BELL,
        figures=((3, None, None, 2, None, None, None, 1), (None, None, 2, None, 3, None, None, None)),
        bass=(0,),
        pad_force=0.8,
    ),
}


def mood(piece: Piece) -> str:
    return _SKETCHES[piece].mood


def score(piece: Piece) -> Score:
    """Always the same notes for the same piece."""
    sketch = _SKETCHES[piece]
    return Score(sketch.beats_per_minute, len(sketch.chords) * BEATS_PER_BAR, tuple(sorted(_notes(sketch))))


def _notes(sketch: _Sketch) -> Iterator[Note]:
    for bar, chord in enumerate(sketch.chords):
        begin = float(bar * BEATS_PER_BAR)
        root, upper = chord[0], chord[1:]
        for pitch in upper:
            yield Note(begin, BEATS_PER_BAR + 0.5, pitch, sketch.pad_force, Instrument.PAD)
        for eighth, degree in enumerate(sketch.figures[bar % len(sketch.figures)]):
            if degree is not None:
                force = 0.8 if eighth % 4 == 0 else 0.6
                yield Note(begin + eighth / 2, 1.0, chord[degree] + 12, force, sketch.lead)
        spacing = 8 / len(sketch.bass) / 2 if sketch.bass else 0.0
        for eighth in sketch.bass:
            force = 0.8 if eighth == 0 else 0.55
            yield Note(begin + eighth / 2, min(spacing, 3.5), root, force, Instrument.BASS)
        for eighth in sketch.kick:
            yield Note(begin + eighth / 2, 0.5, 36, 0.8, Instrument.KICK)
        for eighth in sketch.hat:
            yield Note(begin + eighth / 2, 0.25, 80, 0.35, Instrument.HAT)
