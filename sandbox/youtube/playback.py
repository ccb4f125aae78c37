"""The media server: hands out soundtracks by range, and badly on purpose."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from sandbox.youtube.faults import FAULTS_BY_ID, SoundTrouble, look_up
from sandbox.youtube.soundtrack import ENCODINGS
from sandbox.youtube.soundtracks import MakingFailed, Soundtracks
from sandbox.youtube.streaming import Streaming, soundtrack

CHUNK_BYTES = 16 * 1024
BREATH_SECONDS = 0.01
"""Without it an endless answer would never notice that its client has gone."""
MANIFEST = (
    "#EXTM3U\n"
    '#EXT-X-STREAM-INF:BANDWIDTH=290288,CODECS="mp4a.40.5,avc1.42c00b",RESOLUTION=256x144,FRAME-RATE=30\n'
    "live.m3u8\n"
)


def playback_router(soundtracks: Soundtracks, streaming: Streaming, slow_seconds: float) -> APIRouter:
    """Routes for ``/videoplayback`` and the list of a live stream's qualities."""
    router = APIRouter(include_in_schema=False)
    broken: set[str] = set()

    @router.get("/videoplayback")
    async def play(request: Request) -> Response:
        query = dict(request.query_params)
        if not streaming.is_valid(query):
            return PlainTextResponse("", status_code=403)
        video_id = query["id"]
        video, fault = look_up(video_id)
        trouble = fault.sound if fault else SoundTrouble.NONE
        if video is None or trouble is SoundTrouble.BLOCKED:
            return PlainTextResponse("", status_code=403)
        encoding = next(encoding for encoding in ENCODINGS if str(encoding.itag) == query["itag"])
        try:
            path = await soundtracks.file(soundtrack(video, fault), encoding)
        except MakingFailed as failure:
            return PlainTextResponse(f"The sandbox could not make this sound.\n{failure}", status_code=500)
        media_type = encoding.mime_type.partition(";")[0]
        whole = FileResponse(path, media_type=media_type, headers={"cache-control": "private, max-age=21600"})
        match trouble:
            case SoundTrouble.ENDLESS:
                return StreamingResponse(_endless(path), media_type=media_type)
            case SoundTrouble.THROTTLED:
                return _Spoilt(whole, pause_seconds=slow_seconds)
            case SoundTrouble.BROKEN_ONCE if video_id not in broken:
                broken.add(video_id)
                return _Spoilt(whole, stop_after_bytes=path.stat().st_size // 2)
            case SoundTrouble.BROKEN_ONCE if "bytes=0-" not in request.headers.get("range", "bytes=0-"):
                broken.discard(video_id)  # the rest has been fetched: the next download breaks again
        return whole

    @router.get("/api/manifest/hls_variant/id/{video_id}/file/index.m3u8")
    async def manifest(video_id: str) -> Response:
        is_live = video_id in FAULTS_BY_ID and FAULTS_BY_ID[video_id].is_live
        return Response(MANIFEST if is_live else "", 200 if is_live else 404, media_type="application/x-mpegURL")

    return router


async def _endless(path: Path) -> AsyncIterator[bytes]:
    beginning = await asyncio.to_thread(path.read_bytes)
    while True:
        yield beginning
        await asyncio.sleep(BREATH_SECONDS)


class _Spoilt(Response):
    """An answer that arrives slowly, or breaks off: the server closes a connection whose body is too short."""

    def __init__(self, whole: FileResponse, pause_seconds: float = 0, stop_after_bytes: int | None = None) -> None:
        super().__init__()
        self._whole = whole
        self._whole.chunk_size = CHUNK_BYTES
        self._pause_seconds = pause_seconds
        self._left = stop_after_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def spoilt(message: Message) -> None:
            if message["type"] == "http.response.body":
                await asyncio.sleep(self._pause_seconds)
                if self._left is not None:
                    body = message["body"][: self._left]
                    self._left -= len(body)
                    message = {**message, "body": body, "more_body": True}
            await send(message)

        await self._whole(scope, receive, spoilt)
