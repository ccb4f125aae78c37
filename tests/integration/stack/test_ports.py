"""Every service gets a port, or an error that says what to do."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.stack import ports, seaweed
from cli.stack.folder import CHECKOUT
from cli.stack.ports import choose_ports
from cli.stack.problems import PortTaken, StackError
from tests.integration.stack.conftest import held_port


def test_an_asked_port_that_is_taken_is_an_error_that_names_port_service_and_holder() -> None:
    with held_port() as port, pytest.raises(PortTaken) as caught:
        choose_ports({"api": port}, environ={})
    message = str(caught.value)
    assert str(port) in message
    assert "api" in message
    assert f"pid {os.getpid()}" in message
    assert "RECAST_PORT_API" in message


def test_a_port_can_be_asked_for_in_the_environment_and_the_caller_has_the_last_word() -> None:
    environ = {"RECAST_PORT_API": "20101", "RECAST_PORT_S3": "20102"}
    chosen = choose_ports({"s3": 20103}, environ=environ)
    assert (chosen["api"], chosen["s3"]) == (20101, 20103)


def test_a_preferred_port_that_is_taken_is_replaced_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with held_port() as port:
        monkeypatch.setitem(ports.PREFERRED_PORTS, "api", port)
        chosen = choose_ports(environ={})
    assert chosen["api"] != port
    moved = next(moved for moved in chosen.moved if moved.service == "api")
    assert (moved.preferred, moved.chosen) == (port, chosen["api"])
    assert f"pid {os.getpid()}" in str(moved)


def test_ephemeral_ports_all_differ_and_leave_the_preferred_ones_alone() -> None:
    chosen = choose_ports(ephemeral=True, environ={}).ports
    assert len(set(chosen.values())) == len(ports.PREFERRED_PORTS)
    assert not set(chosen.values()) & set(ports.PREFERRED_PORTS.values())


def test_processes_that_choose_at_once_never_choose_the_same_port() -> None:
    """None has bound what it chose, and all begin with the same seed, as the workers of a test run do."""
    script = (
        "import random; random.seed(7); from cli.stack.ports import free_port; print(free_port(), flush=True); input()"
    )
    with contextlib.ExitStack() as processes:
        choosers = [
            processes.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT
                )
            )
            for _ in range(3)
        ]
        chosen = [chooser.stdout.readline() for chooser in choosers if chooser.stdout]
        for chooser in choosers:
            chooser.communicate(b"\n")
    assert len(set(chosen)) == len(choosers)


@pytest.mark.parametrize("environ", [{"RECAST_PORT_API": "http"}, {"RECAST_PORT_API": "70000"}])
def test_what_is_no_port_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(StackError, match="RECAST_PORT_API"):
        choose_ports(environ=environ)


def test_one_port_for_two_services_is_refused() -> None:
    with pytest.raises(StackError, match="20104"):
        choose_ports({"api": 20104, "sandbox": 20104}, environ={})


@pytest.mark.parametrize(
    ("me", "reserved"), [(lambda owner: owner + 1, True), (lambda owner: owner, False), (lambda _: 0, False)]
)
def test_a_port_whose_socket_another_user_has_left_is_reserved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, me: Callable[[int], int], reserved: bool
) -> None:
    left = tmp_path / "seaweedfs-volume-grpc-20123.sock"
    left.touch()
    owner = me(left.stat().st_uid)
    monkeypatch.setattr(seaweed, "SOCKETS", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert seaweed.is_reserved(20123) is reserved
    assert not seaweed.is_reserved(20124)
