"""The routes of YouTube that a caption reader calls."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pydantic import BaseModel

from sandbox.youtube.faults import DEMO, FAULTS_BY_ID, UNKNOWN, Fault, Trouble
from sandbox.youtube.pages import INNERTUBE_API_KEY, captcha_page, consent_page, watch_page
from sandbox.youtube.player import player_response
from sandbox.youtube.timedtext import MUSIC_ONLY, timedtext
from sandbox.youtube.videos import Video, library


class PlayerRequest(BaseModel):
    videoId: str  # noqa: N815 - YouTube's own spelling
    context: dict[str, Any]


def youtube_router(slow_seconds: float) -> APIRouter:
    """Routes for ``/watch``, ``/youtubei/v1/player`` and ``/api/timedtext``."""
    router = APIRouter(include_in_schema=False)
    refused: set[str] = set()

    @router.get("/watch")
    async def watch(request: Request, v: str) -> Response:
        video, fault = _look_up(v)
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
    async def player(body: PlayerRequest, key: str = "") -> Response:
        if key != INNERTUBE_API_KEY:
            error = {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
            }
            return JSONResponse({"error": error}, status_code=400)
        video, fault = _look_up(body.videoId)
        if fault and fault.trouble is Trouble.SLOW:
            await asyncio.sleep(slow_seconds)
        return JSONResponse(player_response(body.videoId, video, fault))

    @router.get("/api/timedtext")
    async def captions(v: str, lang: str, kind: str = "", tlang: str = "") -> Response:
        video, fault = _look_up(v)
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


def _look_up(video_id: str) -> tuple[Video | None, Fault | None]:
    """What is shown under an id, and what is wrong with it; an id that nobody knows is an unavailable video."""
    fault = FAULTS_BY_ID.get(video_id)
    if fault is None:
        video = library().get(video_id)
        return video, None if video else UNKNOWN
    return (library().get(DEMO) if fault.status == "OK" else None), fault
