"""What every contestant finishes: clips as a model returns them, a spoken line for each, captions and music."""

import json
import subprocess
import wave
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from benchmarks.speech import PARAGRAPHS, speak
from domain.music import Piece
from domain.profile import Aspect, Profile
from resources import ffmpeg
from resources.music import piece_file

CLIP_SECONDS = 5
DISTINCT_CLIPS = 5
"""Drawn once; the others are copies, which nobody is told."""
LINE_START_SECONDS = 0.3
MOST_LINE_SECONDS = 4.5
PROFILE = Profile.of(Aspect.WIDE)
CAPTION_COLOURS = {"plain": "&H00FFFFFF", "yellow": "&H0042D1FF"}


@dataclass(frozen=True)
class Line:
    """``sound`` is a WAV of ``seconds``, which begins ``LINE_START_SECONDS`` after its scene."""

    text: str
    sound: str
    seconds: float


@dataclass(frozen=True)
class Material:
    clips: list[str]
    lines: list[Line]
    music: str
    other_music: str
    font: str
    width: int = PROFILE.width
    height: int = PROFILE.height
    frame_rate: int = PROFILE.frame_rate
    clip_seconds: int = CLIP_SECONDS
    line_start_seconds: float = LINE_START_SECONDS

    def save(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path


def load(path: Path) -> Material:
    kept = json.loads(path.read_text())
    return Material(**kept | {"lines": [Line(**line) for line in kept["lines"]]})


def make(folder: Path, clips: int) -> Material:
    drawn = [_draw(folder / f"drawn-{number}.mp4", number) for number in range(min(clips, DISTINCT_CLIPS))]
    copies: list[str] = []
    for number in range(clips):
        copy = folder / f"clip-{number:03}.mp4"
        copy.hardlink_to(drawn[number % len(drawn)])
        copies.append(str(copy))
    sentences = [sentence for paragraph in PARAGRAPHS for sentence in paragraph.rstrip(".").split(". ")]
    said = [_speak(folder / f"line-{number}.wav", sentence) for number, sentence in enumerate(sentences)]
    spoken = [line for line in said if line.seconds <= MOST_LINE_SECONDS]
    return Material(
        clips=copies,
        lines=[spoken[number % len(spoken)] for number in range(clips)],
        music=str(piece_file(Piece.DAWN, folder)),
        other_music=str(piece_file(Piece.STROLL, folder)),
        font=str(files("font_roboto") / "files" / "Roboto-Bold.ttf"),
    )


def script(lines: Sequence[tuple[float, float, str]], style: str) -> str:
    """Captions from start to end, in seconds, as an ASS script in the size of the film."""
    head = (
        f"[Script Info]\nPlayResX: {PROFILE.width}\nPlayResY: {PROFILE.height}\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, Bold, PrimaryColour, OutlineColour, Outline, Alignment, MarginV\n"
        f"Style: Default,Roboto,44,-1,{CAPTION_COLOURS[style]},&H00000000,3,2,40\n"
        "[Events]\nFormat: Layer, Start, End, Style, Text\n"
    )
    return head + "".join(f"Dialogue: 0,{_time(start)},{_time(end)},Default,{text}\n" for start, end, text in lines)


def _time(seconds: float) -> str:
    return f"{int(seconds // 3600)}:{int(seconds // 60 % 60):02}:{seconds % 60:05.2f}"


def _draw(path: Path, number: int) -> Path:
    """A zoom into the Mandelbrot set, at another place each: detail and motion all over the picture, in 5 to 11 Mbit/s,
    about what models return in this size."""
    places = ((-0.1607, 1.0376), (-1.7685, -0.0017), (0.2929, -0.0162), (-0.7463, 0.1102), (-1.25066, 0.02012))
    x, y = places[number % len(places)]
    picture = (
        f"mandelbrot=size={PROFILE.width}x{PROFILE.height}:rate={PROFILE.frame_rate}:start_x={x}:start_y={y}"
        f":start_scale=0.6:end_scale=0.05:end_pts={CLIP_SECONDS * PROFILE.frame_rate}"
    )
    sound = f"sine=frequency={220 + 40 * number}:sample_rate=44100"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", str(CLIP_SECONDS)]
    encoded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run(ffmpeg.command(*inputs, *encoded, str(path)), check=True)
    return path


def _speak(path: Path, sentence: str) -> Line:
    speak(path, [sentence], pause_seconds=0)
    with wave.open(str(path)) as file:
        return Line(f"{sentence}.", str(path), file.getnframes() / file.getframerate())
