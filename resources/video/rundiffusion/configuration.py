"""How a service is spoken to, read from a TOML file. See docs/decisions/0007-rundiffusion.md for an example."""

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from resources.outbound import is_loopback_http
from resources.video.protocol import TakeStatus

PROVIDER = "rundiffusion"
WITH_KEY = r"^[^{}]*\{key\}[^{}]*$"
WITH_ID = r"^[^{}]*\{id\}[^{}]*$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Key(_Part):
    """The header that carries the key; ``{key}`` in ``value`` is the key."""

    header: str = "Authorization"
    value: str = Field(default="Bearer {key}", pattern=WITH_KEY)


class Submit(_Part):
    """``id`` is where the answer tells the request's name. ``attempt`` is the field of the body, if there is one, that
    takes our own name for it; ``{model}`` in ``path`` is the model's name."""

    method: str = "POST"
    path: str = Field(pattern=r"^[^{}]*(\{model\}[^{}]*)?$")
    id: str
    attempt: str | None = None


class Poll(_Part):
    """Where the answer tells the status, the reason of a failure, the progress (``progress_end`` at the end) and the
    cost in US dollars. ``{id}`` in ``path`` is the request's name."""

    method: str = "GET"
    path: str = Field(pattern=WITH_ID)
    status: str
    error: str | None = None
    progress: str | None = None
    progress_end: float = Field(default=100, gt=0)
    cost_usd: str | None = None


class Result(_Part):
    """Where the video's address is told; without a ``path``, by the answer to the poll."""

    method: str = "GET"
    path: str | None = Field(default=None, pattern=WITH_ID)
    video: str


class Cancel(_Part):
    method: str = "POST"
    path: str = Field(pattern=WITH_ID)


class Configuration(_Part):
    """Places in JSON are written with dots, and numbers in lists: ``data.videos.0.url``. ``statuses`` are the service's
    words for ours, ``unbilled`` the ends that cost nothing, ``refusal`` where a refusal (4xx) gives its reason."""

    base_url: str
    output_hosts: Sequence[str] = Field(min_length=1)
    key: Key = Key()
    submit: Submit
    poll: Poll
    result: Result
    cancel: Cancel | None = None
    refusal: str | None = None
    statuses: Mapping[TakeStatus, Sequence[str]]
    unbilled: Sequence[TakeStatus] = ()
    models: Sequence[ModelProfile] = Field(alias="model", min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _models_are_this_providers(cls, table: Any) -> Any:
        rows = table.get("model", []) if isinstance(table, Mapping) else []
        return {**table, "model": [{**row, "provider": PROVIDER} for row in rows]}

    @model_validator(mode="after")
    def _is_safe_and_complete(self) -> Self:
        if urlsplit(self.base_url).scheme != "https" and not is_loopback_http(self.base_url):
            raise ValueError("base_url must be https: the key travels with every request")
        if missing := {TakeStatus.SUCCEEDED, TakeStatus.FAILED} - set(self.statuses):
            raise ValueError(f"statuses must have words for {', '.join(sorted(missing))}")
        return self

    def status_of(self, word: str) -> TakeStatus:
        """Our word for the service's; a word that is not known must not end what is paid for."""
        known = (status for status, words in self.statuses.items() if word in words)
        return next(known, TakeStatus.RUNNING)


@cache
def read_configuration(path: Path) -> Configuration:
    """Raises PROVIDER_NOT_CONFIGURED for a file that is not there or not understood."""
    try:
        return Configuration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise RecastError(
            ErrorCode.PROVIDER_NOT_CONFIGURED,
            "The video provider 'rundiffusion' is not set up on this server.",
            cause=f"{path}: {error}",
        ) from error


def value_at(document: JsonValue, place: str) -> JsonValue:
    """What stands at a place such as ``data.videos.0.url``; None where the document has no such place."""
    for step in place.split("."):
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def nested(flat: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """``{"input.prompt": "…"}`` as ``{"input": {"prompt": "…"}}``."""
    document: dict[str, JsonValue] = {}
    for place, value in flat.items():
        *path, name = place.split(".")
        inner = document
        for step in path:
            below = inner.setdefault(step, {})
            if not isinstance(below, dict):
                raise RecastError(ErrorCode.PROVIDER_NOT_CONFIGURED, cause=f"{place} lies in a field with a value")
            inner = below
        inner[name] = value
    return document


def decimal_at(document: JsonValue, place: str | None) -> Decimal | None:
    """A number, told as a number or as text; None where there is none."""
    told = value_at(document, place) if place else None
    if isinstance(told, bool) or not isinstance(told, (int, float, str)):
        return None
    try:
        number = Decimal(str(told))
    except ArithmeticError:
        return None
    return number if number.is_finite() and number >= 0 else None
