"""The product's API and the sandbox."""

import sys
from collections.abc import Mapping

from cli.stack.checks import http_ok
from cli.stack.folder import CHECKOUT
from cli.stack.ports import HOST
from cli.stack.service import Service


def api_service(port: int, env: Mapping[str, str], *, after: tuple[str, ...] = ()) -> Service:
    """The step ``api``."""
    uvicorn = ("uvicorn", "api.app:create_app", "--factory", "--host", HOST, "--port", str(port))
    return Service(
        name="api",
        command=(sys.executable, "-m", *uvicorn, "--timeout-graceful-shutdown", "5"),
        ready=http_ok(HOST, port, "/healthz"),
        env=env,
        cwd=CHECKOUT,
        depends_on=after,
    )


def sandbox_service(port: int, env: Mapping[str, str], *, after: tuple[str, ...] = ()) -> Service:
    """The step ``sandbox``."""
    return Service(
        name="sandbox",
        command=(sys.executable, "-m", "sandbox"),
        ready=http_ok(HOST, port, "/healthz"),
        env=env,
        cwd=CHECKOUT,
        depends_on=after,
    )
