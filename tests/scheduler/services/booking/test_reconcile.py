"""The net beneath queues again what waits too long, and does not pile jobs up."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import Transient
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.asking import intake, requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import reconcile
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, look
from tests.stories.test_afterwards import with_flaky


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def swept(kit: Kit, minutes: int) -> list[str]:
    """The jobs that a sweep in every one of so many minutes queues."""
    kit.jobs.waiting.clear()
    for _ in range(minutes):
        kit.clock.forward(minutes=1)
        reconcile.sweep(kit.app)
    return [name for name, _, _ in kit.jobs.waiting]


def test_a_plan_that_is_late_is_queued_again_once_an_hour(kit: Kit) -> None:
    request = LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.PROPOSE)
    loop = requests.ask(kit.app, request, "person:rolf")
    assert swept(kit, 3) == [], "not late yet"
    assert swept(kit, 40) == ["plan"]
    assert swept(kit, 60) == ["plan"]
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED
    assert swept(kit, 10) == []


def test_a_write_that_is_late_is_queued_again_once_an_hour(kit: Kit) -> None:
    with_flaky(kit, Transient("no answer"))
    loop = requests.ask(
        kit.app, LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.BOOK), "person:rolf"
    )
    kit.run()
    assert look(kit, loop.id).state is LoopState.BOOKING and kit.again, "the job is to come again by itself"
    assert swept(kit, 20) == ["perform"]


def test_a_message_that_is_late_is_queued_again_once_an_hour(kit: Kit) -> None:
    intake.receive(
        kit.app,
        "m1",
        b'{"id": "e", "type": "x", "data": {"application": {"id": "a", "job": "j",'
        b' "candidate": {"name": "n", "email": "n@example.org", "zone": "UTC"}, "hiring_manager": "hana",'
        b' "recruiter": "rolf"}}}',
    )
    assert swept(kit, 40) == ["intake"]
    assert swept(kit, 60) == ["intake"]
    kit.run()
    assert swept(kit, 100) == []
