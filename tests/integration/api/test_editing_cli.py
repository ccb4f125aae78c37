"""`recast script`: a script is shown, edited from a file, and brought back."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from rich.console import Console

from cli.api_client import ApiClient
from cli.scripts import edit_script, list_versions, restore_version, show_script
from domain.errors import ErrorCode, RecastError
from tests.integration.api.conftest import SignedIn


@pytest.fixture
async def client(address: str, alice: SignedIn) -> AsyncIterator[ApiClient]:
    headers = {"Authorization": f"Bearer {alice.token}"}
    async with httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers, timeout=20) as http:
        yield ApiClient(http)


async def test_a_script_is_edited_from_a_file_and_brought_back(
    client: ApiClient, cast_script: str, tmp_path: Path
) -> None:
    script_id, file = UUID(cast_script), tmp_path / "edits.json"
    console = Console(record=True, width=120)
    edit = {"op": "set_text", "line": 2, "text": "A star, I think."}
    file.write_text(json.dumps([edit]))
    await edit_script(client, console, script_id, file)
    await show_script(client, console, script_id)
    file.write_text(json.dumps({"version": 1, "edits": [edit]}))
    with pytest.raises(RecastError) as caught:
        await edit_script(client, console, script_id, file)
    assert caught.value.code is ErrorCode.STALE_VERSION
    await restore_version(client, console, script_id, 1)
    await list_versions(client, console, script_id)
    said = console.export_text()
    assert "Version 2 of Comets, explained, 2 lines." in said
    assert "A star, I think." in said
    assert [line.split()[0] for line in said.splitlines()[-4:]] == ["version", "3", "2", "1"]
    assert "version 1 again" in said
    assert "set_text" in said


@pytest.mark.parametrize("content", ["not json", '"a text"', "7"])
async def test_a_file_that_holds_no_edits_is_refused(
    client: ApiClient, cast_script: str, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "edits.json"
    file.write_text(content)
    with pytest.raises(RecastError) as caught:
        await edit_script(client, Console(), UUID(cast_script), file)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
