"""Isolation: a sensor looks after the jobs of all users, and an odd one must not stop it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from domain.errors import RecastError

log = structlog.get_logger(__name__)


@asynccontextmanager
async def one_job(job_id: UUID) -> AsyncIterator[None]:
    """What goes wrong with one job must not keep the others waiting; the database's absence concerns all."""
    try:
        yield
    except RecastError:
        raise
    except Exception:
        log.exception("a job could not be looked after", job_id=str(job_id))
