"""Structured logs: JSON for machines, lines for people, and no secret in either."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from domain.redaction import REDACTED, redacted

SECRET_KEYS = re.compile(r"password|secret|token|authorization|cookie|private_key", re.IGNORECASE)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if SECRET_KEYS.search(key):
            event[key] = REDACTED
        elif isinstance(value, str):
            event[key] = redacted(value)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
CHAIN: list[Any] = [*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
"""One list for ever: loggers keep it from their first line on, whoever configures again."""


def configure_logs(log_format: str) -> None:
    """Send structlog and the standard library through one chain to standard error, redacted last of all."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=CHAIN,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # One line per outgoing request, with its whole address, is noise and may carry a signature.
    for noisy in ("httpx", "httpx2", "httpcore", "openai", "botocore", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
