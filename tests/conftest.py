"""What all tests share: a real PostgreSQL and a real S3, one of each per worker, started when first needed."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from cli.stack.background import running_stack
from cli.stack.stack import Stack
from resources.settings import Settings
from tests.databases import Databases
from tests.shared_costs import share

GATEWAY_PASSWORD = "gateway"
WORKER_PASSWORD = "worker"

LONGEST_FIRST = ("e2e", "filming", "test_training.py", "integration", "unit")


# A busy machine makes an example slow, and slow is not wrong.
hypothesis_settings.register_profile("recast", deadline=None)
hypothesis_settings.load_profile("recast")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share one worker, so that what the file prepares is made once, and those that take longest begin
    first, so that no worker is left alone with them at the end. The order is otherwise pytest-randomly's."""
    items.sort(key=lambda item: next(at for at, kind in enumerate(LONGEST_FIRST) if kind in item.path.parts))
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::", 1)[0]))


@pytest.fixture(scope="session", autouse=True)
def _costs_are_shared() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        share(patch)
        yield


@dataclass(frozen=True)
class DatabaseUrls:
    """Three ways into one migrated database: as its owner, as the pipeline's login, as the API's."""

    admin: str
    worker: str
    api: str


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """PostgreSQL and SeaweedFS of this test worker, on free ports, with data that goes away."""
    with running_stack(
        tmp_path_factory.mktemp("stack"),
        ephemeral=True,
        durable=False,
        only={"postgres", "databases", "seaweed", "bucket"},
    ) as stack:
        yield stack
    stack.folder.remove()


@pytest.fixture(scope="session")
def postgres(servers: Stack) -> str:
    """The superuser's URL of the database `postgres`."""
    return servers.plan.postgres.admin_url()


@pytest.fixture(scope="session")
def databases(postgres: str) -> Databases:
    return Databases(postgres, {"api_gateway": GATEWAY_PASSWORD, "recast_worker": WORKER_PASSWORD})


@pytest.fixture
def database_urls(databases: Databases) -> Iterator[DatabaseUrls]:
    """A database of the test's own, with the schema of the migrations and nothing in it."""
    lent = databases.lend()
    yield DatabaseUrls(
        admin=lent.url,
        worker=_as(lent.url, "recast_worker", WORKER_PASSWORD),
        api=_as(lent.url, "api_gateway", GATEWAY_PASSWORD),
    )
    databases.take_back(lent)


@pytest.fixture(scope="session")
def s3(servers: Stack) -> dict[str, str]:
    """The settings (environment) with which the product reaches this worker's bucket."""
    return {name: value for name, value in servers.environment().items() if name.startswith("RECAST_S3_")}


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and settings of whoever runs the tests never steer them, and are never spent by them."""
    for name in list(os.environ):
        if name.startswith(("RECAST_", "OPENAI_", "REPLICATE_", "FAL_", "AWS_")):
            monkeypatch.delenv(name)


def _as(url: str, login: str, password: str) -> str:
    scheme, rest = url.split("://", 1)
    return f"{scheme}://{login}:{password}@{rest.split('@', 1)[1]}"


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a server with the keys of the video providers, changed by ``values``."""

    def build(**values: object) -> Settings:
        return Settings(
            **{
                "database_url": "postgresql://localhost/recast",
                "api_database_url": "postgresql://localhost/recast",
                "s3_bucket": "recast",
                "cdn_url": "http://localhost/cdn",
                "cdn_key_pair_id": "K1",
                "cdn_private_key_path": tmp_path / "key.pem",
                "dagster_url": "http://localhost",
                "auth_url": "http://localhost/auth",
                "replicate_api_token": "r8_test",
                "fal_key": "key:test",
                "provider_submit_timeout_seconds": 5,
                **values,
            }
        )

    return build


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]
