"""`recast demo`: one film from nothing, with everything that is started for it stopped again."""

import time
from pathlib import Path

from rich.console import Console

from cli.api_client import signed_in_client
from cli.display import display_for
from cli.finishing import Wishes
from cli.making import Made, Order, make_film
from cli.report import tell_of_film, tell_of_stack, tell_of_urls
from cli.running import while_up
from cli.stack.stack import Stack
from cli.stack.state import read_running_stack
from domain.finish import TransitionKind
from domain.music import Piece
from domain.profile import Aspect

LINK = "https://www.youtube.com/watch?v=demo0000001"
CAST = ("Ada", "Bruno")
FINISH = Wishes(transition=TransitionKind.CROSSFADE, music=Piece.DAWN)


async def make_demo(console: Console, *, out: Path, stay: bool) -> None:
    """Make the demo's film on the stack of this folder; one that runs already is used and left running."""
    began = time.monotonic()
    order = Order(LINK, CAST, Aspect.WIDE, None, 0, 0, out)
    if running := read_running_stack():
        console.print("Using the stack that is running.")
        _tell(console, await _make(order, console), dict(running.urls), began)
        return
    console.print("Starting the local stack …")
    async with Stack(report=tell_of_stack(console)) as stack:
        console.print(
            f"The stack is up after {time.monotonic() - began:.1f} s. Making a film from {LINK}", highlight=False
        )
        _tell(console, await while_up(stack, _make(order, console)), stack.urls, began)
        if stay:
            console.print("The stack stays up; Ctrl-C stops it.")
            await stack.wait()
    console.print("The stack is stopped. `make up` brings the page and Dagster back, with this film in them.")


async def _make(order: Order, console: Console) -> Made:
    async with signed_in_client() as client:
        return await make_film(client, order, display_for(console), await FINISH.as_body(client))


def _tell(console: Console, made: Made, urls: dict[str, str], began: float) -> None:
    tell_of_film(console, made)
    tell_of_urls(console, urls)
    console.print(f"  {'This job':<14} {urls['dagster']}/assets/final_mp4?partition={made.job_id}", highlight=False)
    console.print(f"Done in {time.monotonic() - began:.1f} s.")
