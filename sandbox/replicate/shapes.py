"""Replicate's JSON for what its clients read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.replicate.catalogue import COG_VERSION, PUBLISHED_AT, TRAINING_SECONDS, Model, trained_model
from sandbox.replicate.shelf import OwnModel, OwnVersion
from sandbox.runs.store import Run, Status
from sandbox.runs.worker import SECONDS

DEFAULT_STEPS = 1000
KEPT_SECONDS = 3600
"""Inputs, outputs, files and logs of the API are removed after this time."""


def stamp(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_removed(run: Run, now: float) -> bool:
    return run.completed_at is not None and now - run.completed_at >= KEPT_SECONDS


def run_body(run: Run, base_url: str, now: float) -> dict[str, Any]:
    """A prediction or a training; an hour after its end without what it was given and what it made."""
    removed = is_removed(run, now)
    api, page = f"{base_url}/replicate/v1/{run.kind}s/{run.id}", f"{base_url}/replicate/p/{run.id}"
    body: dict[str, Any] = {
        "id": run.id,
        "model": run.model,
        "version": run.version,
        "input": {} if removed else run.input,
        "logs": "" if removed else run.logs or _trainers_words(run, now),
        "output": None if removed else run.output,
        "data_removed": removed,
        "error": run.error,
        "source": "api",
        "status": run.status,
        "created_at": stamp(run.created_at),
        "started_at": stamp(run.started_at),
        "completed_at": stamp(run.completed_at),
        "urls": {"cancel": f"{api}/cancel", "get": api, "stream": f"{api}/stream", "web": page},
    }
    if metrics := _metrics(run):
        body["metrics"] = metrics
    return body


def _trainers_words(run: Run, now: float) -> str:
    """What a trainer that is at work has written until now: the bar of its steps."""
    if run.kind != "training" or run.status is not Status.PROCESSING or run.started_at is None:
        return ""
    part = min((now - run.started_at) / max(run.details.get(SECONDS, 0), 0.001), 0.99)
    steps = run.input.get("steps", DEFAULT_STEPS)
    return f"flux_train_replicate: {round(100 * part):3}%|{'█' * round(10 * part):<10}| {int(steps * part)}/{steps}\n"


def _metrics(run: Run) -> dict[str, float] | None:
    if run.completed_at is None:
        return None
    predicted = run.completed_at - run.started_at if run.started_at else 0.0
    if run.kind == "training" and run.started_at:
        predicted = TRAINING_SECONDS
    return {"predict_time": round(predicted, 6), "total_time": round(run.completed_at - run.created_at, 6)}


def model_body(model: Model, base_url: str) -> dict[str, Any]:
    owner, _, name = model.name.partition("/")
    return {
        "url": f"{base_url}/replicate/{model.name}",
        "owner": owner,
        "name": name,
        "description": model.description,
        "visibility": "public",
        "is_official": not model.is_trainer,
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": version_body(model.version, PUBLISHED_AT, model.openapi_schema()),
    }


def own_model_body(model: OwnModel, base_url: str) -> dict[str, Any]:
    owner, _, name = model.name.partition("/")
    return {
        "url": f"{base_url}/replicate/{model.name}",
        "owner": owner,
        "name": name,
        "description": model.description,
        "visibility": model.visibility,
        "is_official": False,
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": own_version_body(model.latest_version) if model.latest_version else None,
    }


def own_version_body(version: OwnVersion) -> dict[str, Any]:
    """Every trained version takes the same input."""
    return version_body(version.id, stamp(version.created_at), trained_model().openapi_schema())


def version_body(version: str, created_at: str | None, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": version, "created_at": created_at, "cog_version": COG_VERSION, "openapi_schema": schema}
