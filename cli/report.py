"""What the commands say about the stack and about a finished film."""

from collections.abc import Mapping

from rich.console import Console

from cli.making import Made
from cli.stack.service import Progress, Report

QUIET = frozenset({"starting"})


def tell_of_stack(console: Console) -> Report:
    """One line for each thing that the stack has started, stopped or mended."""

    def tell(progress: Progress) -> None:
        if progress.event in QUIET:
            return
        seconds = f" in {progress.seconds:.1f} s" if progress.event == "ready" and progress.seconds else ""
        text = f": {progress.text}" if progress.text else ""
        console.print(f"  {progress.step} {progress.event}{seconds}{text}", style="dim", markup=False, highlight=False)

    return tell


def tell_of_urls(console: Console, urls: Mapping[str, str]) -> None:
    rows = (
        ("Page and API", urls["app"]),
        ("API reference", f"{urls['app']}/docs"),
        ("Dagster", urls["dagster"]),
        ("Sandbox", urls["sandbox"]),
    )
    for name, url in rows:
        console.print(f"  {name:<14} {url}", highlight=False)


def tell_of_film(console: Console, made: Made) -> None:
    film = made.result
    console.print(f"Film: {made.path} ({film.duration_seconds:.1f} s, {film.scenes} scenes)", highlight=False)
    console.print(f"Job:  {made.job_id}", highlight=False)
