"""`recast` as people type it: sentences, exit statuses, and a file that plays."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from resources.media import probe
from tests.e2e.recast import Recast

pytestmark = pytest.mark.xdist_group("films")

DEMO = "https://www.youtube.com/watch?v=demo0000001"


async def recast(*arguments: str, home: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        *arguments,
        env={**os.environ, "RECAST_HOME": str(home), "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_make_brings_a_film_that_plays(stack: Recast, tmp_path: Path) -> None:
    film = tmp_path / "new folder" / "film.mp4"
    status, output = await recast(
        "make", DEMO, "--cast", "ada, Bruno", "--aspect", "9:16", "--scenes", "1", "--out", str(film),
        home=stack.home,
    )  # fmt: skip
    assert status == 0, output
    facts = probe(film)
    assert (facts.width, facts.height) == (720, 1280)
    status, output = await recast("jobs", home=stack.home)
    assert status == 0
    assert "generation" in output


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("make", "https://vimeo.com/1", "--cast", "Ada"), 2, "INVALID_LINK"),
        (("make", "https://www.youtube.com/playlist?list=PL1", "--cast", "Ada"), 2, "INVALID_LINK"),
        (("make", DEMO, "--cast", "Nobody"), 2, "There is no character called 'Nobody'"),
        (("make", "https://youtu.be/private0001", "--cast", "Ada"), 1, "VIDEO_UNAVAILABLE"),
        (("make", DEMO, "--aspect", "4:3"), 2, "--aspect"),
    ],
)
async def test_bad_input_is_told_in_a_sentence_and_a_status(
    stack: Recast, arguments: tuple[str, ...], status: int, words: str
) -> None:
    returned, output = await recast(*arguments, home=stack.home)
    assert (returned, words in output) == (status, True), output


async def test_without_a_stack_the_next_step_is_named(tmp_path: Path) -> None:
    status, output = await recast("make", DEMO, "--cast", "Ada", home=tmp_path)
    assert status == 3
    assert "recast up" in output
