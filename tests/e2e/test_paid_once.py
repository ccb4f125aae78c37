"""The benchmark of the same name, short: no clip is paid for twice, and none is lost, whatever dies on the way."""

import pytest
from rich.console import Console

from benchmarks.paid_once import measure_on
from tests.e2e.conftest import PAID_ONCE
from tests.e2e.recast import Recast

pytestmark = [pytest.mark.xdist_group("kills"), pytest.mark.timeout(900)]


async def test_a_clip_is_paid_for_once_though_answers_are_lost_and_workers_and_services_die(stack: Recast) -> None:
    figures = await measure_on(stack, PAID_ONCE, Console())
    assert (figures["double_paid"], figures["unrecorded"], figures["charges"]) == (0, 0, PAID_ONCE.scenes)
    assert (figures["lost"], figures["unfinished"], figures["parked"]) == (0, 0, 0)
    assert figures["violations"] == 0
    assert figures["lost_answers"] > 0
    assert figures["kills"] + figures["stops"] > 0
