"""How loud something is, by EBU R 128, as ffmpeg's meter tells it."""

import re
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ErrorCode
from resources import ffmpeg
from resources.filters import Filter, Graph, filter_of

SILENCE_LUFS = -70.0
"""The meter's floor: what is fainter, or shorter than 0.4 s, has no loudness."""
MEASURE_SECONDS_PER_SECOND = 0.5

_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+) LUFS")
_PEAK = re.compile(r"^\s+Peak:\s+(-?[\d.]+|-inf) dBFS")


@dataclass(frozen=True, slots=True)
class Loudness:
    """``integrated`` in LUFS over the whole, ``true_peak`` in dBTP; both are ``SILENCE_LUFS`` in silence."""

    integrated: float
    true_peak: float

    @property
    def is_silence(self) -> bool:
        return self.integrated <= SILENCE_LUFS


class Meter:
    """Reads what the `meter` filter logs: the summary at its end counts."""

    def __init__(self) -> None:
        self._integrated = self._peak = SILENCE_LUFS

    def read(self, line: str) -> None:
        if found := _INTEGRATED.match(line):
            self._integrated = float(found[1])
        elif found := _PEAK.match(line):
            self._peak = max(SILENCE_LUFS, float(found[1]))

    @property
    def loudness(self) -> Loudness:
        return Loudness(self._integrated, self._peak)


def meter(*, with_peak: bool) -> Filter:
    """A filter that measures what goes through it. The true peak costs more than all the rest."""
    return filter_of("ebur128", framelog="quiet", **({"peak": "true"} if with_peak else {}))


async def measure(path: Path, *, seconds: float, code: ErrorCode = ErrorCode.STITCH_FAILED) -> Loudness:
    """The loudness of the sound of ``path``, which is about ``seconds`` long. Raises ``code``."""
    graph, heard = Graph(), Meter()
    sound = graph.add([graph.read(path).audio], meter(with_peak=True))
    await ffmpeg.run(
        [*graph.arguments(sound), "-f", "null", "-"],
        timeout_seconds=60 + MEASURE_SECONDS_PER_SECOND * seconds,
        failure_code=code,
        on_log=heard.read,
    )
    return heard.loudness
