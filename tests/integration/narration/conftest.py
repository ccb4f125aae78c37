"""A sandbox that speaks, over real HTTP."""

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from resources.voices.engines import known_models
from resources.voices.openai import OpenAIVoices
from tests.integration.sandbox.conftest import Running, serve


@pytest.fixture(scope="session")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(tmp_path_factory.mktemp("speaking"), hold_seconds=20) as running:
        yield running


def charges(sandbox: Running, prompt: str = "") -> list[dict[str, object]]:
    """What the sandbox has charged for lines that have ``prompt`` in them."""
    answer = httpx.get(f"{sandbox.url}/billing", params={"prompt": prompt}, trust_env=False).json()
    found: list[dict[str, object]] = answer["charges"]
    return found


def voices(
    sandbox: Running, model: str = "tts-1", *, key: str = "sk-sandbox-1", timeout_seconds: float = 20, at_once: int = 2
) -> OpenAIVoices:
    return OpenAIVoices(
        known_models()[model],
        base_url=f"{sandbox.url}/openai/v1",
        api_key=SecretStr(key),
        timeout_seconds=timeout_seconds,
        at_once=at_once,
    )
