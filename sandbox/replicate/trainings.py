"""The routes for trainings."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.replicate import failure
from sandbox.replicate.catalogue import catalogue
from sandbox.replicate.creating import accept
from sandbox.replicate.desk import Desk
from sandbox.replicate.failure import problem
from sandbox.replicate.predictions import listed
from sandbox.replicate.requests import read_order


def trainings_router(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.post("/models/{owner}/{name}/versions/{version_id}/trainings")
    async def create_training(request: Request, owner: str, name: str, version_id: str) -> Response:
        model = catalogue().get(f"{owner}/{name}")
        if model is None or not model.is_trainer or model.version != version_id:
            raise failure.not_found()
        order = await read_order(request)
        destination = order.body.get("destination")
        if not isinstance(destination, str) or desk.shelf.model(destination) is None:
            raise problem(404, "The specified training destination does not exist")
        details = {"destination": destination}
        return await accept(desk, request, order, "training", model, version_id, details=details)

    @router.get("/trainings")
    async def list_trainings(cursor: str | None = None) -> dict[str, Any]:
        return listed(desk, "training", cursor, None, None)

    @router.get("/trainings/{run_id}")
    async def read_training(run_id: str) -> dict[str, Any]:
        return desk.shown(desk.found("training", run_id))

    @router.post("/trainings/{run_id}/cancel")
    async def cancel_training(run_id: str) -> dict[str, Any]:
        return desk.shown(desk.worker.cancel(desk.found("training", run_id)))

    return router
