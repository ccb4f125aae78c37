"""The routes for predictions."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.replicate import failure
from sandbox.replicate.catalogue import Model, catalogue, trained_model
from sandbox.replicate.creating import accept
from sandbox.replicate.desk import Desk
from sandbox.replicate.pages import read_cursor, read_page
from sandbox.replicate.requests import moment, read_order
from sandbox.replicate.validation import InvalidField

OFFICIAL_VERSION = "hidden"


def predictions_router(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.post("/models/{owner}/{name}/predictions")
    async def create_by_model(request: Request, owner: str, name: str) -> Response:
        model = catalogue().get(f"{owner}/{name}")
        if model is None or model.is_trainer:
            raise failure.not_found()
        return await accept(desk, request, await read_order(request), "prediction", model, OFFICIAL_VERSION)

    @router.post("/predictions")
    async def create_by_version(request: Request) -> Response:
        order = await read_order(request)
        if not isinstance(order.body.get("version"), str):
            raise failure.invalid([InvalidField("required", "(root)", "version is required")])
        name, _, version_id = order.body["version"].rpartition(":")
        if trained := desk.shelf.version(version_id):
            if name in ("", trained.model):
                return await accept(desk, request, order, "prediction", trained_model(), trained.id, trained.model)
        elif (model := official_model(name, version_id)) and not model.is_trainer:
            return await accept(desk, request, order, "prediction", model, OFFICIAL_VERSION)
        raise failure.unknown_version()

    @router.get("/predictions")
    async def list_predictions(
        cursor: str | None = None, created_after: str | None = None, created_before: str | None = None
    ) -> dict[str, Any]:
        return listed(desk, "prediction", cursor, created_after, created_before)

    @router.get("/predictions/{run_id}")
    async def read_prediction(run_id: str) -> dict[str, Any]:
        return desk.shown(desk.found("prediction", run_id))

    @router.post("/predictions/{run_id}/cancel")
    async def cancel_prediction(run_id: str) -> dict[str, Any]:
        return desk.shown(desk.worker.cancel(desk.found("prediction", run_id)))

    return router


def listed(
    desk: Desk, kind: str, cursor: str | None, created_after: str | None, created_before: str | None
) -> dict[str, Any]:
    """One page, with addresses of the pages beside it."""
    span = {
        "created_after": moment(created_after, "created_after"),
        "created_before": moment(created_before, "created_before"),
    }
    page = read_page(desk.store, kind, read_cursor(cursor) if cursor else None, **span)
    given = {"created_after": created_after, "created_before": created_before}
    return {
        "next": page.following and page.following.address(f"{desk.api_url}/{kind}s", given),
        "previous": page.previous and page.previous.address(f"{desk.api_url}/{kind}s", given),
        "results": [desk.shown(desk.worker.settled(run)) for run in page.runs],
    }


def official_model(name: str, version_id: str) -> Model | None:
    """The model of a version; where only one of the two was given, ``version_id`` is an id or ``owner/name``."""
    if "/" in version_id:
        return catalogue().get(version_id)
    models = (model for model in catalogue().values() if model.version == version_id)
    return next((model for model in models if name in ("", model.name)), None)
