"""The way of the popular peer, in three passes of MoviePy, each of which decodes and encodes every frame: every clip by
itself, all of them together, and then with captions, voice and music.

Run by `benchmarks.finish` with a Python that has moviepy 2.1.2; it needs nothing of Recast. What differs from the peer
is in its favour: its later versions join the clips two by two, encoding the beginning again for each.
"""

import argparse
import json
from pathlib import Path

from moviepy import (
    AudioFileClip,
    CompositeAudioClip,
    CompositeVideoClip,
    TextClip,
    VideoFileClip,
    afx,
    concatenate_videoclips,
)

FRAME_RATE, THREADS = 30, 2
VOLUME, MUSIC_VOLUME, FADE_OUT_SECONDS = 1.0, 0.2, 3
COLOURS = {"plain": "#FFFFFF", "yellow": "#FFD142"}


def first_pass(material: dict, folder: Path) -> list[Path]:
    """Every clip to the film's frame rate, without its sound."""
    made = []
    for number, path in enumerate(material["clips"]):
        clip = VideoFileClip(path, audio=False).subclipped(0, material["clip_seconds"])
        made.append(folder / f"pass1-{number:03}.mp4")
        clip.write_videofile(str(made[-1]), fps=FRAME_RATE, codec="libx264", logger=None)
        clip.close()
    return made


def second_pass(clips: list[Path], folder: Path) -> Path:
    joined = folder / "pass2.mp4"
    opened = [VideoFileClip(str(path)) for path in clips]
    film = concatenate_videoclips(opened)
    film.write_videofile(str(joined), fps=FRAME_RATE, codec="libx264", threads=THREADS, logger=None)
    for clip in (film, *opened):
        clip.close()
    return joined


def third_pass(material: dict, joined: Path, style: str, music: str, out: Path) -> None:
    film = VideoFileClip(str(joined), audio=False)
    texts, voices = [], []
    for number, line in enumerate(material["lines"]):
        start = number * material["clip_seconds"] + material["line_start_seconds"]
        text = TextClip(
            font=material["font"],
            text=line["text"],
            font_size=44,
            color=COLOURS[style],
            stroke_color="black",
            stroke_width=3,
            method="caption",
            size=(round(material["width"] * 0.9), None),
            margin=(0, 8),
        )
        place = ("center", material["height"] - 40 - text.h)
        texts.append(text.with_start(start).with_duration(line["seconds"]).with_position(place))
        voices.append(AudioFileClip(line["sound"]).with_effects([afx.MultiplyVolume(VOLUME)]).with_start(start))
    bed = AudioFileClip(music).with_effects(
        [
            afx.MultiplyVolume(MUSIC_VOLUME),
            afx.AudioFadeOut(FADE_OUT_SECONDS),
            afx.AudioLoop(duration=film.duration),
        ]
    )
    sound = CompositeAudioClip([*voices, bed])
    whole = CompositeVideoClip([film, *texts]).with_audio(sound)
    whole.write_videofile(
        str(out),
        fps=FRAME_RATE,
        codec="libx264",
        audio_codec="aac",
        threads=THREADS,
        logger=None,
        temp_audiofile_path=str(out.parent),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("material", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--style", default="plain")
    parser.add_argument("--music", default="music")
    parser.add_argument("--only-third", action="store_true")
    given = parser.parse_args()
    wanted = json.loads(given.material.read_text())
    pass2 = given.folder / "pass2.mp4"
    if not given.only_third:
        pass2 = second_pass(first_pass(wanted, given.folder), given.folder)
    third_pass(wanted, pass2, given.style, wanted[given.music], given.folder / "film.mp4")
