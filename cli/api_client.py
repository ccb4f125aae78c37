"""A client of the API: requests out, models in, problems raised in the product's words."""

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel

from cli.account import access_token
from cli.stack.state import read_running_stack
from domain.errors import ErrorCode, RecastError
from domain.finish import TransitionKind
from domain.transcript_files.bounds import MAX_FILE_BYTES

TIMEOUT_SECONDS = 30.0
FILES_TIMEOUT_SECONDS = 180.0
"""Twenty photographs are sent and drawn anew, or a recording is looked at, before the answer."""
PIECE_BYTES = 1024 * 1024
POLL_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
"""How long a watch goes on asking an API that has stopped answering: a restart takes a few seconds."""


class ErrorView(BaseModel):
    code: str
    message: str
    remedy: str = ""


class LineView(BaseModel):
    id: int
    text: str
    start: float
    end: float
    speaker: str | None


class CutView(BaseModel):
    start: float
    end: float


class ScriptView(BaseModel):
    id: UUID
    version: int
    title: str | None
    lines: list[LineView]
    cuts: list[CutView]


class VersionView(BaseModel):
    version: int
    created_at: str
    lines_count: int
    edits: list[dict[str, Any]] | None
    restored_version: int | None


class StageView(BaseModel):
    stage: str
    status: str


class SceneView(BaseModel):
    index: int
    status: str
    progress: int
    text: str
    error: ErrorView | None = None


class CostView(BaseModel):
    reserved_usd: float
    spent_usd: float


class TransitionView(BaseModel):
    kind: TransitionKind


class BedView(BaseModel):
    piece: str | None = None
    upload_id: UUID | None = None


class FinishView(BaseModel):
    """Of a film's finish, what decides how a change of it is asked for."""

    transition: TransitionView
    music: BedView

    @property
    def is_cut(self) -> bool:
        return self.transition.kind is TransitionKind.CUT

    @property
    def has_music(self) -> bool:
        return bool(self.music.piece or self.music.upload_id)


class OptionsView(BaseModel):
    finish: FinishView


class JobView(BaseModel):
    id: UUID
    type: str
    status: str
    progress: int
    created_at: str
    options: OptionsView
    error: ErrorView | None = None
    stages: list[StageView] = []
    scenes: list[SceneView] = []
    cost: CostView | None = None

    @property
    def is_over(self) -> bool:
        return self.status in ("succeeded", "failed", "canceled")


class QuoteLineView(BaseModel):
    scene_index: int | None
    what: str
    provider: str
    model: str
    seconds: float
    is_owned: bool
    low_usd: float
    high_usd: float


class QuoteView(BaseModel):
    low_usd: float
    high_usd: float
    to_buy: int
    is_estimate: bool = False
    lines: list[QuoteLineView]
    budget_left_usd: float
    is_within_budget: bool


class BudgetView(BaseModel):
    limit_usd: float
    ceiling_usd: float
    reserved_usd: float
    spent_usd: float
    left_usd: float
    month: str


class PriceView(BaseModel):
    per: str
    usd: float
    usd_high: float | None
    as_of: str


class ModelView(BaseModel):
    provider: str
    model: str
    title: str
    is_available: bool
    seconds: list[int]
    aspects: list[str] = []
    price: PriceView


class VoiceEngineView(BaseModel):
    narration: str
    model: str | None
    is_available: bool
    is_usual: bool
    usd_per_million_characters: float
    usd_per_minute: float


class CharacterView(BaseModel):
    id: UUID
    name: str
    description: str = ""
    is_premade: bool
    status: str = "ready"
    training_progress: int = 0


class DeletionView(BaseModel):
    pictures_deleted: bool
    trained_model: bool


class ImportView(BaseModel):
    script_id: UUID
    job_id: UUID


class UploadView(BaseModel):
    id: UUID
    url: str
    headers: dict[str, str]


class PieceView(BaseModel):
    piece: str
    mood: str


