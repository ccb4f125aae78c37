"""A film at a glance: a sheet of its pictures, one for every so many seconds, over the wave of its sound.

`python -m benchmarks.look out/demo.mp4 sheet.png`
"""

import argparse
import subprocess
from collections.abc import Sequence
from math import ceil
from pathlib import Path

from resources import ffmpeg
from resources.filters import Graph, filter_of
from resources.media import probe

COLUMNS, ROWS = 5, 4
PICTURE_WIDTH, WAVE_HEIGHT = 256, 120


def sheet(film: Path, destination: Path) -> None:
    """Write the sheet of ``film`` as PNG, or what the name of ``destination`` says. Raises CalledProcessError."""
    facts = probe(film)
    every = ceil(facts.frames / (COLUMNS * ROWS))
    graph = Graph()
    source = graph.read(film)
    pictures = graph.add(
        [source.video],
        filter_of("select", expr=f"not(mod(n-{every // 2},{every}))"),
        filter_of("scale", w=PICTURE_WIDTH, h=-2),
        filter_of("tile", layout=f"{COLUMNS}x{ROWS}"),
    )
    wave = graph.add([source.audio], filter_of("showwavespic", s=f"{COLUMNS * PICTURE_WIDTH}x{WAVE_HEIGHT}"))
    both = graph.add([pictures, wave], filter_of("vstack"))
    line = [*graph.arguments(both), "-frames:v", "1", "-update", "1", ffmpeg.output_file(destination)]
    subprocess.run(ffmpeg.command(*line), check=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.look")
    parser.add_argument("film", type=Path)
    parser.add_argument("sheet", type=Path)
    given = parser.parse_args(arguments)
    sheet(given.film, given.sheet)


if __name__ == "__main__":
    main()
