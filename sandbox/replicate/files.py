"""The routes for uploaded files."""

import json
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from sandbox.replicate import failure
from sandbox.replicate.desk import Desk
from sandbox.replicate.failure import invalid, problem
from sandbox.replicate.shapes import stamp
from sandbox.replicate.uploads import Upload
from sandbox.replicate.validation import InvalidField

MAX_FILE_BYTES = 100 * 1024 * 1024


def files_router(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/files")

    def shown(upload: Upload) -> dict[str, Any]:
        return {
            "id": upload.id,
            "name": upload.name,
            "content_type": upload.content_type,
            "size": upload.size,
            "etag": upload.md5,
            "checksums": {"sha256": upload.sha256, "md5": upload.md5},
            "metadata": upload.metadata,
            "created_at": stamp(upload.created_at),
            "expires_at": stamp(upload.expires_at),
            "urls": {"get": desk.uploads.address(upload)},
        }

    @router.post("", status_code=201)
    async def upload_file(request: Request) -> dict[str, Any]:
        async with request.form() as form:
            content, metadata = form.get("content"), form.get("metadata")
            if not isinstance(content, UploadFile):
                raise invalid([InvalidField("required", "(root)", "content is required")])
            if (content.size or 0) > MAX_FILE_BYTES:
                raise problem(413, "File too large")
            name, kind = content.filename or "file", content.content_type or "application/octet-stream"
            return shown(desk.uploads.add(name, kind, await content.read(), _metadata(metadata)))

    @router.get("")
    async def list_files() -> dict[str, Any]:
        return {"next": None, "previous": None, "results": [shown(upload) for upload in desk.uploads.all()]}

    @router.get("/{file_id}")
    async def read_file(file_id: str) -> dict[str, Any]:
        upload = desk.uploads.get(file_id)
        if upload is None:
            raise failure.not_found()
        return shown(upload)

    @router.delete("/{file_id}", status_code=204)
    async def delete_file(file_id: str) -> Response:
        if not desk.uploads.remove(file_id):
            raise failure.not_found()
        return Response(status_code=204)

    return router


def _metadata(text: Any) -> dict[str, Any]:
    try:
        metadata = json.loads(text) if text else {}
    except (ValueError, TypeError) as error:
        raise problem(400, "Invalid metadata: not JSON", "Bad request") from error
    if not isinstance(metadata, dict):
        raise problem(400, "Invalid metadata: not an object", "Bad request")
    return metadata
