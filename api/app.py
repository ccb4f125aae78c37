"""The application: every part of the API, put together. `uvicorn api.app:create_app --factory`"""

from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from api import error_page, index_page
from api.body_limit import BodyLimitMiddleware
from api.dependencies import current_user
from api.docs_page import add_docs_page
from api.errors import answer_errors_as_problems
from api.forms import PICTURES, TRANSCRIPT
from api.logs import adopt_server_logs
from api.openapi import DESCRIPTION, TAGS, DescribedAPI, operation_name
from api.page import BUILT_PAGE, BuiltPage
from api.problems import Problems
from api.requests import REQUEST_ID_HEADER, RequestMiddleware
from api.routes import (
    characters,
    editing,
    events,
    finishing,
    imports,
    jobs,
    money,
    results,
    scripts,
    service,
    takes,
    uploads,
    webhooks,
)
from api.services import lifespan_of
from api.version import VERSION
from resources.logs import configure_logs
from resources.settings import Settings

PREFIX = "/api/v1"
OPENAPI_URL = "/api/openapi.json"


def create_app(settings: Settings | None = None, *, page: Path = BUILT_PAGE) -> FastAPI:
    """Settings come from the environment unless given; ``page`` is the folder of the built web page, if it exists."""
    settings = settings or Settings()
    configure_logs(settings.log_format)
    adopt_server_logs()
    problems = Problems(settings.public_url)
    app = DescribedAPI(
        title="Recast",
        version=VERSION,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_name,
        lifespan=lifespan_of(settings),
        # The outermost first: a browser of another origin must be able to read problems too.
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", REQUEST_ID_HEADER],
                expose_headers=[REQUEST_ID_HEADER, "Retry-After"],
            ),
            Middleware(RequestMiddleware, problems=problems),
            Middleware(
                BodyLimitMiddleware,
                problems=problems,
                larger={
                    ("POST", f"{PREFIX}{characters.router.prefix}"): PICTURES.max_form_bytes,
                    ("POST", f"{PREFIX}{imports.TRANSCRIPT_PATH}"): TRANSCRIPT.max_form_bytes,
                },
            ),
        ],
    )
    answer_errors_as_problems(app, problems)
    signed_in = APIRouter(prefix=PREFIX, dependencies=[Depends(current_user)])
    for group in (imports, uploads, scripts, editing, characters, jobs, takes, finishing, results, events, money):
        signed_in.include_router(group.router)
    app.include_router(signed_in)
    app.include_router(service.router, prefix=PREFIX)
    app.include_router(webhooks.router, prefix=PREFIX)
    app.include_router(service.probes)
    app.include_router(error_page.router)
    add_docs_page(app, OPENAPI_URL)
    if page.is_dir():
        # After everything else, so that a wrong method on a route of the API is a 405 and not a missing file.
        app.router.default = BuiltPage(page, settings)
    else:
        app.include_router(index_page.router)
    return app
