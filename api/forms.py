"""Forms with pictures (multipart/form-data), read while they arrive: bounded in memory, cut off as soon as too large.

FastAPI would read the whole form before it asks who is there; a dependency that reads it here can ask first.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.views.view import View
from domain.characters import MAX_PICTURES
from domain.errors import ErrorCode, RecastError
from resources.pictures import MAX_PICTURES_BYTES, ByteCap

MEDIA_TYPE = "multipart/form-data"
PICTURES = "pictures"
MAX_FIELDS = 20
MAX_FIELD_BYTES = 64 * 1024
MAX_FORM_BYTES = MAX_PICTURES_BYTES + 1024 * 1024
"""The pictures, and room for the other fields and what stands between the parts."""

Form = TypeVar("Form", bound=BaseModel)


class _Parser(MultiPartParser):
    """Parts above a megabyte go to temporary files; the base class sees to that, this one to the limits."""

    def __init__(self, request: Request) -> None:
        super().__init__(
            request.headers,
            self._to_its_end(request.stream()),
            max_files=MAX_PICTURES,
            max_fields=MAX_FIELDS,
            max_part_size=MAX_FIELD_BYTES,
        )
        self._cap = ByteCap()
        self._is_whole = False

    async def _to_its_end(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The base class takes a form whose last part is cut off for one without it."""
        async for piece in stream:
            yield piece
        if not self._is_whole:
            raise MultiPartException("The form has no end.")

    def on_end(self) -> None:
        self._is_whole = True
        super().on_end()

    def on_part_begin(self) -> None:
        self._cap.begin()
        super().on_part_begin()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._cap.add(end - start)
        super().on_part_data(data, start, end)


@asynccontextmanager
async def read_form(request: Request, model: type[Form]) -> AsyncIterator[tuple[Form, list[IO[bytes]]]]:
    """The fields as ``model``, and the pictures as files that are gone afterwards.

    Raises RequestValidationError for fields that do not fit, INVALID_REQUEST for what is no such form, and TOO_LARGE.
    """
    if not request.headers.get("content-type", "").startswith(MEDIA_TYPE):
        raise RecastError(ErrorCode.INVALID_REQUEST, f"The request is not a form; send it as {MEDIA_TYPE}.")
    try:
        form = await _Parser(request).parse()
    except MultiPartException as error:
        raise RecastError(ErrorCode.INVALID_REQUEST, error.message) from error
    except ClientDisconnect as error:
        raise RecastError(ErrorCode.INVALID_REQUEST, "The request broke off.") from error
    try:
        files: list[IO[bytes]] = [value.file for value in form.getlist(PICTURES) if isinstance(value, UploadFile)]
        if not files:
            raise RecastError(ErrorCode.INVALID_REQUEST, f"Send 1 to {MAX_PICTURES} files named {PICTURES!r}.")
        fields = {name: value for name, value in form.multi_items() if name != PICTURES}
        yield _validated(model, fields), files
    finally:
        await form.close()


def _validated(model: type[Form], fields: dict[str, Any]) -> Form:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error


def form_body(model: type[View]) -> dict[str, Any]:
    """For a route's ``openapi_extra``: a form of the fields of ``model`` and the pictures."""
    pictures = {
        "type": "object",
        "required": [PICTURES],
        "properties": {
            PICTURES: {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_PICTURES,
                "items": {"type": "string", "format": "binary"},
                "description": "PNG, JPEG or WebP files; the first is the portrait.",
            }
        },
    }
    schema = {"allOf": [{"$ref": f"#/components/schemas/{model.__name__}"}, pictures]}
    examples = {"form": {"value": {**model.examples()[0], PICTURES: ["(a file)"]}}}
    return {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}}}}
