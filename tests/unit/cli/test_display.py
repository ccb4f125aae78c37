"""Progress for pipes and logs: every change once, nothing twice."""

import io
from uuid import uuid4

import pytest
from rich.console import Console

from cli.api_client import BedView, ErrorView, FinishView, JobView, OptionsView, SceneView, StageView, TransitionView
from cli.display import LiveDisplay, PlainDisplay, display_for, standing, table_of
from cli.exits import Exit, exit_status
from domain.errors import ErrorCode
from domain.finish import TransitionKind


def job(status: str, progress: int, stage: str, *scenes: str) -> JobView:
    return JobView(
        id=uuid4(),
        type="generation",
        status=status,
        progress=progress,
        created_at="2026-11-02T09:00:00Z",
        options=OptionsView(finish=FinishView(transition=TransitionView(kind=TransitionKind.CUT), music=BedView())),
        stages=[StageView(stage="clips", status=stage)],
        scenes=[
            SceneView(index=index, status=scene, progress=0, text="Hello.") for index, scene in enumerate(scenes, 1)
        ],
    )


def test_a_pipe_gets_each_change_once() -> None:
    out = io.StringIO()
    with PlainDisplay(Console(file=out)) as display:
        display.show("Film", job("running", 10, "running", "running", "queued"))
        display.show("Film", job("running", 11, "running", "running", "queued"))
        display.show("Film", job("succeeded", 100, "succeeded", "succeeded", "succeeded"))
    assert out.getvalue().splitlines() == [
        "Film: scene 1 of 2 running",
        "Film: clips running",
        "Film: 10 %",
        "Film: scene 1 of 2 succeeded",
        "Film: scene 2 of 2 succeeded",
        "Film: clips succeeded",
        "Film: succeeded",
    ]


def test_a_terminal_gets_a_live_table_with_every_scene() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    display = display_for(console)
    assert isinstance(display, LiveDisplay)
    with display:
        display.show("Film", job("running", 40, "running", "succeeded", "running", "queued"))
    assert "40 %" in out.getvalue()
    assert out.getvalue().count("Hello.") >= 3


def test_exit_statuses_tell_bad_input_from_an_outage() -> None:
    assert exit_status(ErrorCode.INVALID_LINK) is Exit.BAD_INPUT
    assert exit_status(ErrorCode.UNKNOWN_CHARACTER) is Exit.BAD_INPUT
    assert exit_status(ErrorCode.DATABASE_UNAVAILABLE) is Exit.UNAVAILABLE
    assert exit_status(ErrorCode.API_UNREACHABLE) is Exit.UNAVAILABLE
    assert exit_status(ErrorCode.SCENES_FAILED) is Exit.FAILED


@pytest.mark.parametrize("width", [50, 80, 200])
def test_what_names_a_row_can_be_copied_whole_from_any_terminal(width: int) -> None:
    out = io.StringIO()
    table, name = table_of("job", "type", "since", "status"), str(uuid4())
    table.add_row(name, "generation", "2026-12-01 05:46", "failed AI_PROVIDER_FAILURE")
    Console(file=out, width=width).print(table)
    assert name in out.getvalue()


def test_a_job_stands_where_it_is() -> None:
    assert standing(job("running", 40, "running")) == "running 40 %"
    assert standing(job("succeeded", 100, "succeeded")) == "succeeded"
    failed = job("failed", 70, "failed").model_copy(update={"error": ErrorView(code="SCENES_FAILED", message="Two.")})
    assert standing(failed) == "failed SCENES_FAILED"
