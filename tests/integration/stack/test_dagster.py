"""Dagster's processes, and the workers that they start, belong to the stack."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from cli.stack.folder import StackFolder
from cli.stack.plan import INFRASTRUCTURE
from cli.stack.state import RunningStack
from tests.integration.stack.conftest import Up, eventually, family, listens_on_loopback_alone, survivors

DAGSTER = ("dagster-tables", "code-server", "webserver", "daemon")
LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } } }
}"""


def graphql(running: RunningStack, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    address = f"{running.urls['dagster']}/graphql"
    with httpx.Client(trust_env=False, timeout=30) as client:
        answer = client.post(address, json={"query": query, "variables": variables})
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_run_starts_at_once_and_its_worker_ends_with_the_stack(up: Callable[..., Up], tmp_path: Path) -> None:
    one = up(*INFRASTRUCTURE, *DAGSTER)
    running = one.until_ready()
    started = tmp_path / "started"
    selector = {"repositoryLocationName": "recast", "repositoryName": "__repository__", "pipelineName": "endless_job"}
    config = {"ops": {"endless": {"config": {"started": str(started)}}}}
    params = {"selector": selector, "mode": "default", "runConfigData": config}
    launched = graphql(running, LAUNCH, {"params": params})
    assert launched["launchRun"]["__typename"] == "LaunchRunSuccess"
    eventually(started.exists)
    processes = family(running)
    assert grandchildren(running)
    assert listens_on_loopback_alone(processes)
    assert one.send(signal.SIGTERM) == 0
    assert survivors(processes) == []
    # The worker had the time to say so, which lets the job be launched again at the next start.
    assert "RUN_FAILURE" in StackFolder(running.folder).log("code-server").read_text()


def grandchildren(running: RunningStack) -> list[psutil.Process]:
    """Run workers are started by the code server, and by nobody else here."""
    return psutil.Process(running.services["code-server"].pid).children(recursive=True)
