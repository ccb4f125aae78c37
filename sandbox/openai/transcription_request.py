"""A request for a transcription, read from its form and held against the model's rules."""

import hashlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from starlette.datastructures import FormData, UploadFile

from sandbox.openai.failures import OpenAIFailure, no_model
from sandbox.openai.transcription_models import LISTENERS_BY_NAME, MAX_BYTES, SUFFIXES, Listener

GRANULARITIES = ("word", "segment")
PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """``digest`` is the SHA-256 of the file's content."""

    listener: Listener
    file: BinaryIO
    filename: str
    digest: str
    form: str
    granularities: tuple[str, ...]
    language: str
    prompt: str
    keywords: tuple[str, ...]
    temperature: float
    is_chunked: bool


def read_request(form: FormData) -> TranscriptionRequest:
    """Raises OpenAIFailure for what the service refuses before it has looked at the audio."""
    model, upload = form.get("model"), form.get("file")
    if not isinstance(model, str) or not model:
        raise OpenAIFailure(400, "you must provide a model parameter")
    listener = LISTENERS_BY_NAME.get(model)
    if listener is None:
        raise no_model(model)
    if not isinstance(upload, UploadFile):
        raise OpenAIFailure(400, "Missing required parameter: 'file'.", param="file", code="missing_required_parameter")
    _check_file(upload)
    response_format = _word(form, "response_format") or "json"
    if response_format not in listener.formats:
        others = " or ".join(f"'{one}'" for one in listener.formats)
        raise OpenAIFailure(
            400,
            f"response_format '{response_format}' is not compatible with model '{model}'. Use {others} instead.",
            param="response_format",
            code="unsupported_value",
        )
    return TranscriptionRequest(
        listener=listener,
        file=upload.file,
        filename=upload.filename or "",
        digest=_digest(upload.file),
        form=response_format,
        granularities=_granularities(form, listener, response_format),
        language=_word(form, "language") or next(iter(_words(form, "languages")), ""),
        prompt=_prompt(form, listener),
        keywords=_keywords(form, listener),
        temperature=_temperature(form),
        is_chunked=any(name.startswith("chunking_strategy") for name in form),
    )


def _check_file(upload: UploadFile) -> None:
    if (upload.size or 0) > MAX_BYTES:
        raise OpenAIFailure(
            413,
            f"413: Maximum content size limit ({MAX_BYTES}) exceeded ({upload.size} bytes read)",
            type="server_error",
        )
    if PurePath(upload.filename or "").suffix.lower().lstrip(".") not in SUFFIXES:
        raise OpenAIFailure(400, f"Invalid file format. Supported formats: {list(SUFFIXES)}")


def _granularities(form: FormData, listener: Listener, response_format: str) -> tuple[str, ...]:
    asked = _words(form, "timestamp_granularities")
    if not asked:
        return ("segment",)
    if not listener.takes_granularities or response_format != "verbose_json":
        raise OpenAIFailure(
            400,
            "timestamp_granularities is only supported with the model whisper-1 and response_format 'verbose_json'.",
            param="timestamp_granularities",
            code="unsupported_value",
        )
    if unknown := [one for one in asked if one not in GRANULARITIES]:
        raise OpenAIFailure(
            400,
            f"Invalid value: '{unknown[0]}'. Supported values are: 'word' and 'segment'.",
            param="timestamp_granularities",
            code="invalid_value",
        )
    return asked


def _prompt(form: FormData, listener: Listener) -> str:
    prompt = _word(form, "prompt")
    if prompt and not listener.takes_prompt:
        raise OpenAIFailure(
            400,
            f"Prompt is not supported with the model '{listener.name}'.",
            param="prompt",
            code="unsupported_parameter",
        )
    return prompt


def _keywords(form: FormData, listener: Listener) -> tuple[str, ...]:
    keywords = _words(form, "keywords")
    for name in ("keywords", "languages"):
        if _words(form, name) and not listener.takes_keywords:
            raise OpenAIFailure(
                400,
                f"Unsupported parameter: '{name}' is not supported with the model '{listener.name}'.",
                param=name,
                code="unsupported_parameter",
            )
    return keywords


def _temperature(form: FormData) -> float:
    try:
        temperature = float(_word(form, "temperature") or 0)
    except ValueError:
        temperature = -1
    if not 0 <= temperature <= 1:
        raise OpenAIFailure(
            400, "Invalid 'temperature': expected a number from 0 to 1.", param="temperature", code="invalid_value"
        )
    return temperature


def _word(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _words(form: FormData, name: str) -> tuple[str, ...]:
    """A list is sent as ``name[]``, repeated."""
    return tuple(value for key in (f"{name}[]", name) for value in form.getlist(key) if isinstance(value, str))


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()
