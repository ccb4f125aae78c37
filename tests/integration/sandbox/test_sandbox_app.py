"""The sandbox as one process."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from sandbox.fal.models import MODELS
from sandbox.faults import EXPLANATIONS, Fault
from sandbox.faults import markdown_table as fault_table
from sandbox.links import markdown_table
from sandbox.replicate.catalogue import catalogue
from sandbox.settings import SandboxSettings
from sandbox.youtube.links import links

ROOT = Path(__file__).parents[3]


def test_the_front_page_lists_every_link(sandbox):
    answer = httpx.get(sandbox.url)
    assert answer.headers["content-type"].startswith("text/html")
    assert all(link.video_id in answer.text for link in links())


def test_the_front_page_lists_every_model_and_fault(sandbox):
    page = httpx.get(sandbox.url).text
    assert all(name in page for name in [*catalogue(), *MODELS])
    assert all(f"[[{fault}]]" in page for fault in Fault)


def test_the_documents_tables_are_those_of_the_code():
    assert fault_table() in (ROOT / "docs/sandbox.md").read_text()
    assert markdown_table() in (ROOT / "README.md").read_text()
    guide = (ROOT / "docs/sandbox.md").read_text()
    assert all(f"| `{model.name}` | {model.price}" in guide for model in catalogue().values())


def test_every_fault_is_explained():
    assert set(EXPLANATIONS) == set(Fault)


def test_it_says_that_it_is_well(sandbox):
    assert httpx.get(f"{sandbox.url}/healthz").json() == {"status": "ok"}


def test_every_link_is_an_address_of_youtube_with_an_id_of_its_own():
    ids = [link.video_id for link in links()]
    assert len(set(ids)) == len(ids)
    assert all(len(video_id) == 11 for video_id in ids)
    assert markdown_table().count("\n") == len(ids) + 1


def test_it_is_not_reachable_from_other_machines_by_default():
    assert SandboxSettings(_env_file=None).host == "127.0.0.1"


def test_the_module_runs_with_settings_from_the_environment(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = {**os.environ, "RECAST_SANDBOX_PORT": str(port), "RECAST_SANDBOX_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "sandbox"], env=environment)
    try:
        assert _answer(f"http://127.0.0.1:{port}/auth/v1/health", process)["name"] == "GoTrue"
    finally:
        process.terminate()
        process.wait(10)
    assert (tmp_path / "auth.sqlite3").exists()


def _answer(url, process):
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            return httpx.get(url).json()
        except httpx.ConnectError:
            time.sleep(0.05)
    pytest.fail("the sandbox did not start")