class SentMusicView(BaseModel):
    id: UUID
    filename: str
    seconds: float


class MusicView(BaseModel):
    pieces: list[PieceView]
    sent: list[SentMusicView]


class ResultView(BaseModel):
    video_url: str
    preview_url: str
    duration_seconds: float
    scenes: int


class ProposalView(BaseModel):
    cast: list[CharacterView]
    speakers: dict[str, UUID]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays, and who of them plays which speaker, where that is chosen."""

    character_ids: Sequence[UUID]
    speakers: Mapping[str, UUID] = field(default_factory=dict)


class ApiClient:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def characters(self) -> list[CharacterView]:
        answer = await self._get("/characters")
        return [CharacterView.model_validate(one) for one in answer["characters"]]

    async def add_character(
        self, fields: dict[str, str], pictures: Sequence[tuple[str, tuple[str, bytes]]]
    ) -> CharacterView:
        answer = await self._post_content("/characters", data=fields, files=pictures, timeout=FILES_TIMEOUT_SECONDS)
        return CharacterView.model_validate(answer)

    async def change_character(self, character_id: UUID, changes: dict[str, Any]) -> CharacterView:
        answer = await self._send("PATCH", f"/characters/{character_id}", json=changes)
        return CharacterView.model_validate(answer)

    async def hear_character(self, character_id: UUID, wishes: dict[str, Any]) -> bytes:
        """A file in FLAC."""
        return (await self._answer("POST", f"/characters/{character_id}/sample", json=wishes)).content

    async def remove_character(self, character_id: UUID) -> DeletionView:
        return DeletionView.model_validate(await self._send("DELETE", f"/characters/{character_id}"))

    async def import_video(
        self, link: str, languages: Sequence[str] = (), kept: Mapping[str, bool] = MappingProxyType({})
    ) -> ImportView:
        body = {"youtube_url": link, "languages": list(languages), **kept}
        return ImportView.model_validate(await self._post("/youtube/import", body))

    async def import_transcript(self, path: Path, language: str, kept: Mapping[str, bool]) -> ImportView:
        content = _read_at_most(path, MAX_FILE_BYTES)
        files = [("file", (path.name, content))]
        return ImportView.model_validate(
            await self._post_content(
                "/scripts/upload", data={"language": language, **kept}, files=files, timeout=FILES_TIMEOUT_SECONDS
            )
        )

    async def import_recording(
        self, path: Path, content_type: str, language: str, kept: Mapping[str, bool]
    ) -> ImportView:
        """Announce it, send it to the storage, have it looked at. Raises UPLOAD_INCOMPLETE when it does not arrive."""
        upload = await self._send_file("/uploads", path, content_type)
        answer = await self._post_content(
            f"/uploads/{upload.id}/complete", json={"language": language, **kept}, timeout=FILES_TIMEOUT_SECONDS
        )
        return ImportView.model_validate(answer)

    async def music(self) -> MusicView:
        return MusicView.model_validate(await self._get("/music"))

    async def send_music(self, path: Path, content_type: str) -> SentMusicView:
        """As `import_recording`, to lie under films."""
        upload = await self._send_file("/music", path, content_type)
        answer = await self._post_content(f"/music/{upload.id}/complete", timeout=FILES_TIMEOUT_SECONDS)
        return SentMusicView.model_validate(answer)

    async def script(self, script_id: UUID) -> ScriptView:
        return ScriptView.model_validate(await self._get(f"/scripts/{script_id}"))

    async def edit_script(self, script_id: UUID, body: dict[str, Any]) -> ScriptView:
        return ScriptView.model_validate(await self._send_once("PATCH", f"/scripts/{script_id}", json=body))

    async def versions(self, script_id: UUID, limit: int = 100) -> list[VersionView]:
        answer = await self._get(f"/scripts/{script_id}/versions?limit={limit}")
        return [VersionView.model_validate(one) for one in answer["versions"]]

    async def restore_version(self, script_id: UUID, version: int, present: int) -> ScriptView:
        body = {"version": present}
        return ScriptView.model_validate(await self._post(f"/scripts/{script_id}/versions/{version}/restore", body))

    async def cast(
        self, script_id: UUID, character_ids: Sequence[UUID], speakers: Mapping[str, UUID] = MappingProxyType({})
    ) -> None:
        await self._post(
            f"/scripts/{script_id}/characters",
            {
                "character_ids": [str(one) for one in character_ids],
                "speakers": {speaker: str(player) for speaker, player in speakers.items()},
            },
        )

    async def proposed_cast(self, script_id: UUID) -> Cast:
        proposal = ProposalView.model_validate(await self._get(f"/scripts/{script_id}/cast/proposal"))
        return Cast([one.id for one in proposal.cast], proposal.speakers)

    async def generate(self, script_id: UUID, options: dict[str, Any]) -> JobView:
        return JobView.model_validate(await self._post("/jobs", {"script_id": str(script_id), **options}))

    async def quote(self, script_id: UUID, options: dict[str, Any]) -> QuoteView:
        return QuoteView.model_validate(await self._post("/jobs/quote", {"script_id": str(script_id), **options}))

    async def models(self) -> list[ModelView]:
        return [ModelView.model_validate(one) for one in (await self._get("/models"))["models"]]

    async def voices(self) -> list[VoiceEngineView]:
        return [VoiceEngineView.model_validate(one) for one in (await self._get("/voices"))["voices"]]

    async def budget(self) -> BudgetView:
        return BudgetView.model_validate(await self._get("/budget"))

    async def set_budget(self, limit_usd: str) -> BudgetView:
        return BudgetView.model_validate(await self._send("PUT", "/budget", json={"limit_usd": limit_usd}))

    async def retake(self, job_id: UUID, scene: int, changes: dict[str, Any]) -> JobView:
        return JobView.model_validate(await self._post(f"/jobs/{job_id}/scenes/{scene}/retry", changes))

    async def speak_again(self, job_id: UUID, scene: int) -> JobView:
        return JobView.model_validate(await self._post(f"/jobs/{job_id}/scenes/{scene}/speak", {}))

    async def change_finish(self, job_id: UUID, changes: dict[str, Any]) -> JobView:
        return JobView.model_validate(await self._send("PATCH", f"/jobs/{job_id}/finish", json=changes))

    async def job(self, job_id: UUID) -> JobView:
        return JobView.model_validate(await self._get(f"/jobs/{job_id}"))

    async def jobs(self, limit: int) -> list[JobView]:
        answer = await self._get(f"/jobs?limit={limit}")
        return [JobView.model_validate(one) for one in answer["jobs"]]

    async def cancel(self, job_id: UUID) -> None:
        await self._post(f"/jobs/{job_id}/cancel", {})

    async def retry(self, job_id: UUID) -> None:
        await self._post(f"/jobs/{job_id}/retry", {})

    async def result(self, job_id: UUID) -> ResultView:
        return ResultView.model_validate(await self._get(f"/jobs/{job_id}/result"))

    async def watch(self, job_id: UUID) -> AsyncIterator[JobView]:
        """The job, again and again until it is over. An API that is away for a moment is waited for."""
        silent = 0.0
        while True:
            try:
                job = await self.job(job_id)
            except RecastError as error:
                silent += POLL_SECONDS
                if not error.meaning.retryable or silent > PATIENCE_SECONDS:
                    raise
            else:
                silent = 0.0
                yield job
                if job.is_over:
                    return
            await asyncio.sleep(POLL_SECONDS)

    async def download(self, url: str, path: Path) -> None:
        """Bring a file from a signed link; ``path`` appears only when it is whole."""
        part = path.with_name(f".{path.name}.part")
        try:
            # A bare client: the link carries its own right, and our token is nobody else's business.
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http, http.stream("GET", url) as response:
                response.raise_for_status()
                with part.open("wb") as file:
                    async for chunk in response.aiter_bytes():
                        file.write(chunk)
            part.replace(path)
        except httpx.HTTPError as error:
            raise RecastError(ErrorCode.STORAGE_UNAVAILABLE, cause=type(error).__name__) from error
        finally:
            part.unlink(missing_ok=True)

    async def _send_file(self, where: str, path: Path, content_type: str) -> UploadView:
        """Announce it, and send it to the storage."""
        size_bytes = (await asyncio.to_thread(path.stat)).st_size
        announced = {"filename": path.name, "size_bytes": size_bytes, "content_type": content_type}
        upload = UploadView.model_validate(await self._post(where, announced))
        await self._put_file(upload, path)
        return upload

    async def _put_file(self, upload: UploadView, path: Path) -> None:
        try:
            # A bare client: the address carries its own right, and our token is nobody else's business.
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
                sent = await http.put(upload.url, content=_pieces(path), headers=upload.headers)
                sent.raise_for_status()
        except httpx.HTTPError as error:
            raise RecastError(ErrorCode.UPLOAD_INCOMPLETE, cause=type(error).__name__) from error

    async def _get(self, path: str) -> dict[str, Any]:
        return await self._send("GET", path)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._post_content(path, json=body)

    async def _post_content(self, path: str, **content: Any) -> dict[str, Any]:
        return await self._send_once("POST", path, **content)

    async def _send_once(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """With an idempotency key: what is sent again after a lost answer does its work once."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        try:
            return await self._send(method, path, headers=headers, **content)
        except RecastError as error:
            if error.code is not ErrorCode.API_UNREACHABLE:
                raise
            await asyncio.sleep(POLL_SECONDS)
            return await self._send(method, path, headers=headers, **content)

    async def _send(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self._answer(method, path, **request)).json()
        return answer

    async def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise RecastError(ErrorCode.API_UNREACHABLE, cause=f"{type(error).__name__}: {error}") from error
        if response.is_success:
            return response
        raise problem(response)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


