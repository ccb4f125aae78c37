"""One stack in one folder; its data survives whatever happens to its processes, and its processes end with it."""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError

from cli.stack.environment import database_url
from cli.stack.folder import StackFolder
from cli.stack.plan import INFRASTRUCTURE
from cli.stack.secrets import read_secrets
from cli.stack.state import RunningStack, read_running_stack
from tests.integration.stack.conftest import Up, eventually, family, survivors

Begin = Callable[..., Up]
KEY = "kept.txt"


def database(running: RunningStack) -> psycopg.Connection:
    password = read_secrets(StackFolder(running.folder).secrets).postgres_password
    return psycopg.connect(database_url(running.ports["postgres"], "postgres", password), autocommit=True)


def kept_object(running: RunningStack) -> Any:
    env = running.environment()
    s3 = boto3.resource(
        "s3",
        endpoint_url=env["RECAST_S3_ENDPOINT_URL"],
        region_name=env["RECAST_S3_REGION"],
        aws_access_key_id=env["RECAST_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=env["RECAST_S3_SECRET_ACCESS_KEY"],
    )
    return s3.Object(env["RECAST_S3_BUCKET"], KEY)


def keep_something(running: RunningStack) -> None:
    with database(running) as connection:
        connection.execute("create table kept as select 'a row' as what")
    kept_object(running).put(Body=b"an object")


def what_was_kept(running: RunningStack) -> tuple[str, bytes]:
    with database(running) as connection:
        row = connection.execute("select what from kept").fetchone()
    assert row is not None
    content: list[bytes] = []

    def can_be_read() -> bool:
        """S3 answers a little before its volumes are there."""
        with contextlib.suppress(ClientError):
            content.append(kept_object(running).get()["Body"].read())
        return bool(content)

    eventually(can_be_read, 20)
    return row[0], content[0]


def test_a_stack_whose_supervisor_was_killed_starts_again_with_its_data(up: Begin) -> None:
    first = up(*INFRASTRUCTURE)
    running = first.until_ready()
    keep_something(running)
    # A suspended server misses the end of its supervisor, and holds the data when the next one starts.
    os.kill(running.services["postgres"].pid, signal.SIGSTOP)
    first.send(signal.SIGKILL)
    assert read_running_stack(first.folder) is None
    assert running.services["postgres"].find() is not None
    again = up(*INFRASTRUCTURE)
    assert what_was_kept(again.until_ready()) == ("a row", b"an object")
    assert running.services["postgres"].find() is None
    assert again.send(signal.SIGTERM) == 0


def test_processes_that_were_killed_are_started_again_with_their_data(up: Begin) -> None:
    one = up(*INFRASTRUCTURE)
    running = one.until_ready()
    keep_something(running)
    before = {name: process.pid for name, process in running.services.items()}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def both_are_back() -> bool:
        return one.output.read_text().count("ready") == len(INFRASTRUCTURE) + len(before)

    eventually(both_are_back)
    now = read_running_stack(one.folder)
    assert now is not None
    assert all(now.services[name].pid != pid for name, pid in before.items())
    assert what_was_kept(now) == ("a row", b"an object")


def test_a_second_stack_in_the_same_folder_is_refused_with_the_firsts_pid_and_addresses(up: Begin) -> None:
    first = up("seaweed")
    running = first.until_ready()
    second = up("seaweed")
    assert second.process.wait(30) == 1
    said = second.output.read_text()
    assert f"pid {first.process.pid}" in said
    assert running.urls["s3"] in said
    assert first.process.poll() is None


def test_a_stack_that_is_stopped_leaves_no_process_and_says_that_it_is_gone(up: Begin, folder: Path) -> None:
    one = up(*INFRASTRUCTURE)
    processes = family(one.until_ready())
    assert len(processes) > len(INFRASTRUCTURE)
    assert one.send(signal.SIGTERM) == 0
    assert survivors(processes) == []
    assert read_running_stack(folder) is None


def test_a_stack_that_is_stopped_while_it_starts_leaves_no_process(up: Begin, folder: Path) -> None:
    one = up(*INFRASTRUCTURE)
    eventually(lambda: (state := read_running_stack(folder)) and state.services)
    running = read_running_stack(folder)
    assert running is not None
    processes = family(running)
    assert one.send(signal.SIGINT) == 1
    assert "stopped before it was ready" in one.output.read_text()
    assert survivors(processes) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's data lies outside the folder")
def test_data_whose_folder_was_deleted_does_not_stop_a_new_stack(up: Begin, folder: Path) -> None:
    """The new folder has new passwords, which the old data does not know."""
    one = up("postgres")
    one.until_ready()
    one.send(signal.SIGTERM)
    shutil.rmtree(folder)
    up("postgres").until_ready()
    assert (StackFolder.at(folder).system_data / "postgres.of-a-deleted-stack").exists()
