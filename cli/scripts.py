"""`recast script`: see a script, edit it from a file, and go back, by the API alone."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from cli.api_client import ApiClient, ScriptView
from domain.errors import ErrorCode, RecastError


async def show_script(client: ApiClient, console: Console, script_id: UUID) -> None:
    script = await client.script(script_id)
    table = Table("line", "from", "to", "speaker", "text", box=None, pad_edge=False)
    for line in script.lines:
        table.add_row(str(line.id), f"{line.start:.2f}", f"{line.end:.2f}", line.speaker or "", line.text)
    console.print(table)
    for cut in script.cuts:
        console.print(f"Cut: {cut.start:.2f} to {cut.end:.2f} seconds", highlight=False)
    console.print(_told(script), highlight=False)


async def edit_script(client: ApiClient, console: Console, script_id: UUID, file: Path) -> None:
    """Make the edits of a JSON file: a list of them, for the version that is there, or an object with ``version`` too.
    Raises INVALID_REQUEST for another file."""
    try:
        asked: Any = json.loads(await asyncio.to_thread(file.read_text, encoding="utf-8"))
    except ValueError as error:
        raise RecastError(ErrorCode.INVALID_REQUEST, f"{file.name} is not JSON: {error}") from error
    if isinstance(asked, list):
        asked = {"version": (await client.script(script_id)).version, "edits": asked}
    if not isinstance(asked, dict):
        raise RecastError(ErrorCode.INVALID_REQUEST, f"{file.name} holds neither a list of edits nor an object.")
    console.print(_told(await client.edit_script(script_id, asked)), highlight=False)


async def list_versions(client: ApiClient, console: Console, script_id: UUID) -> None:
    table = Table("version", "since", "lines", "what", box=None, pad_edge=False)
    for version in await client.versions(script_id):
        what = ", ".join(edit["op"] for edit in version.edits or []) or "imported"
        if version.restored_version:
            what = f"version {version.restored_version} again"
        table.add_row(str(version.version), version.created_at[:19], str(version.lines_count), what)
    console.print(table)


async def restore_version(client: ApiClient, console: Console, script_id: UUID, version: int) -> None:
    present = (await client.script(script_id)).version
    console.print(_told(await client.restore_version(script_id, version, present)), highlight=False)


def _told(script: ScriptView) -> str:
    return f"Version {script.version} of {script.title or script.id}, {len(script.lines)} lines."
