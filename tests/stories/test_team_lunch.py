"""Lunch or drinks with the team means the team: a quorum is required, everybody else who can is invited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from scheduler.domain.bookings import Interview
from scheduler.domain.loops import LoopState
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked

TEAM = ("anna", "ben", "cleo", "dirk", "emma")
USED = (
    "templates:\n  - use: data-engineer\n    debrief: false\n    notice_hours: 1\n"
    "    pools: {talent-managers: managers, data-engineers: team}\n    people: {ceo: rolf}\n"
)
TEXT = (
    COMPANY.read_text(encoding="utf-8")
    .replace("pools:\n", f"pools:\n  - {{id: team, name: Team, qualified: [{', '.join(TEAM)}]}}\n", 1)
    .replace("templates:\n", USED, 1)
    .replace("hours: mon-fri 09:00-17:00", "hours: mon-fri 09:00-18:00")
)
WEEK = tuple((f"2026-03-{day}T09:00", f"2026-03-{day}T19:00") for day in (11, 12, 13))


def busy(kit: Kit, who: str, first: int, last: int) -> None:
    """Away between these hours in Berlin on every day of the week."""
    days = (datetime(2026, 3, day, tzinfo=UTC) for day in (11, 12, 13))
    entries = [Entry("Away", d + timedelta(hours=first - 1), d + timedelta(hours=last - 1)) for d in days]
    add_entries(kit.folder, f"{who}@testwerk.example", entries)


def team(kit: Kit) -> Interview:
    loop = ask(kit, "data-engineer", windows=WEEK, leave_out=("questions",))
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    return booked(kit, loop.id)["team"]


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, TEXT)


def test_everybody_who_can_is_invited_and_a_quorum_is_required(kit: Kit) -> None:
    found = team(kit)
    assert {s.person for s in found.seats} == {"hana", *TEAM}
    required = {s.person for s in found.seats if s.required}
    assert "hana" in required and len(required) == 4


def test_who_cannot_come_is_left_out_and_lunch_is_held_all_the_same(kit: Kit) -> None:
    busy(kit, "dirk", 11, 19)
    busy(kit, "emma", 11, 19)
    assert {s.person for s in team(kit).seats} == {"hana", "anna", "ben", "cleo"}


def test_where_nobody_has_time_for_lunch_it_is_drinks(kit: Kit) -> None:
    busy(kit, "hana", 11, 15)
    start = team(kit).span.start
    assert (start + timedelta(hours=1)).hour >= 15
