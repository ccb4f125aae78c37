"""Dagster's connections to its database, kept open.

Dagster's storage opens a connection for every query, some thirty a second on an idle instance, and nearly all that
PostgreSQL then does is to start and end processes. With ``?plugin=recast_pool`` in ``DAGSTER_PG_URL`` SQLAlchemy asks
this plugin how to pool instead (https://docs.sqlalchemy.org/en/20/core/connections.html#sqlalchemy.engine.CreateEnginePlugin).
"""

from typing import Any

from sqlalchemy import URL, CreateEnginePlugin, QueuePool

KEPT = 1
"""Connections that each of the three storages of a process keeps; what it needs beyond is closed after use."""


class RecastPool(CreateEnginePlugin):
    def __init__(self, url: URL, kwargs: dict[str, Any]) -> None:
        super().__init__(url, kwargs)
        kwargs |= {
            "poolclass": QueuePool,
            "pool_size": KEPT,
            # No upper limit, as without a pool: whoever waited here would hold up the queue of runs.
            "max_overflow": -1,
            # PostgreSQL may have been started again; a connection is tried before it is given out.
            "pool_pre_ping": True,
        }

    def update_url(self, url: URL) -> URL:
        return url  # takes no parameters of its own
