"""Whether the server is up, what it tells anybody, how it describes itself, and the page it serves."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from api.app import create_app
from api.problems import Problem
from api.views.view import all_views
from domain.errors import ErrorCode
from resources.settings import Settings
from tests.integration.api.conftest import running


@pytest.fixture
def app(settings: Settings, tmp_path: Path) -> FastAPI:
    return create_app(settings, page=tmp_path / "none")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_process_that_is_up_says_so(anybody: httpx.AsyncClient, method: str) -> None:
    answer = await anybody.request(method, "/healthz")
    assert answer.status_code == 200
    if method == "GET":
        assert answer.json()["status"] == "ok"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_readiness_names_the_part_that_does_not_answer(anybody: httpx.AsyncClient, method: str) -> None:
    answer = await anybody.request(method, "/readyz")
    assert answer.status_code == 503
    if method == "GET":
        checks = {"postgresql": "ok", "s3": "failed", "dagster": "ok"}
        assert answer.json() == {"status": "failed", "checks": checks}


async def test_a_server_is_ready_when_every_part_answers(
    settings: Settings, s3: dict[str, str], tmp_path: Path
) -> None:
    storage = {name.removeprefix("RECAST_").lower(): value for name, value in s3.items()}
    complete = Settings(**{**settings.model_dump(), **storage})
    app = create_app(complete, page=tmp_path / "none")
    async with running(app) as address, httpx.AsyncClient(base_url=address) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["s3"]) == (200, "ok")


async def test_anybody_may_know_where_to_sign_in(anybody: httpx.AsyncClient, settings: Settings) -> None:
    config = (await anybody.get("/api/v1/config")).json()
    assert config["auth_url"] == settings.auth_url
    assert config["aspects"] == ["16:9", "9:16", "1:1"]
    assert config["limits"]["max_cast"] == 8


async def test_the_front_door_leads_to_the_documentation(anybody: httpx.AsyncClient) -> None:
    assert "/docs" in (await anybody.get("/")).text
    docs = await anybody.get("/docs")
    assert "/api/openapi.json" in docs.text
    assert (await anybody.get("/api/openapi.json")).json()["info"]["title"] == "Recast"


async def test_every_code_is_explained_where_problems_point(anybody: httpx.AsyncClient) -> None:
    page = (await anybody.get("/docs/errors")).text
    assert [code for code in ErrorCode if f'id="{code}"' not in page] == []


def test_every_example_in_the_documentation_is_a_valid_one(app: FastAPI) -> None:
    described = app.openapi()["components"]["schemas"]
    models: dict[str, type[BaseModel]] = {"Problem": Problem, **all_views()}
    examples = [(models[name], value) for name, schema in described.items() for value in schema.get("examples", [])]
    assert len(examples) >= 15
    for model, value in examples:
        model.model_validate(value)


def operations(app: FastAPI) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_body_and_answer_has_an_example(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    without = []
    for name, operation in operations(app):
        contents = [operation["requestBody"]["content"]] if "requestBody" in operation else []
        contents += [answer["content"] for answer in operation["responses"].values() if "content" in answer]
        for content in contents:
            for media_type, described in content.items():
                schema = schemas.get(described.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1], {})
                if media_type not in ("text/event-stream", "audio/flac") and not (
                    "examples" in described or "examples" in schema
                ):
                    without.append(f"{name} {media_type}")
    assert without == []


def test_operations_have_plain_names_summaries_and_tags(app: FastAPI) -> None:
    names = [operation["operationId"] for _, operation in operations(app)]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalpha() for name in names)
    assert all(operation["summary"] and operation["tags"] for _, operation in operations(app))


def test_problems_and_the_token_are_documented_on_every_signed_in_operation(app: FastAPI) -> None:
    for name, operation in operations(app):
        if "/api/v1/" in name and "/config" not in name:
            assert operation["security"] == [{"HTTPBearer": []}], name
            assert "application/problem+json" in operation["responses"]["401"]["content"], name
            assert list(operation["responses"]["422"]["content"]) == ["application/problem+json"], name
    assert "HTTPValidationError" not in app.openapi()["components"]["schemas"]


@pytest.fixture
def built_page(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    (folder / "_next" / "static").mkdir(parents=True)
    (folder / "job").mkdir()
    (folder / "index.html").write_text(
        "<html><script>start()</script><script src='/_next/static/a.js'></script></html>"
    )
    (folder / "job" / "index.html").write_text("<html>job</html>")
    (folder / "404.html").write_text("<html>no such page</html>")
    (folder / "_next" / "static" / "a.js").write_text("1")
    return folder


async def test_a_built_page_is_served_around_the_api(settings: Settings, built_page: Path) -> None:
    app = create_app(settings, page=built_page)
    async with running(app) as address, httpx.AsyncClient(base_url=address, follow_redirects=True) as client:
        home = await client.get("/")
        assert home.status_code == 200
        assert home.headers["cache-control"] == "no-cache"
        assert "script-src 'self' 'sha256-" in home.headers["content-security-policy"]
        assert (await client.get("/job?id=7")).text == "<html>job</html>"
        script = await client.get("/_next/static/a.js")
        assert "immutable" in script.headers["cache-control"]
        missing = await client.get("/nothing")
        assert (missing.status_code, missing.text) == (404, "<html>no such page</html>")
        assert (await client.get("/api/nothing")).json()["code"] == "NOT_FOUND"
        assert (await client.get("/api/v1/youtube/import")).status_code == 405
        assert (await client.get("/api/v1/config")).status_code == 200
        assert (await client.get("/../pyproject.toml")).status_code == 404
