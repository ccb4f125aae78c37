"""The built web page, served from a folder wherever no route of the API answers."""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from resources.settings import Settings

BUILT_PAGE = Path(__file__).parents[1] / "frontend" / "out"
INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
IMMUTABLE = "public, max-age=31536000, immutable"


class BuiltPage(StaticFiles):
    """Files whose names carry their fingerprint are kept for ever; HTML is asked for anew each time, and may run its
    own inline scripts (named by their hashes) and nothing else's."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__(directory=folder, html=True)
        origins = _media_origins(settings)
        self._policies = {
            str(path.resolve()): _policy(path.read_bytes(), _origin(settings.auth_url), origins)
            for path in folder.rglob("*.html")
        }

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["path"].startswith("/api/"):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        headers = MutableHeaders(raw=response.raw_headers)
        file = str(getattr(response, "path", ""))
        if file in self._policies:
            headers["Content-Security-Policy"] = self._policies[file]
            headers["X-Frame-Options"] = "DENY"
            headers["Cache-Control"] = "no-cache"
        elif path.startswith("_next/static/") and response.status_code == 200:
            headers["Cache-Control"] = IMMUTABLE
        return response


def _policy(html: bytes, auth: str, media: str) -> str:
    digests = {base64.b64encode(hashlib.sha256(script).digest()).decode() for script in INLINE_SCRIPT.findall(html)}
    scripts = " ".join(f"'sha256-{digest}'" for digest in sorted(digests))
    return (
        f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        f"connect-src 'self' {auth} {media}; img-src 'self' data: blob: {media}; media-src 'self' blob: {media}; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def _media_origins(settings: Settings) -> str:
    bucket = f"https://{settings.s3_bucket}.s3.{settings.s3_region}.amazonaws.com"
    return f"{_origin(settings.cdn_url)} {_origin(settings.s3_endpoint_url or bucket)}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
