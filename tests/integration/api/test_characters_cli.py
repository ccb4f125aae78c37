"""`recast characters` against a running API."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from cli.api_client import ApiClient
from cli.characters import Addition, add_character, change_voice, list_characters, remove_character
from cli.exits import Exit, exit_status
from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from resources.settings import Settings
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import Pipeline
from tests.integration.objects import Bucket, picture, with_object_store


@pytest.fixture
def settings(settings: Settings, s3: dict[str, str]) -> Settings:
    return with_object_store(settings, s3)


@pytest.fixture
async def client(address: str, alice: SignedIn) -> AsyncIterator[ApiClient]:
    headers = {"Authorization": f"Bearer {alice.token}"}
    async with httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers, timeout=20) as http:
        yield ApiClient(http)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def addition(*pictures: Path, name: str = "Zed", is_trained: bool = False) -> Addition:
    return Addition(name, pictures, "Zed agrees.", "A clockmaker.", "", "en-gb+m3", is_trained)


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "zed.png"
    path.write_bytes(picture())
    return path


async def test_a_character_is_added_listed_and_removed_by_its_name(
    client: ApiClient,
    console: Console,
    portrait: Path,
    alice: SignedIn,
    pipeline: Pipeline,
    settings: Settings,
) -> None:
    await pipeline.save_premade()
    await add_character(client, addition(portrait), console)
    (zed,) = [one for one in await client.characters() if not one.is_premade]
    assert printed(console) == f"Zed is ready: {zed.id}\n"
    assert (await alice.get(f"/characters/{zed.id}")).json()["voice"]["name"] == "en-gb+m3"
    await list_characters(client, console)
    line = next(line for line in printed(console).splitlines() if line.startswith("Zed  "))
    assert line.split() == ["Zed", "A", "clockmaker.", "yours", "ready", str(zed.id)]
    await change_voice(client, "zed", Voice(name="en-us+f2", pitch=30, rate=60), console)
    assert printed(console).endswith("Zed speaks as en-us+f2 from now on.\n")
    changed = (await alice.get(f"/characters/{zed.id}")).json()
    assert changed["voice"] == {"name": "en-us+f2", "pitch": 30, "rate": 60}
    await remove_character(client, "zed", console)
    assert printed(console).endswith("Zed and its pictures are deleted.\n")
    assert all(one.is_premade for one in await client.characters())
    assert Bucket(settings).keys(f"users/{alice.user_id}/") == set()


async def test_of_two_with_one_name_the_id_says_which(client: ApiClient, console: Console, portrait: Path) -> None:
    for is_trained in (False, True):
        await add_character(client, addition(portrait, is_trained=is_trained), console)
    first, second = await client.characters()
    with pytest.raises(RecastError, match="name one by its id") as refused:
        await remove_character(client, "Zed", console)
    assert exit_status(refused.value.code) is Exit.BAD_INPUT
    await remove_character(client, str(first.id), console)
    assert [one.id for one in await client.characters()] == [second.id]


async def test_only_ones_own_characters_are_removed(client: ApiClient, console: Console, pipeline: Pipeline) -> None:
    ada = (await pipeline.save_premade())[0]
    for name in ("Ada", str(ada), "Nobody"):
        with pytest.raises(RecastError) as refused:
            await remove_character(client, name, console)
        assert refused.value.code is ErrorCode.UNKNOWN_CHARACTER


async def test_a_bad_picture_is_bad_input(client: ApiClient, console: Console, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("hello")
    with pytest.raises(RecastError, match="Picture 1 is not a PNG, JPEG or WebP picture") as refused:
        await add_character(client, addition(note), console)
    assert exit_status(refused.value.code) is Exit.BAD_INPUT
    assert await client.characters() == []
