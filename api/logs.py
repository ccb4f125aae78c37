"""uvicorn's logs through the product's own chain."""

import logging


def adopt_server_logs() -> None:
    """The access log goes: it writes whole addresses, signatures and all. Our own line per request has what it had."""
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True
