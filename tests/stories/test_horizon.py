"""Windows behind the horizon: what is asked for is kept, and what would help is told and done in one call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from scheduler.domain.errors import BadInput
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.asking import requests
from tests.scheduler.api.client import Client
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, ask, look

FAR = (("2026-04-13T09:00", "2026-04-13T17:00"),)
"""Five weeks ahead; the template looks two weeks far."""


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def end(kit: Kit, loop: str) -> datetime:
    return look(kit, loop).horizon.end


def test_windows_behind_the_horizon_are_told_with_what_helps_and_one_call_does_it(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, FAR)
    assert loop.state is LoopState.INFEASIBLE
    assert next(r.kind for r in loop.reasons) == "no_window"
    assert loop.fixes == (
        "It would fit with a horizon until 13 April 2026 17:00 (Europe/Berlin): change the `horizon`.",
    )
    body = {
        "horizon": {"start": "2026-03-09T09:00", "end": "2026-04-13T17:00"},
        "zone": "Europe/Berlin",
    }
    answer = Client(kit).post(f"/api/v1/loops/{loop.id}/change", json=body)
    assert answer.status_code == 202, answer.text
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED


def test_it_is_told_where_only_some_windows_lie_behind(kit: Kit) -> None:
    away = Entry("Away", datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC))
    add_entries(kit.folder, "hana@testwerk.example", [away])
    loop = ask(kit, "short", BookMode.PROPOSE, (*DAYS, *FAR))
    assert loop.state is LoopState.INFEASIBLE
    assert loop.fixes[0].startswith("It would fit with a horizon until 13 April 2026")


def test_a_longer_horizon_that_does_not_help_is_not_told(kit: Kit) -> None:
    away = Entry("Away", datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 5, 20, tzinfo=UTC))
    add_entries(kit.folder, "hana@testwerk.example", [away])
    loop = ask(kit, "short", BookMode.PROPOSE, FAR)
    assert loop.state is LoopState.INFEASIBLE
    assert not any("horizon" in fix for fix in loop.fixes)


@pytest.mark.parametrize(
    "said",
    [
        ("2026-03-10T00:00", "2026-04-30T00:00"),
        ("2026-03-10T00:00", "2026-03-13T00:00"),
        ("2026-03-09T00:00", "2026-03-23T00:00"),
        ("2026-03-09T08:00", "2026-04-30T00:00"),
    ],
)
def test_new_windows_keep_a_horizon_that_was_asked_for(kit: Kit, said: tuple[str, str]) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, DAYS[:1], horizon=said)
    before = end(kit, loop.id)
    kit.clock.forward(hours=30)
    requests.change(kit.app, loop.id, "person:rolf", offered=DAYS[1:], zone_name="Europe/Berlin")
    assert end(kit, loop.id) == before
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED


def test_the_templates_horizon_counts_from_each_answer(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, DAYS)
    for _ in range(2):
        kit.clock.forward(hours=10)
        requests.change(kit.app, loop.id, "person:rolf", offered=DAYS[1:], zone_name="Europe/Berlin")
        kit.run()
        assert end(kit, loop.id) == kit.clock.now + timedelta(days=14)


def test_a_horizon_that_is_none_is_refused_by_name(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, DAYS)
    for said in (("2026-03-10T00:00", "2026-03-09T00:00"), ("2026-03-10T00:00", "2027-03-09T00:00")):
        with pytest.raises(BadInput, match=r"horizon\.end"):
            requests.change(kit.app, loop.id, "person:rolf", horizon=said, zone_name="Europe/Berlin")
