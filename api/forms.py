"""Forms with files (multipart/form-data), read while they arrive: bounded in memory, cut off as soon as too large.

FastAPI would read the whole form before it asks who is there; a dependency that reads it here can ask first.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.views.view import View
from domain.characters import MAX_PICTURES
from domain.errors import ErrorCode, RecastError
from domain.transcript_files.bounds import MAX_FILE_BYTES
from resources.pictures import MAX_PICTURES_BYTES, ByteCap

MEDIA_TYPE = "multipart/form-data"
MAX_FIELDS = 20
MAX_FIELD_BYTES = 64 * 1024
FORM_ROOM_BYTES = 1024 * 1024
"""For the other fields, and what stands between the parts."""

Form = TypeVar("Form", bound=BaseModel)


class Cap(Protocol):
    """Counts the bytes of files while they come in. Raises TOO_LARGE."""

    def begin(self) -> None:
        """Another file follows."""
        ...

    def add(self, count: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a form may have: the name of their field, how many, how large, and how they are described."""

    name: str
    at_most: int
    cap: Callable[[], Cap]
    max_bytes: int
    schema: Mapping[str, Any]

    @property
    def max_form_bytes(self) -> int:
        return self.max_bytes + FORM_ROOM_BYTES


class TranscriptCap:
    def __init__(self) -> None:
        self._bytes = 0

    def begin(self) -> None:
        """All files count together: there is one."""

    def add(self, count: int) -> None:
        self._bytes += count
        if self._bytes > MAX_FILE_BYTES:
            raise RecastError(ErrorCode.TOO_LARGE, f"The transcript is larger than {MAX_FILE_BYTES // 1024**2} MB.")


PICTURES = Files(
    "pictures",
    MAX_PICTURES,
    ByteCap,
    MAX_PICTURES_BYTES,
    {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_PICTURES,
        "items": {"type": "string", "format": "binary"},
        "description": "PNG, JPEG or WebP files; the first is the portrait.",
    },
)
TRANSCRIPT = Files(
    "file",
    1,
    TranscriptCap,
    MAX_FILE_BYTES,
    {
        "type": "string",
        "format": "binary",
        "description": "SRT, WebVTT, plain text or a JSON transcript, whatever it is called; at most 5 MB.",
    },
)


class _Parser(MultiPartParser):
    """Parts above a megabyte go to temporary files; the base class sees to that, this one to the limits."""

    def __init__(self, request: Request, files: Files) -> None:
        super().__init__(
            request.headers,
            self._to_its_end(request.stream()),
            max_files=files.at_most,
            max_fields=MAX_FIELDS,
            max_part_size=MAX_FIELD_BYTES,
        )
        self._cap = files.cap()
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
async def read_form(request: Request, model: type[Form], files: Files) -> AsyncIterator[tuple[Form, list[UploadFile]]]:
    """The fields as ``model``, and the files, which are gone afterwards.

    Raises RequestValidationError for fields that do not fit, INVALID_REQUEST for what is no such form, and TOO_LARGE.
    """
    if not request.headers.get("content-type", "").startswith(MEDIA_TYPE):
        raise RecastError(ErrorCode.INVALID_REQUEST, f"The request is not a form; send it as {MEDIA_TYPE}.")
    try:
        form = await _Parser(request, files).parse()
    except MultiPartException as error:
        raise RecastError(ErrorCode.INVALID_REQUEST, error.message) from error
    except ClientDisconnect as error:
        raise RecastError(ErrorCode.INVALID_REQUEST, "The request broke off.") from error
    try:
        sent = [value for value in form.getlist(files.name) if isinstance(value, UploadFile)]
        if not sent:
            count = f"1 to {files.at_most} files" if files.at_most > 1 else "one file"
            raise RecastError(ErrorCode.INVALID_REQUEST, f"Send {count} named {files.name!r}.")
        fields = {name: value for name, value in form.multi_items() if name != files.name}
        yield _validated(model, fields), sent
    finally:
        await form.close()


def _validated(model: type[Form], fields: dict[str, Any]) -> Form:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error


def form_body(model: type[View], files: Files) -> dict[str, Any]:
    """For a route's ``openapi_extra``: a form of the fields of ``model`` and the files."""
    described = {"type": "object", "required": [files.name], "properties": {files.name: dict(files.schema)}}
    schema = {"allOf": [{"$ref": f"#/components/schemas/{model.__name__}"}, described]}
    example = ["(a file)"] if files.at_most > 1 else "(a file)"
    examples = {"form": {"value": {**model.examples()[0], files.name: example}}}
    return {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}}}}
