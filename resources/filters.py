"""A graph of ffmpeg's filters as values: files that are read, filters with named options, and the pads between them.

Own code, because it is one screen: ffmpeg-python is no longer kept, and what would replace it generates a function for
each of ffmpeg's filters, of which a dozen are used here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from resources import ffmpeg

_SPECIAL_IN_OPTION = re.compile(r"([\\':])")
_SPECIAL_IN_GRAPH = re.compile(r"([\\'\[\],;])")


@dataclass(frozen=True, slots=True)
class Pad:
    """One stream: of an input (``0:v:0``), or what leaves a filter."""

    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file that the graph reads, by the number of its input."""

    number: int

    @property
    def video(self) -> Pad:
        return Pad(f"{self.number}:v:0")

    @property
    def audio(self) -> Pad:
        return Pad(f"{self.number}:a:0")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter by ffmpeg's name, with its options; a value may hold any letters."""

    name: str
    options: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        options = ":".join(f"{name}={_escaped(_SPECIAL_IN_OPTION, value)}" for name, value in self.options)
        return f"{self.name}={_escaped(_SPECIAL_IN_GRAPH, options)}" if options else self.name


def _escaped(special: re.Pattern[str], text: str) -> str:
    return special.sub(lambda found: f"\\{found[0]}", text)


def filter_of(name: str, **options: str | float | Path) -> Filter:
    return Filter(name, tuple((option, f"{value}") for option, value in options.items()))


@dataclass(slots=True)
class Graph:
    """What is read and what is done to it, built in order."""

    _inputs: list[str] = field(default_factory=list)
    _chains: list[str] = field(default_factory=list)
    _sources: int = 0
    _pads: int = 0

    def read(self, path: Path, *options: str) -> Source:
        """``options`` are those of the input, such as ``-ss``. The file cannot make ffmpeg open another one."""
        self._inputs += [*options, *ffmpeg.input_file(path)]
        self._sources += 1
        return Source(self._sources - 1)

    def add(self, pads: Sequence[Pad], *chain: Filter) -> Pad:
        """``pads`` go through the filters of ``chain``, one after the other."""
        return self.split(pads, *chain, ways=1)[0]

    def split(self, pads: Sequence[Pad], *chain: Filter, ways: int) -> tuple[Pad, ...]:
        """As `add`, where the last filter of ``chain`` has several outputs."""
        left = tuple(Pad(f"p{self._pads + number}") for number in range(ways))
        self._pads += ways
        entered, names = ("".join(f"[{pad.name}]" for pad in side) for side in (pads, left))
        self._chains.append(f"{entered}{','.join(map(str, chain))}{names}")
        return left

    def arguments(self, *outputs: Pad) -> list[str]:
        """The command line up to the first output file, to which ``outputs`` go."""
        mapped = [argument for pad in outputs for argument in ("-map", f"[{pad.name}]")]
        return [*self._inputs, "-filter_complex", ";".join(self._chains), *mapped]
