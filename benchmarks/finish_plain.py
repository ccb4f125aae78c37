"""One plain ffmpeg filter graph: all clips, lines, captions and the music at once, encoded once.

Run by `benchmarks.finish` as a process of its own.
"""

import argparse
import os
from pathlib import Path

from benchmarks import finish_material
from benchmarks.finish_material import LINE_START_SECONDS, PROFILE, Material, script
from resources import ffmpeg
from resources.filters import Graph, filter_of

MILLISECONDS = 1000


def arguments(material: Material, folder: Path, out: Path) -> list[str]:
    graph = Graph()
    frames = material.clip_seconds * material.frame_rate
    clips = [
        graph.add(
            [graph.read(Path(clip)).video],
            filter_of("fps", fps=material.frame_rate),
            filter_of("scale", w=material.width, h=material.height),
            filter_of("trim", end_frame=frames),
            filter_of("setpts", expr="PTS-STARTPTS"),
        )
        for clip in material.clips
    ]
    starts = [number * material.clip_seconds + LINE_START_SECONDS for number in range(len(material.lines))]
    told = [(start, start + line.seconds, line.text) for start, line in zip(starts, material.lines, strict=True)]
    captions = folder / "captions.ass"
    captions.write_text(script(told, "plain"))
    picture = graph.add(clips, filter_of("concat", n=len(clips), v=1, a=0), filter_of("ass", filename=captions))
    voices = [
        graph.add(
            [graph.read(Path(line.sound)).audio],
            filter_of("aresample", out_sample_rate=PROFILE.sample_rate),
            filter_of("adelay", delays=round(start * MILLISECONDS), all=1),
        )
        for start, line in zip(starts, material.lines, strict=True)
    ]
    speech, key = graph.split(
        voices,
        filter_of("amix", inputs=len(voices), normalize=0, duration="longest"),
        filter_of("apad", whole_dur=len(clips) * material.clip_seconds),
        filter_of("asplit", outputs=2),
        ways=2,
    )
    bed = graph.add([graph.read(Path(material.music), "-stream_loop", "-1").audio], filter_of("volume", volume=0.3))
    ducked = graph.add([bed, key], filter_of("sidechaincompress", threshold=0.03, ratio=4))
    sound = graph.add(
        [speech, ducked],
        filter_of("amix", inputs=2, normalize=0, duration="first"),
        filter_of("loudnorm", i=-14, tp=-1),
        filter_of("aresample", out_sample_rate=PROFILE.sample_rate),
    )
    encoding = ("-c:v", "libx264", "-preset", "superfast", "-crf", str(ffmpeg.X264_CRF), "-pix_fmt", "yuv420p")
    return [*graph.arguments(picture, sound), *encoding, "-c:a", "aac", "-shortest", ffmpeg.output_file(out)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("material", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    command = ffmpeg.command(*arguments(finish_material.load(given.material), given.folder, given.folder / "film.mp4"))
    os.execv(command[0], command)  # noqa: S606 - no shell