def _read_at_most(path: Path, max_bytes: int) -> bytes:
    """A file that the API would refuse is not sent at all."""
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise RecastError(ErrorCode.TOO_LARGE, f"{path.name} is larger than {max_bytes // 1024**2} MB.")
    return content


def problem(response: httpx.Response) -> RecastError:
    """The error that an answer of the API tells of."""
    try:
        body = response.json()
        code = ErrorCode(body["code"])
    except (ValueError, KeyError, TypeError):
        return RecastError(ErrorCode.INTERNAL, f"The API answered {response.status_code}.")
    return RecastError(code, body.get("detail"), request_id=body.get("request_id"))


@asynccontextmanager
async def signed_in_client() -> AsyncIterator[ApiClient]:
    """A client of RECAST_API_URL, or of the local stack that runs in this folder. Raises API_UNREACHABLE."""
    stack = read_running_stack()
    base = os.environ.get("RECAST_API_URL") or (stack.urls["app"] if stack else None)
    if base is None:
        raise RecastError(ErrorCode.API_UNREACHABLE, "No local stack is running here.")
    async with httpx.AsyncClient(base_url=f"{base.rstrip('/')}/api/v1", timeout=TIMEOUT_SECONDS) as http:
        client = ApiClient(http)
        auth_url = (await client._get("/config"))["auth_url"]
        is_local = stack is not None and base == stack.urls["app"]
        http.auth = _Account(auth_url, stack.folder if stack and is_local else None)
        yield client


class _Account(httpx.Auth):
    """Signs in when first needed, and once more when the token has run out: a film may take longer than an hour."""

    def __init__(self, auth_url: str, local_folder: Path | None) -> None:
        self._sign_in = partial(access_token, auth_url, local_folder)
        self._token: str | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if fresh := self._token is None:
            self._token = await asyncio.to_thread(self._sign_in)
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and not fresh:
            self._token = await asyncio.to_thread(self._sign_in)
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request
