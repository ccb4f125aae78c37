"""The sandbox's language model over real HTTP, and a worker's connection to a real database."""

from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from resources.database.connection import Connection, Database
from resources.language.client import LanguageModel
from resources.language.prices import Prices
from sandbox.openai.faults import MODEL
from tests.conftest import DatabaseUrls
from tests.integration.sandbox.conftest import Running, serve

PRICES = Prices(input_usd=Decimal("0.40"), output_usd=Decimal("1.60"))
SLOW_SECONDS = 1.0

Model = Callable[..., LanguageModel]
"""Makes one of the sandbox's models, with a trouble in its name; ``options`` are those of a LanguageModel."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(tmp_path_factory.mktemp("sandbox"), slow_seconds=SLOW_SECONDS) as running:
        yield running


@pytest.fixture
async def connection(database_urls: DatabaseUrls) -> AsyncIterator[Connection]:
    async with Database(database_urls.worker).connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def model(sandbox: Running) -> Model:
    def build(trouble: str = "", **options: object) -> LanguageModel:
        settings = {
            "base_url": f"{sandbox.url}/openai/v1",
            "api_key": SecretStr("sk-sandbox-1"),
            "model": f"{MODEL}-{trouble}" if trouble else MODEL,
            "prices": PRICES,
            "max_usd": Decimal("0.50"),
            "timeout_seconds": 20.0,
        }
        return LanguageModel(**{**settings, **options})

    return build
