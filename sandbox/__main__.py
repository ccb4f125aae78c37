"""``python -m sandbox``: all of the sandbox on one loopback port."""

import uvicorn

from sandbox.app import create_app
from sandbox.settings import SandboxSettings

SHUTDOWN_SECONDS = 2
"""Answers that are held back on purpose must not hold up the end."""

if __name__ == "__main__":
    settings = SandboxSettings()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
