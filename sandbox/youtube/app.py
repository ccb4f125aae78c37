"""The routes of YouTube that readers of captions and fetchers of sound call."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pydantic import BaseModel

from sandbox.youtube.faults import ADDRESS_BLOCKED, Trouble, look_up
from sandbox.youtube.pages import INITIAL_DATA, INNERTUBE_API_KEY, captcha_page, consent_page, watch_page
from sandbox.youtube.player import CAPTION_CLIENT, player_response
from sandbox.youtube.streaming import Streaming
from sandbox.youtube.timedtext import MUSIC_ONLY, timedtext


class PlayerRequest(BaseModel):
    videoId: str  # noqa: N815 - YouTube's own spelling
    context: dict[str, Any]


def youtube_router(streaming: Streaming, slow_seconds: float) -> APIRouter:
    """Routes for ``/watch``, ``/youtubei/v1/player``, ``/youtubei/v1/next`` and ``/api/timedtext``."""
    router = APIRouter(include_in_schema=False)
    refused: set[str] = set()

    @router.get("/watch")
    async def watch(request: Request, v: str) -> Response:
        video, fault = look_up(v)
        match fault.trouble if fault else Trouble.NONE:
            case Trouble.TOO_MANY_REQUESTS:
                return HTMLResponse(captcha_page(), status_code=429)
            case Trouble.RECAPTCHA:
                return HTMLResponse(captcha_page())
            case Trouble.DOWN:
                return PlainTextResponse("Service Unavailable", status_code=503)
            case Trouble.DOWN_ONCE if v not in refused:
                refused.add(v)
                return PlainTextResponse("Service Unavailable", status_code=503)
            case Trouble.DOWN_ONCE:
                refused.discard(v)
            case Trouble.CONSENT if not request.cookies.get("CONSENT", "").startswith("YES+"):
                return HTMLResponse(consent_page())
            case Trouble.SLOW:
                await asyncio.sleep(slow_seconds)
        return HTMLResponse(watch_page(v, video))

    @router.post("/youtubei/v1/player")
    async def player(body: PlayerRequest, key: str | None = None) -> Response:
        if key not in (None, INNERTUBE_API_KEY):
            error = {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
            }
            return JSONResponse({"error": error}, status_code=400)
        video, fault = look_up(body.videoId)
        match fault.trouble if fault else Trouble.NONE:
            case Trouble.SLOW:
                await asyncio.sleep(slow_seconds)
            case Trouble.DOWN:
                return PlainTextResponse("Service Unavailable", status_code=503)
            case Trouble.TOO_MANY_REQUESTS | Trouble.RECAPTCHA:
                video, fault = None, ADDRESS_BLOCKED
        if video and body.context.get("client", {}).get("clientName") != CAPTION_CLIENT:
            streaming.begin(video, fault)
        sound = streaming.data(body.videoId, video, fault) if video else None
        return JSONResponse(player_response(body.videoId, video, fault, sound))

    @router.post("/youtubei/v1/next")
    async def surroundings() -> Response:
        return JSONResponse(INITIAL_DATA)

    @router.get("/api/timedtext")
    async def captions(v: str, lang: str, kind: str = "", tlang: str = "") -> Response:
        video, fault = look_up(v)
        trouble = fault.trouble if fault else Trouble.NONE
        if trouble in (Trouble.EMPTY_BODY, Trouble.PLAYER_ONLY):
            return Response(media_type="text/xml")
        if trouble is Trouble.MUSIC_ONLY:
            return Response(timedtext(MUSIC_ONLY), media_type="text/xml")
        track = video.track(lang, kind == "asr") if video else None
        if video and track and tlang:
            track = video.translation(tlang)
        if track is None:
            return Response(status_code=404)
        return Response(timedtext(track.captions), media_type="text/xml")

    return router
