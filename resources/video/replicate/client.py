"""Replicate's HTTP API, as far as Recast uses it: typed, each request asked as often as it may be.

Not the package ``replicate``: see docs/decisions/0006-replicate-client.md.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from domain.errors import RecastError
from resources.settings import Settings
from resources.video.asking import Answer, Asking, Sleep, refusal
from resources.video.protocol import BusyError, OutcomeUnknownError

SERVICE = "Replicate"
EVENTS = ("start", "completed")
SHORTEST_DEADLINE_SECONDS = 5
UPLOAD_SECONDS = 180.0
MODEL_HARDWARE = "gpu-t4"
"""A model must name some; what runs a trained version is its trainer's choice."""
MAX_PAGES = 30
"""A page has 100 predictions; 600 a minute can be made."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Urls(_Wire):
    web: str | None = None


class Metrics(_Wire):
    predict_time: float | None = None
    total_time: float | None = None


class Run(_Wire):
    """A prediction or a training. Only the id and the status are certain: ``version`` is missing for some models,
    ``error`` is a text or an object, and input and output are gone an hour after the end."""

    id: str = Field(min_length=1)
    status: str
    model: str | None = None
    version: JsonValue = None
    input: JsonValue = None
    output: JsonValue = None
    error: JsonValue = None
    logs: str | None = None
    webhook: str | None = None
    data_removed: bool = False
    created_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    metrics: Metrics | None = None
    urls: Urls | None = None


class UploadedFile(_Wire):
    id: str
    metadata: Mapping[str, JsonValue] | None = None
    urls: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.urls["get"]


class _Page(_Wire):
    next: str | None = None
    results: tuple[Run, ...]


class _Secret(_Wire):
    key: str


class _Account(_Wire):
    username: str


class _Version(_Wire):
    id: str


class _Model(_Wire):
    latest_version: _Version | None = None


Told = TypeVar("Told", bound=_Wire)


class ReplicateClient:
    """Every verb raises ``RecastError``, with Replicate's request id where it tells one."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    @classmethod
    def of(cls, settings: Settings, *, sleep: Sleep = asyncio.sleep) -> "ReplicateClient":
        assert settings.replicate_api_token is not None
        token = settings.replicate_api_token.get_secret_value()
        asking = Asking(
            SERVICE,
            settings.replicate_base_url,
            {"Authorization": f"Bearer {token}"},
            submit_seconds=settings.provider_submit_timeout_seconds,
            sleep=sleep,
        )
        return cls(asking)

    @property
    def sleep(self) -> Sleep:
        return self._asking.sleep

    async def upload(self, name: str, content: bytes, media_type: str, metadata: Mapping[str, str]) -> UploadedFile:
        """Keeps a file for an hour. Costs nothing, so it is repeated where needed."""
        answer = await self._asking.patiently(
            "POST",
            "/files",
            seconds=UPLOAD_SECONDS,
            files={
                "content": (name, content, media_type),
                "metadata": (None, json.dumps(dict(metadata)), "application/json"),
            },
        )
        return _read(answer, UploadedFile)

    async def uploaded(self, url: str) -> UploadedFile | None:
        """What is known of a file by its address; None when it is not one of Replicate's, or gone."""
        files = f"{self._asking.base_url}/files/"
        if not url.startswith(files):
            return None
        answer = await self._asking.look(f"/files/{re.split('[/?#]', url.removeprefix(files))[0]}")
        return _read(answer, UploadedFile) if answer else None

    async def create(
        self,
        path: str,
        body: Mapping[str, JsonValue],
        *,
        webhook_url: str | None,
        deadline_seconds: float | None = None,
    ) -> tuple[Run, str | None]:
        """Start a run: the one request that costs money, asked exactly once. Returns it with the request's id."""
        whole = dict(body)
        if webhook := self._asking.callable_webhook(webhook_url):
            whole |= {"webhook": webhook, "webhook_events_filter": list(EVENTS)}
        headers = {}
        if deadline_seconds is not None:
            headers["Cancel-After"] = f"{max(SHORTEST_DEADLINE_SECONDS, round(deadline_seconds))}s"
        answer = await self._asking.once("POST", path, json=whole, headers=headers)
        if not answer.is_success:
            raise _refusal(answer)
        try:
            return Run.model_validate(answer.body), answer.request_id
        except ValidationError as error:
            raise OutcomeUnknownError(cause=f"unreadable: {answer.cause}", request_id=answer.request_id) from error

    async def run(self, path: str) -> Run | None:
        """A prediction or training by its path; None when Replicate knows it no more."""
        answer = await self._asking.look(path)
        return _read(answer, Run) if answer else None

    async def cancel(self, path: str) -> None:
        await self._asking.ask_to_stop("POST", f"{path}/cancel")

    async def runs_since(self, path: str, since: datetime) -> AsyncIterator[Run]:
        """The runs made at ``since`` or later, the newest first. Raises ``BusyError`` when there are more than can be
        looked through, for then nothing can be said of the rest."""
        query: Mapping[str, str] = {"created_after": since.isoformat()}
        for _ in range(MAX_PAGES):
            answer = await self._asking.look(path, params=query)
            if answer is None:
                raise BusyError(cause=f"{path} is not there")
            page = _read(answer, _Page)
            for run in page.results:
                # The filter may be unknown to the endpoint; the order is documented.
                if run.created_at is not None and run.created_at < since:
                    return
                yield run
            if not page.next:
                return
            # Only the cursor is taken: the token goes to no address that an answer names.
            query = dict(httpx.URL(page.next).params)
        raise BusyError(cause=f"more than {MAX_PAGES} pages of {path} since {since}")

    async def account(self) -> str:
        """Whose token it is; models are made under this name."""
        return _read(await self._asking.patiently("GET", "/account"), _Account).username

    async def latest_version(self, model: str) -> str | None:
        """The newest version of ``owner/name``; None for a model that has none yet. Raises UNKNOWN_MODEL."""
        latest = _read(await self._asking.patiently("GET", f"/models/{model}"), _Model).latest_version
        return latest.id if latest else None

    async def kept_version(self, model: str) -> str | None:
        """The newest version of ``owner/name``, which may be paid for; None when Replicate has none of it any more."""
        answer = await self._asking.look(f"/models/{model}")
        latest = _read(answer, _Model).latest_version if answer else None
        return latest.id if latest else None

    async def ensure_model(self, model: str, description: str) -> None:
        """Make a private model, unless it is there."""
        if (await self._asking.patiently("GET", f"/models/{model}")).is_success:
            return
        owner, _, name = model.partition("/")
        answer = await self._asking.patiently(
            "POST",
            "/models",
            json={
                "owner": owner,
                "name": name,
                "visibility": "private",
                "hardware": MODEL_HARDWARE,
                "description": description,
            },
        )
        # Somebody else may have made it meanwhile, or an answer was lost and the model is there.
        if not answer.is_success and not (await self._asking.patiently("GET", f"/models/{model}")).is_success:
            raise _refusal(answer)

    async def delete_version(self, model: str, version: str) -> None:
        """A version that is gone already is no error. Replicate keeps a version that others have used."""
        answer = await self._asking.patiently("DELETE", f"/models/{model}/versions/{version}")
        if not answer.is_success and answer.status != 404:
            raise _refusal(answer)

    async def delete_model(self, model: str) -> bool:
        """False while the model still has versions. One that is gone already is no error."""
        answer = await self._asking.patiently("DELETE", f"/models/{model}")
        return answer.is_success or answer.status == 404

    async def webhook_secret(self) -> str:
        return _read(await self._asking.patiently("GET", "/webhooks/default/secret"), _Secret).key


def _read(answer: Answer, model: type[Told]) -> Told:
    if not answer.is_success:
        raise _refusal(answer)
    try:
        return model.model_validate(answer.body)
    except ValidationError as error:
        raise BusyError(cause=f"unreadable: {answer.cause}", request_id=answer.request_id) from error


def _refusal(answer: Answer) -> RecastError:
    problem = answer.body if isinstance(answer.body, Mapping) else {}
    reason = " ".join(str(problem.get(name, "")) for name in ("title", "detail"))
    return refusal(answer, SERVICE, reason, _field_names(problem.get("invalid_fields")))


def _field_names(invalid_fields: JsonValue) -> Sequence[str]:
    """The names of what Replicate does not accept; a field is told as ``prompt``, ``input.prompt`` or ``/prompt``."""
    if not isinstance(invalid_fields, list):
        return ()
    told = (str(field.get("field", "")) for field in invalid_fields if isinstance(field, Mapping))
    return [name for field in told if (name := field.removeprefix("input").strip("./"))]
