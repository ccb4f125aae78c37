"""Progress on the terminal: a live table for people, one line per change for logs and pipes."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.api_client import JobView

SCENES_SHOWN = 12
MARKS = {
    "succeeded": ("✓", "green"),
    "running": ("▶", "cyan"),
    "failed": ("✗", "red"),
    "canceled": ("■", "yellow"),
}
WAITING = ("·", "dim")
TEXT_WIDTH = 56
ID_WIDTH = 36


class Display(Protocol):
    """Shows one job after the other; used as a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, title: str, job: JobView) -> None: ...


def table_of(named: str, *others: str) -> Table:
    """A table whose first column names its rows to other commands: it is whole however narrow the terminal is."""
    table = Table(box=None, pad_edge=False)
    table.add_column(named, no_wrap=True, overflow="ignore", min_width=ID_WIDTH)
    for other in others:
        table.add_column(other, overflow="fold")
    return table


def standing(job: JobView) -> str:
    """How a job is, in a few words."""
    if job.error:
        return f"{job.status} {job.error.code}"
    return f"{job.status} {job.progress} %" if job.status == "running" else job.status


def display_for(console: Console) -> Display:
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)


class LiveDisplay:
    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=8, transient=False)
        self._shown: dict[str, Group] = {}

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, title: str, job: JobView) -> None:
        self._shown[title] = Group(_heading(title, job), _stages(job), *([_scenes(job)] if job.scenes else []))
        self._live.update(Group(*self._shown.values()))


class PlainDisplay:
    """Says what has changed since it was last asked, and nothing twice."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, title: str, job: JobView) -> None:
        for scene in job.scenes:
            if scene.status != "queued":
                self._say(f"{title}: scene {scene.index} of {len(job.scenes)} {scene.status}")
        for stage in job.stages:
            if stage.status != "waiting":
                self._say(f"{title}: {stage.stage} {stage.status}")
        if job.is_over:
            self._say(f"{title}: {job.status}")
        elif job.progress >= 10:
            self._say(f"{title}: {job.progress // 10 * 10} %")

    def _say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _heading(title: str, job: JobView) -> Table:
    mark, style = MARKS.get(job.status, WAITING)
    heading = Table.grid(padding=(0, 1))
    heading.add_row(
        Text(mark, style),
        Text(title, "bold"),
        ProgressBar(total=100, completed=job.progress, width=30),
        Text(f"{job.progress} %"),
    )
    return heading


def _stages(job: JobView) -> Text:
    line = Text("  ")
    for stage in job.stages:
        mark, style = MARKS.get(stage.status, WAITING)
        line.append(f"{mark} {stage.stage}   ", style)
    return line


def _scenes(job: JobView) -> Table:
    """The scenes around those at work, when there are too many for the screen."""
    active = next((place for place, scene in enumerate(job.scenes) if scene.status != "succeeded"), len(job.scenes))
    first = max(0, min(active - 3, len(job.scenes) - SCENES_SHOWN))
    table = Table.grid(padding=(0, 1))
    for scene in job.scenes[first : first + SCENES_SHOWN]:
        mark, style = MARKS.get(scene.status, WAITING)
        text = scene.error.message if scene.error else scene.text
        table.add_row(
            Text(f"    {mark}", style),
            Text(f"{scene.index:>3}"),
            ProgressBar(total=100, completed=scene.progress, width=16),
            Text(text if len(text) <= TEXT_WIDTH else text[: TEXT_WIDTH - 1] + "…", "dim"),
        )
    if len(job.scenes) > SCENES_SHOWN:
        done = sum(scene.status == "succeeded" for scene in job.scenes)
        table.add_row(Text(), Text(), Text(), Text(f"{done} of {len(job.scenes)} scenes are filmed", "dim"))
    return table
