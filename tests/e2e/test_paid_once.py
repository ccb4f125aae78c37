"""The benchmark of the same name, short: no clip is paid for twice, and none is lost, whatever dies on the way."""

import pytest
from rich.console import Console

from benchmarks.paid_once import Plan, measure

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(900)]


def test_a_clip_is_paid_for_once_though_answers_are_lost_and_workers_and_services_die() -> None:
    plan = Plan(scenes=16, scenes_a_job=8, scenes_a_blow=4, lost_answers=0.25, deadline_seconds=600)
    figures = measure(plan, Console(), durable=False)
    assert (figures["double_paid"], figures["unrecorded"], figures["charges"]) == (0, 0, plan.scenes)
    assert (figures["lost"], figures["unfinished"], figures["parked"]) == (0, 0, 0)
    assert figures["violations"] == 0
    assert figures["lost_answers"] > 0
    assert figures["kills"] + figures["stops"] > 0
