"""`python -m benchmarks.splits`: the scenes of five very different sources of the sandbox, to be read by somebody who
would have to film them."""

from dataclasses import dataclass

import typer
from rich.console import Console
from rich.table import Table

from domain.normalise import normalise
from domain.script import Script
from domain.transcript import Chapter, Snippet, Transcript
from resources.database.records import JobOptions
from resources.video.registry import model_profile
from sandbox.youtube.videos import library
from studio.directing import split, summary_of


@dataclass(frozen=True, slots=True)
class Source:
    kind: str
    video_id: str
    language: str = "en"


SOURCES = (
    Source("talk", "lecture0001"),
    Source("dialogue", "demo0000001"),
    Source("song", "song0000001"),
    Source("automatic captions, unpunctuated", "interview01"),
    Source("Japanese", "talk0000001", "ja"),
)


def script_of(source: Source) -> Script:
    """The script that an import of the source makes."""
    video = library()[source.video_id]
    track = next(track for track in video.tracks if track.language == source.language)
    return normalise(
        Transcript(
            video_id=video.id,
            title=video.title,
            channel=video.channel,
            duration_seconds=video.length_seconds,
            language=track.language,
            is_generated=track.is_generated,
            snippets=tuple(Snippet(text=one.text, start=one.start, duration=one.duration) for one in track.captions),
            chapters=tuple(Chapter(title=title, start=start) for start, title in video.chapters),
        )
    )


def main(
    provider: str = "local", model: str | None = None, length: int = 0, scenes: int = 12, video: str | None = None
) -> None:
    """Print scenes as they would be filmed; LENGTH seconds of them, if given, and the first SCENES of each."""
    console = Console()
    profile = model_profile(provider, model)
    options = JobOptions(target_seconds=length)
    for source in SOURCES:
        if video not in (None, source.video_id):
            continue
        script = script_of(source)
        plan = split(script, options, profile)
        ordered = sum(profile.ordered_seconds(scene.duration) for scene in plan)
        kept = len(summary_of(script, options).lines)
        table = Table("scene", "from", "s", "who", box=None, pad_edge=False, title_justify="left")
        table.add_column("what", overflow="fold")
        table.title = (
            f"{source.kind}: {script.title!r}, {kept} of {len(script.lines)} lines, {len(plan)} scenes,"
            f" {sum(scene.duration for scene in plan):.0f} s of film, {ordered:.0f} s ordered"
        )
        for scene in plan[:scenes]:
            who = " / ".join(dict.fromkeys(line.speaker or "" for line in scene.lines))
            table.add_row(str(scene.index), f"{scene.start:.1f}", f"{scene.duration:.1f}", who, scene.text)
        console.print(table, "")


if __name__ == "__main__":
    typer.run(main)
