"""/docs: the API to read and to try out. Its scripts come from this server where the package that brings them is
installed (fastapi-offline, used for its files alone), and otherwise from a CDN."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

FILES_PACKAGE = "fastapi_offline"
FILES = "/docs/static"


def add_docs_page(app: FastAPI, openapi_url: str) -> None:
    own_files: dict[str, Any] = {}
    if folder := _own_files():
        app.mount(FILES, StaticFiles(directory=folder))
        own_files = {
            "swagger_js_url": f"{FILES}/swagger-ui-bundle.js",
            "swagger_css_url": f"{FILES}/swagger-ui.css",
            "swagger_favicon_url": f"{FILES}/favicon.png",
        }

    @app.get("/docs", include_in_schema=False)
    async def get_docs_page() -> HTMLResponse:
        parameters = {"persistAuthorization": False, "displayRequestDuration": True, "tryItOutEnabled": True}
        return get_swagger_ui_html(
            openapi_url=openapi_url, title="Recast API", swagger_ui_parameters=parameters, **own_files
        )


def _own_files() -> Path | None:
    spec = find_spec(FILES_PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "static" if spec and spec.submodule_search_locations else None
