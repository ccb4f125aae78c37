"""`recast make` of a file, as far as its import."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cli.api_client import ApiClient
from cli.making import import_source
from domain.errors import ErrorCode, RecastError
from domain.transcript_files.bounds import MAX_FILE_BYTES
from resources.settings import Settings
from tests.integration.api.conftest import SignedIn
from tests.integration.api.test_uploads import VTT, sound
from tests.integration.objects import Bucket, with_object_store


@pytest.fixture
def settings(settings: Settings, s3: dict[str, str]) -> Settings:
    listening = settings.model_copy(update={"whisper_engine": "local", "whisper_model": "models/small"})
    return with_object_store(listening, s3)


@pytest.fixture
async def client(address: str, alice: SignedIn) -> AsyncIterator[ApiClient]:
    headers = {"Authorization": f"Bearer {alice.token}"}
    async with httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers, timeout=20) as http:
        yield ApiClient(http)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [("talk.vtt", VTT, "file"), ("talk", VTT, "file"), ("talk.wav", sound(2), "upload")],
    ids=["transcript", "without an ending", "recording"],
)
async def test_a_path_is_imported_as_what_it_is(
    client: ApiClient, alice: SignedIn, settings: Settings, tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    imported = await import_source(client, str(path), ["pt-BR"])
    source = (await alice.get(f"/scripts/{imported.script_id}")).json()["source"]
    assert (source["kind"], source["title"], source["language"]) == (kind, "talk", "pt-BR")
    (key,) = Bucket(settings).keys(f"users/{alice.user_id}/")
    assert Bucket(settings).head(key)["ContentLength"] == len(content)


async def test_a_link_is_no_path(client: ApiClient, alice: SignedIn) -> None:
    imported = await import_source(client, "https://youtu.be/demo0000001")
    assert (await alice.get(f"/scripts/{imported.script_id}")).json()["video_id"] == "demo0000001"
    for text in ("no such file.srt", "a" * 5000 + "\x00"):
        with pytest.raises(RecastError):
            await import_source(client, text)


async def test_a_transcript_of_50_megabytes_is_not_even_sent(
    client: ApiClient, alice: SignedIn, tmp_path: Path
) -> None:
    path = tmp_path / "huge.vtt"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 10 * MAX_FILE_BYTES)
    with pytest.raises(RecastError) as refused:
        await import_source(client, str(path))
    assert refused.value.code is ErrorCode.TOO_LARGE
