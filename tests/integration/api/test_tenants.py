"""Two users never see each other: what is another's is a 404, as if it did not exist."""

from uuid import uuid4

import pytest

from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import Pipeline
from tests.integration.api.standins import Dagster

ROUTES = [
    ("GET", "/scripts/{script_id}", None),
    ("POST", "/scripts/{script_id}/characters", {"character_ids": ["{character_id}"]}),
    ("PATCH", "/scripts/{script_id}", {"version": 1, "edits": [{"op": "remove", "line": 1}]}),
    ("GET", "/scripts/{script_id}/versions", None),
    ("GET", "/scripts/{script_id}/versions/1", None),
    ("POST", "/scripts/{script_id}/versions/1/restore", {"version": 1}),
    ("GET", "/scripts/{script_id}/scenes", None),
    ("POST", "/jobs", {"script_id": "{script_id}"}),
    ("GET", "/jobs/{job_id}", None),
    ("GET", "/jobs/{job_id}/result", None),
    ("GET", "/jobs/{job_id}/stages", None),
    ("GET", "/jobs/{job_id}/events", None),
    ("POST", "/jobs/{job_id}/cancel", None),
    ("POST", "/jobs/{job_id}/retry", None),
    ("GET", "/jobs/{job_id}/attempts", None),
    ("POST", "/jobs/quote", {"script_id": "{script_id}"}),
    ("POST", "/jobs/{job_id}/scenes/1/retry", {}),
    ("GET", "/jobs/{job_id}/scenes/1/takes", None),
    ("POST", "/jobs/{job_id}/scenes/1/takes/1/choose", None),
    ("PATCH", "/jobs/{job_id}/finish", {"order": [1]}),
]


def filled(template: object, ids: dict[str, str]) -> object:
    if isinstance(template, dict):
        return {name: filled(value, ids) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, ids) for value in template]
    return template.format(**ids) if isinstance(template, str) else template


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES])
@pytest.mark.parametrize("whose", ["another's", "nobody's"])
async def test_what_is_not_yours_does_not_exist(
    alice: SignedIn,
    mallory: SignedIn,
    pipeline: Pipeline,
    dagster: Dagster,
    method: str,
    path: str,
    body: object,
    whose: str,
) -> None:
    script_id = await alice.cast_script(pipeline)
    film = (await alice.post("/jobs", {"script_id": script_id})).json()["id"]
    await pipeline.finish_film(film)
    launched = len(dagster.launched)
    ids = {"script_id": script_id, "job_id": film, "character_id": str((await pipeline.save_premade())[0])}
    if whose == "nobody's":
        ids |= {"script_id": str(uuid4()), "job_id": str(uuid4())}
    before = (await alice.get(f"/jobs/{film}")).json(), (await alice.get(f"/scripts/{script_id}")).json()["version"]
    answer = await mallory.request(method, path.format(**ids), json=filled(body, ids))
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    after = (await alice.get(f"/jobs/{film}")).json(), (await alice.get(f"/scripts/{script_id}")).json()["version"]
    assert after == before
    assert len(dagster.launched) == launched


async def test_lists_hold_only_what_is_ones_own(alice: SignedIn, mallory: SignedIn, film: str) -> None:
    assert film in [job["id"] for job in (await alice.get("/jobs")).json()["jobs"]]
    assert (await mallory.get("/jobs")).json() == {"jobs": [], "next_cursor": None}
