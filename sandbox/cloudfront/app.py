"""One distribution: GET and HEAD of signed URLs, everything else refused as CloudFront refuses it.

It has the response headers policy that pages need to play captions: CloudFront's own "SimpleCORS".
"""

import time
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from sandbox.cloudfront.origin import Origin
from sandbox.cloudfront.policy import RefusedError, check_signature, load_public_key, signed_resource
from sandbox.settings import SandboxSettings

PREFIX = "/cdn"


def cloudfront_router(settings: SandboxSettings, clock: Callable[[], float] = time.time) -> APIRouter:
    """Routes under ``/cdn``. Without a public key in the settings every URL is refused."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    origin = Origin(settings)
    path = settings.cloudfront_public_key_path
    keys = {settings.cloudfront_key_pair_id: load_public_key(path.read_bytes())} if path else {}

    @router.api_route("/{_:path}", methods=["GET", "HEAD"])
    def read(request: Request) -> Response:
        raw_path, query = request.scope["raw_path"].decode("ascii"), request.url.query
        try:
            check_signature(signed_resource(settings.base_url + raw_path, query), parse_qsl(query), keys, clock())
        except RefusedError as refusal:
            return _error(403, refusal.code, refusal.message)
        key = unquote(raw_path.removeprefix(f"{PREFIX}/"))
        answer = origin.read(key, request.headers.get("range"), head=request.method == "HEAD")
        if answer.error_code:
            return _error(answer.status, answer.error_code, "The origin refused the request")
        allowed = {"Access-Control-Allow-Origin": "*"} if "origin" in request.headers else {}
        headers = answer.headers | _marks("Miss") | allowed
        return StreamingResponse(answer.chunks, status_code=answer.status, headers=headers)

    return router


def _error(status: int, code: str, message: str) -> Response:
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>{error}'
    return Response(body, status_code=status, media_type="text/xml", headers=_marks("Error"))


def _marks(outcome: str) -> dict[str, str]:
    return {
        "Server": "CloudFront",
        "X-Cache": f"{outcome} from cloudfront",
        "Via": "1.1 sandbox.cloudfront.net (CloudFront)",
        "X-Amz-Cf-Id": uuid4().hex,
    }
