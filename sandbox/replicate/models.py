"""The routes for models and their versions."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.replicate import failure
from sandbox.replicate.catalogue import PUBLISHED_AT, catalogue
from sandbox.replicate.desk import Desk
from sandbox.replicate.failure import invalid, problem
from sandbox.replicate.requests import read_body
from sandbox.replicate.shapes import model_body, own_model_body, own_version_body, version_body
from sandbox.replicate.shelf import NameTakenError, NotEmptyError
from sandbox.replicate.validation import invalid_fields

CREATION_SCHEMA = {
    "type": "object",
    "required": ["owner", "name", "visibility", "hardware"],
    "properties": {
        "owner": {"type": "string"},
        "name": {"type": "string"},
        "visibility": {"type": "string", "enum": ["public", "private"]},
        "hardware": {"type": "string"},
        "description": {"type": "string", "nullable": True},
    },
}


def models_router(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/models")
    base_url = desk.settings.base_url

    @router.get("")
    async def list_models() -> dict[str, Any]:
        models = [model_body(model, base_url) for model in catalogue().values()]
        return {"next": None, "previous": None, "results": models}

    @router.post("", status_code=201)
    async def create_model(request: Request) -> dict[str, Any]:
        body = await read_body(request)
        if fields := list(invalid_fields(body, CREATION_SCHEMA, "(root)")):
            raise invalid(fields)
        name = f"{body['owner']}/{body['name']}"
        try:
            if name in catalogue():
                raise NameTakenError
            model = desk.shelf.add(name, body["visibility"], body["hardware"], body.get("description"))
        except NameTakenError as error:
            raise problem(409, "A model with that name already exists for this owner.") from error
        return own_model_body(model, base_url)

    @router.get("/{owner}/{name}")
    async def read_model(owner: str, name: str) -> dict[str, Any]:
        if model := catalogue().get(f"{owner}/{name}"):
            return model_body(model, base_url)
        if own := desk.shelf.model(f"{owner}/{name}"):
            return own_model_body(own, base_url)
        raise failure.not_found()

    @router.delete("/{owner}/{name}", status_code=204)
    async def delete_model(owner: str, name: str) -> Response:
        try:
            if not desk.shelf.remove(f"{owner}/{name}"):
                raise failure.not_found()
        except NotEmptyError as error:
            raise problem(403, "You can only delete models that have no versions.") from error
        return Response(status_code=204)

    @router.get("/{owner}/{name}/versions")
    async def list_versions(owner: str, name: str) -> dict[str, Any]:
        if model := catalogue().get(f"{owner}/{name}"):
            versions = [version_body(model.version, PUBLISHED_AT, model.openapi_schema())]
        elif own := desk.shelf.model(f"{owner}/{name}"):
            versions = [own_version_body(version) for version in desk.shelf.versions(own.name)]
        else:
            raise failure.not_found()
        return {"next": None, "previous": None, "results": versions}

    @router.get("/{owner}/{name}/versions/{version_id}")
    async def read_version(owner: str, name: str, version_id: str) -> dict[str, Any]:
        model, own = catalogue().get(f"{owner}/{name}"), desk.shelf.version(version_id)
        if model and model.version == version_id:
            return version_body(version_id, PUBLISHED_AT, model.openapi_schema())
        if own and own.model == f"{owner}/{name}":
            return own_version_body(own)
        raise failure.not_found()

    @router.delete("/{owner}/{name}/versions/{version_id}", status_code=202)
    async def delete_version(owner: str, name: str, version_id: str) -> Response:
        if not desk.shelf.remove_version(f"{owner}/{name}", version_id):
            raise failure.not_found()
        return Response(status_code=202)

    return router
