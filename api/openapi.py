"""The API's own description: tags, names of operations, and the problems that each route may answer with."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.problems import MEDIA_TYPE, Problem
from api.views.view import all_views
from domain.errors import TAXONOMY, ErrorCode

DESCRIPTION = """\
Paste a YouTube link, cast the characters, get a multi-character AI video.

1. `POST /youtube/import` turns a link into a script; follow the job that it starts. Where there is no link, or it is
   blocked, `POST /scripts/upload` takes a transcript and `POST /uploads` a recording.
2. `PATCH /scripts/{script_id}` edits it, if you like; `POST /scripts/{script_id}/characters` chooses who plays.
3. `POST /jobs` films it; follow the job, scene by scene.
4. `GET /jobs/{job_id}/result` gives links to the finished film.
5. `PATCH /jobs/{job_id}/finish` changes its order, transitions and music; nothing is filmed again for that.

Every request under `/api/v1` but `/config` carries an access token of Supabase Auth. You see only what is yours;
anything else is a 404. Every error is a problem (RFC 9457) with a `code`, explained at [/docs/errors](/docs/errors).
Every answer has an `X-Request-Id`.
"""

TAGS = [
    {"name": "import", "description": "From a link, or a file of your own, to a script."},
    {"name": "scripts", "description": "Scripts, their edits and versions, and who plays in them."},
    {"name": "characters", "description": "Pre-made characters, and your own."},
    {"name": "jobs", "description": "Units of work: order them, follow them, cancel them, fetch their result."},
    {"name": "music", "description": "What films can have under them: Recast's own pieces, and music of yours."},
    {"name": "money", "description": "Models and prices, your budget, and what you have spent."},
    {"name": "service", "description": "Facts about this server."},
]

SIGNED_IN = (ErrorCode.UNAUTHENTICATED, ErrorCode.INVALID_REQUEST, ErrorCode.DATABASE_UNAVAILABLE, ErrorCode.INTERNAL)


def operation_name(route: APIRoute) -> str:
    """Generated clients name their functions after ours."""
    return route.name


def problems(*codes: ErrorCode) -> dict[int | str, dict[str, Any]]:
    """For a route's ``responses``: these problems, and those that any signed-in request may meet."""
    answers: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, *SIGNED_IN):
        meaning = TAXONOMY[code]
        answer = answers.setdefault(
            meaning.http_status,
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        answer["description"] = " / ".join(filter(None, (answer["description"], f"`{code}`: {meaning.sentence}")))
        answer["content"][MEDIA_TYPE]["examples"][code.value] = {"value": _example(code)}
    return answers


def _example(code: ErrorCode) -> dict[str, Any]:
    meaning = TAXONOMY[code]
    example = {
        "type": f"http://127.0.0.1:8080/docs/errors#{code}",
        "title": meaning.sentence,
        "status": meaning.http_status,
        "detail": meaning.sentence,
        "instance": "/api/v1/…",
        "code": code.value,
        "remedy": meaning.remedy,
        "retryable": meaning.retryable,
        "request_id": "0f6c1f5f9c7e4b0c8f1d0a8f6f1f3a52",
    }
    return example | ({"current_version": 4} if code is ErrorCode.STALE_VERSION else {})


class DescribedAPI(FastAPI):
    """FastAPI whose description is complete: problems and streamed events, which no route returns as a model, have
    their schemas, and examples keep their nulls, which FastAPI drops."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schemas = super().openapi().setdefault("components", {}).setdefault("schemas", {})
            views = all_views()
            models: dict[str, type[BaseModel]] = {"Problem": Problem, **views}
            for name, model in models.items():
                if name not in schemas:
                    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                    schemas.update(schema.pop("$defs", {}) | {name: schema})
            for name, view in views.items():
                if view.examples():
                    schemas[name]["examples"] = view.examples()
        assert self.openapi_schema
        return self.openapi_schema
