"""A character can be heard before a film is ordered."""

import io
from pathlib import Path

import av
import httpx
import pytest
from pydantic import SecretStr
from rich.console import Console

from cli.api_client import ApiClient
from cli.characters import Hearing, hear_character
from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.premade import PREMADE
from domain.voices import SpokenBy
from resources.settings import Settings
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import Pipeline
from tests.integration.api.test_characters import make
from tests.integration.objects import with_object_store

LOW, HIGH = {"name": "en-gb+m3", "pitch": 10}, {"name": "en-gb+m3", "pitch": 90}
SOLD = {
    "voice_engine": "openai",
    "voice_model": "gpt-4o-mini-tts",
    "voice_base_url": "http://127.0.0.1:9/v1",
    "voice_service": "openai",
    "voice_api_key": SecretStr("sk-a-key"),
}


@pytest.fixture(params=[{"voice_engine": "espeak"}])
def settings(settings: Settings, s3: dict[str, str], request: pytest.FixtureRequest) -> Settings:
    return with_object_store(settings, s3).model_copy(update=request.param)


@pytest.fixture
async def ada(pipeline: Pipeline) -> str:
    await pipeline.save_premade()
    return str(PREMADE[0].character_id)


async def heard(user: SignedIn, character_id: str, **wishes: object) -> httpx.Response:
    return await user.post(f"/characters/{character_id}/sample", {"text": "Do you hear it?", **wishes})


def seconds_of(flac: bytes) -> float:
    with av.open(io.BytesIO(flac)) as sound:
        return sum(frame.samples for frame in sound.decode(audio=0)) / sound.streams.audio[0].sample_rate


async def test_a_character_says_a_line_in_its_voice_or_in_another(alice: SignedIn, ada: str) -> None:
    own = await heard(alice, ada)
    assert (own.status_code, own.headers["content-type"]) == (200, "audio/flac")
    assert 0.5 < seconds_of(own.content) < 3
    assert (await heard(alice, ada)).content == own.content
    low, high = [(await heard(alice, ada, voice=voice)).content for voice in (LOW, HIGH)]
    assert len({own.content, low, high}) == 3
    longer = await heard(alice, ada, text="Tonight the whole city hums like one enormous violin.")
    assert seconds_of(longer.content) > 1.5 * seconds_of(own.content)


async def test_nobody_hears_another_users_character(alice: SignedIn, mallory: SignedIn) -> None:
    zed = (await make(alice))["id"]
    assert (await heard(alice, zed)).status_code == 200
    assert (await heard(mallory, zed)).status_code == 404


@pytest.mark.parametrize("settings", [SOLD], indirect=True)
async def test_a_sample_is_never_bought(alice: SignedIn, ada: str) -> None:
    refused = await heard(alice, ada)
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_REQUEST")
    assert "espeak" in refused.json()["detail"]
    assert (await heard(alice, ada, narration="espeak")).status_code == 200


@pytest.mark.parametrize("settings", [{"voice_engine": None}], indirect=True)
async def test_where_nobody_speaks_nobody_is_heard(alice: SignedIn, ada: str) -> None:
    assert (await heard(alice, ada)).json()["code"] == "PROVIDER_NOT_CONFIGURED"


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"text": " "}, "INVALID_REQUEST"),
        ({"text": "x" * 301}, "INVALID_REQUEST"),
        ({"language": "klingon, please"}, "INVALID_REQUEST"),
        ({"narration": "off"}, "PROVIDER_NOT_CONFIGURED"),
        ({"text": "…"}, "PROVIDER_INPUT_INVALID"),
        ({"language": "qqq", "voice": {"name": "qqq+m1"}}, "PROVIDER_INPUT_INVALID"),
    ],
)
async def test_what_cannot_be_heard_is_refused(alice: SignedIn, ada: str, wishes: dict[str, object], code: str) -> None:
    refused = await heard(alice, ada, **wishes)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_the_command_brings_a_file(address: str, alice: SignedIn, ada: str, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {alice.token}"}
    out = tmp_path / "new" / "ada.flac"
    wishes = Hearing(None, "en", Voice(name="en-gb+m3"), SpokenBy.AUTO, out)
    console = Console(file=io.StringIO(), width=40)
    async with httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers, timeout=20) as http:
        await hear_character(ApiClient(http), "ada", wishes, console)
        assert seconds_of(out.read_bytes()) > 0.5
        assert isinstance(console.file, io.StringIO)
        assert console.file.getvalue() == f"Ada: {out}\n"
        with pytest.raises(RecastError) as unknown:
            await hear_character(ApiClient(http), "nobody", wishes, console)
    assert unknown.value.code is ErrorCode.UNKNOWN_CHARACTER
