"""Logs say what happened, whoever has configured them and how often."""

import logging

import pytest
import structlog
from structlog.testing import capture_logs

from resources.logs import configure_logs


def test_a_logger_that_has_spoken_heeds_whoever_configures_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers)
    configure_logs("json")
    log = structlog.get_logger("spoken")
    log.warning("first")
    configure_logs("json")
    with capture_logs() as lines:
        log.warning("second")
    assert [line["event"] for line in lines] == ["second"]
