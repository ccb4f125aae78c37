"""Every error is a problem of one shape, and every route asks who is there."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.app import create_app
from domain.errors import TAXONOMY, ErrorCode
from resources.settings import Settings
from tests.integration.api.conftest import SignedIn, running
from tests.integration.api.standins import Issuer

OPEN_TO_ANYBODY = {"/api/v1/config"}


def assert_problem(answer: httpx.Response, status: int, code: ErrorCode) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["type"] == f"https://recast.example/docs/errors#{code}"
    assert problem["title"] == TAXONOMY[code].sentence
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["remedy"] == TAXONOMY[code].remedy
    assert problem["retryable"] is TAXONOMY[code].retryable
    assert problem["detail"]
    assert problem["instance"] == answer.request.url.path
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield method, route.path or ""


async def test_no_route_under_api_answers_without_a_token(
    settings: Settings, anybody: httpx.AsyncClient, tmp_path: Path
) -> None:
    routes = [
        (method, path)
        for method, path in routes_of(create_app(settings, page=tmp_path / "none"))
        if path.startswith("/api/v1") and path not in OPEN_TO_ANYBODY and "/webhooks/" not in path
    ]
    assert len(routes) >= 12
    for method, path in routes:
        address = path.format(
            script_id=uuid4(), job_id=uuid4(), character_id=uuid4(), upload_id=uuid4(), scene_index=1, take=1, number=1
        )
        answer = await anybody.request(method, address, json={} if method in ("POST", "PUT", "PATCH") else None)
        assert_problem(answer, 401, ErrorCode.UNAUTHENTICATED)
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "claims",
    [{"exp": 1}, {"aud": "anon"}, {"iss": "https://elsewhere.example/auth/v1"}, {"sub": "no-uuid"}],
    ids=["expired", "other audience", "other issuer", "no user"],
)
async def test_a_token_that_is_not_ours_or_not_now_is_refused(
    anybody: httpx.AsyncClient, issuer: Issuer, claims: dict[str, object]
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token(uuid4(), **claims)}"}
    assert_problem(await anybody.get("/api/v1/jobs", headers=headers), 401, ErrorCode.UNAUTHENTICATED)


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer not.a.token", "bearer eyJhbGciOiJub25lIn0.e30."])
async def test_what_is_no_token_is_refused(anybody: httpx.AsyncClient, header: str) -> None:
    answer = await anybody.get("/api/v1/jobs", headers={"Authorization": header})
    assert_problem(answer, 401, ErrorCode.UNAUTHENTICATED)


async def test_a_role_in_the_token_gives_no_rights(alice: SignedIn, mallory: SignedIn, issuer: Issuer) -> None:
    job_id = (await alice.import_video())["job_id"]
    mallory.token = issuer.token(mallory.user_id, role="service_role", app_metadata={"role": "admin"})
    assert (await mallory.get(f"/jobs/{job_id}")).status_code == 404


async def test_an_unknown_address_is_a_problem(anybody: httpx.AsyncClient) -> None:
    assert_problem(await anybody.get("/api/v1/nothing"), 404, ErrorCode.NOT_FOUND)
    assert_problem(await anybody.get("/api/nothing/at/all"), 404, ErrorCode.NOT_FOUND)


async def test_a_wrong_method_is_a_problem_that_names_the_right_one(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/api/v1/youtube/import")
    assert_problem(answer, 405, ErrorCode.INVALID_REQUEST)
    assert answer.headers["allow"] == "POST"


async def test_an_invalid_body_is_told_field_by_field_and_never_repeated(alice: SignedIn) -> None:
    answer = await alice.post("/youtube/import", {"youtube_url": 7, "password": "hunter2"})
    problem = assert_problem(answer, 422, ErrorCode.INVALID_REQUEST)
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert {error["location"] for error in errors} == {"body.youtube_url", "body.password"}
    assert "hunter2" not in answer.text


async def test_a_body_that_is_no_json_is_a_problem(alice: SignedIn) -> None:
    answer = await alice.request("POST", "/jobs", content=b"{", headers={"Content-Type": "application/json"})
    assert_problem(answer, 422, ErrorCode.INVALID_REQUEST)


async def test_an_id_that_is_none_is_a_problem(alice: SignedIn) -> None:
    assert_problem(await alice.get("/jobs/7"), 422, ErrorCode.INVALID_REQUEST)


@pytest.mark.parametrize("text", ["null \x00 byte", "half \ud800 character"])
async def test_a_text_that_cannot_be_stored_is_the_clients_mistake(
    alice: SignedIn, cast_script: str, text: str
) -> None:
    body = json.dumps({"script_id": cast_script, "style": text})
    answer = await alice.request("POST", "/jobs", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422, ErrorCode.INVALID_REQUEST)


async def test_a_body_over_the_limit_is_refused_announced_or_not(alice: SignedIn) -> None:
    async def chunks() -> object:
        for _ in range(20):
            yield b" " * 100_000

    announced = await alice.request("POST", "/jobs", content=b" " * 2_000_000)
    assert_problem(announced, 413, ErrorCode.TOO_LARGE)
    streamed = await alice.request("POST", "/jobs", content=chunks())
    assert_problem(streamed, 413, ErrorCode.TOO_LARGE)


async def test_a_fault_of_ours_is_a_problem_that_says_nothing_of_itself(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings, page=tmp_path / "none")

    @app.get("/api/v1/broken")
    async def broken() -> None:
        raise ZeroDivisionError("the inner workings")

    async with running(app) as address, httpx.AsyncClient(base_url=address) as client:
        answer = await client.get("/api/v1/broken", headers={"Origin": "https://app.example"})
    assert_problem(answer, 500, ErrorCode.INTERNAL)
    assert "inner workings" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "the inner workings" in capsys.readouterr().err


async def test_a_database_that_is_away_is_told_as_such_and_does_not_stop_the_start(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    away = settings.model_copy(
        update={"api_database_url": type(settings.api_database_url)("postgresql://x@127.0.0.1:9/x")}
    )
    headers = {"Authorization": f"Bearer {issuer.token(uuid4())}"}
    app = create_app(away, page=tmp_path / "none")
    async with running(app) as address, httpx.AsyncClient(base_url=address, timeout=20) as client:
        assert (await client.get("/healthz")).status_code == 200
        answer = await client.get("/api/v1/jobs", headers=headers)
    assert_problem(answer, 503, ErrorCode.DATABASE_UNAVAILABLE)
    assert answer.headers["retry-after"]


async def test_a_request_id_is_taken_over_if_it_is_plain(anybody: httpx.AsyncClient) -> None:
    kept = await anybody.get("/api/v1/nothing", headers={"X-Request-Id": "my-request.7"})
    assert kept.headers["x-request-id"] == kept.json()["request_id"] == "my-request.7"
    replaced = await anybody.get("/api/v1/nothing", headers={"X-Request-Id": "a b;c"})
    assert len(replaced.headers["x-request-id"]) == 32


async def test_logs_name_requests_and_users_but_neither_tokens_nor_queries(
    settings: Settings, issuer: Issuer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    user_id = uuid4()
    token = issuer.token(user_id)
    app = create_app(settings, page=tmp_path / "none")
    async with running(app) as address, httpx.AsyncClient(base_url=address) as client:
        headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "find-me"}
        await client.get("/api/v1/jobs?cursor=secret-cursor", headers=headers)
        await client.get("/api/v1/jobs", headers={"Authorization": f"Bearer {token}x"})
    written = capsys.readouterr().err
    line = next(json.loads(line) for line in written.splitlines() if "find-me" in line and '"request"' in line)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/jobs", 422)
    assert line["user_id"] == str(user_id)
    assert token not in written
    assert "secret-cursor" not in written
    assert '"GET /api' not in written


async def test_answers_are_not_sniffed_and_not_kept(alice: SignedIn) -> None:
    answer = await alice.get("/characters")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://app.example", True), ("https://app.example.evil.example", False)]
)
async def test_only_the_origins_of_the_settings_may_read_answers(
    anybody: httpx.AsyncClient, origin: str, allowed: bool
) -> None:
    answer = await anybody.get("/api/v1/config", headers={"Origin": origin})
    assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
    assert "access-control-allow-credentials" not in answer.headers
