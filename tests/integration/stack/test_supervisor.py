"""Services are started in order, kept alive, and gone when the supervisor is."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli.stack.checks import Check, http_ok
from cli.stack.folder import StackFolder
from cli.stack.ports import free_port
from cli.stack.problems import ServiceFailed
from cli.stack.processes import marked_processes
from cli.stack.service import Progress, Service, Step, Task
from cli.stack.supervisor import MAX_DEATHS, Supervisor
from tests.integration.stack.conftest import survivors

HTTP_SERVER = ("-m", "http.server", "--bind", "127.0.0.1", "--directory", "/")


async def at_once() -> bool:
    return True


async def never() -> bool:
    return False


def service(
    name: str,
    *python: str,
    ready: Check = at_once,
    needs: tuple[str, ...] = (),
    deadline_seconds: float = 60.0,
    stop_grace_seconds: float = 10.0,
) -> Service:
    return Service(
        name=name,
        command=(sys.executable, *python),
        ready=ready,
        env=dict(os.environ),
        cwd=Path("/"),
        depends_on=needs,
        deadline_seconds=deadline_seconds,
        stop_grace_seconds=stop_grace_seconds,
    )


def web_server(name: str, *needs: str) -> Service:
    port = free_port()
    return service(name, *HTTP_SERVER, str(port), ready=http_ok("127.0.0.1", port, "/"), needs=needs)


async def soon(question: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not question():
            await asyncio.sleep(0.02)


async def test_a_service_starts_after_its_needs_and_stops_before_them(folder: Path) -> None:
    news: list[Progress] = []
    done: list[str] = []

    async def between() -> None:
        done.append("task")

    steps: list[Step] = [web_server("last", "task"), Task("task", between, ("first",)), web_server("first")]
    supervisor = Supervisor(StackFolder.at(folder), steps, news.append)
    await supervisor.start()
    await supervisor.stop()
    assert done == ["task"]
    assert [one.step for one in news if one.event == "ready"] == ["first", "task", "last"]
    assert [one.step for one in news if one.event == "stopped"] == ["last", "first"]


async def test_a_service_that_dies_is_started_again(folder: Path) -> None:
    supervisor = Supervisor(StackFolder.at(folder), [web_server("web")])
    await supervisor.start()
    try:
        first = supervisor.children["web"].pid
        os.kill(first, signal.SIGKILL)
        await soon(lambda: supervisor.children["web"].pid != first)
        again = supervisor.children["web"].pid
        await soon(lambda: any(c.status == psutil.CONN_LISTEN for c in psutil.Process(again).net_connections()))
    finally:
        await supervisor.stop()


async def test_a_service_that_dies_again_and_again_ends_the_stack_with_its_last_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.stack.supervisor.FIRST_DELAY_SECONDS", 0.01)
    news: list[Progress] = []
    dying = service("web", "-c", "import time; time.sleep(0.2); print('out of tea'); raise SystemExit(3)")
    supervisor = Supervisor(StackFolder.at(folder), [dying], news.append)
    await supervisor.start()
    try:
        failure = await asyncio.wait_for(supervisor.failed(), 20)
    finally:
        await supervisor.stop()
    assert len([one for one in news if one.event == "restarting"]) == MAX_DEATHS
    for words in ("web", "exit code 3", "out of tea", "web.log"):
        assert words in str(failure)


async def test_a_service_that_dies_before_it_is_ready_is_an_error_with_its_last_words(folder: Path) -> None:
    place = StackFolder.at(folder)
    dying = service("web", "-c", "print('out of tea'); raise SystemExit(3)", ready=never)
    with pytest.raises(ServiceFailed) as caught:
        await Supervisor(place, [dying, web_server("other")]).start()
    for words in ("web", "exit code 3", "out of tea", str(place.log("web"))):
        assert words in str(caught.value)
    assert marked_processes(place.key) == []


async def test_a_service_that_is_not_ready_in_time_is_an_error(folder: Path) -> None:
    place = StackFolder.at(folder)
    slow = service("web", "-c", "import time; time.sleep(60)", ready=never, deadline_seconds=0.5)
    with pytest.raises(ServiceFailed, match="not ready after"):
        await Supervisor(place, [slow]).start()
    assert marked_processes(place.key) == []


@pytest.mark.parametrize("handling", ["SIG_IGN", "SIG_DFL"])
async def test_what_ignores_the_signal_or_leaves_the_session_or_loses_its_mark_is_killed_too(
    folder: Path, handling: str
) -> None:
    script = f"""
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.{handling})
stubborn = "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); print('here', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", stubborn], env=dict())
subprocess.Popen([sys.executable, "-c", stubborn], start_new_session=True)
print("here", flush=True)
time.sleep(600)
"""
    place = StackFolder.at(folder)
    supervisor = Supervisor(place, [service("stubborn", "-c", script, stop_grace_seconds=0.3)])
    await supervisor.start()
    await soon(lambda: place.log("stubborn").read_text().count("here") == 3)
    # One lost its mark, the other left the session; each is found by what it kept.
    parent = psutil.Process(supervisor.children["stubborn"].pid)
    processes = [parent, *parent.children()]
    await supervisor.stop()
    assert survivors(processes) == []


async def test_a_signal_that_the_parent_ignores_still_stops_the_children(folder: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        supervisor = Supervisor(StackFolder.at(folder), [service("child", "-c", "import time; time.sleep(600)")])
        await supervisor.start()
        child = supervisor.children["child"].process
        await supervisor.stop()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert child.returncode == -signal.SIGTERM
