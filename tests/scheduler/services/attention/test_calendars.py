"""Calendars that cannot be read: noted when they are asked for, told with the interview in danger, gone once they can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.types import Availability, Unknown, Window
from scheduler.domain.attention.matters import Kind
from scheduler.domain.loops import BookMode
from scheduler.domain.people import Mode
from scheduler.services.afterwards import conflicts
from scheduler.services.planning import plan as planning
from tests.scheduler.kit import Kit, make
from tests.scheduler.services.attention.kit import EVERY, only, shown
from tests.stories.kit import ask, booked
from tests.stories.test_repair_asks import confirmed


@dataclass
class Closed:
    """The local calendars, of which some cannot be read."""

    inside: Any
    faults: dict[str, Unknown] = field(default_factory=dict)

    def availability(self, addresses: Sequence[str], window: Window) -> dict[str, Availability]:
        found: dict[str, Availability] = dict(self.inside.availability(addresses, window))
        return {a: self.faults.get(a, state) for a, state in found.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inside, name)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = make(tmp_path)
    closed: Any = Closed(made.calendar)
    both = {("local", Mode.TYPED): closed, ("local", Mode.FREE_BUSY): closed}
    return replace(made, app=replace(made.app, calendars=both), calendar=closed)


def _faults(kit: Kit) -> dict[str, Unknown]:
    closed: Any = kit.calendar
    return closed.faults  # type: ignore[no-any-return]


REVOKED = Unknown("auth_revoked", "they took their consent back")
AWAY = Unknown("transient", "the service did not answer")


def test_a_calendar_that_may_not_be_read_is_told_until_it_may(kit: Kit) -> None:
    loop = confirmed(kit, "short", BookMode.BOOK)
    talk = booked(kit, loop.id)["talk"]
    person = talk.seats[0].person
    kit.clock.forward(minutes=10)
    _faults(kit)[f"{person}@testwerk.example"] = REVOKED
    conflicts.look(kit.app, 60)
    found = [one for one in shown(kit) if one.kept.matter.kind is Kind.REVOKED]
    matter = only(found).kept.matter
    assert (matter.people, matter.loop) == ((person,), loop.id)
    mine = [i for i in booked(kit, loop.id).values() if person in {s.person for s in i.seats}]
    assert matter.due == min(i.span.start for i in mine)
    assert matter.text.endswith("may not be read any more: they took their consent back")
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 60)
    assert [o.kept.matter.cause for o in shown(kit) if o.kept.matter.kind is Kind.REVOKED] == [matter.cause]
    _faults(kit).clear()
    conflicts.look(kit.app, 60)
    assert [o for o in shown(kit, EVERY) if o.kept.matter.kind is Kind.REVOKED] == []


def test_planning_notes_it_as_well(kit: Kit) -> None:
    _faults(kit)["ben@testwerk.example"] = replace(REVOKED, code="unreadable")
    loop = ask(kit, "short", BookMode.PROPOSE)
    matter = only(shown(kit)).kept.matter
    assert (matter.kind, matter.subject, matter.due) == (Kind.UNREADABLE, "person:ben", None)
    _faults(kit).clear()
    planning.replan(kit.app, loop.id, actor="person:rolf", cause="asked")
    kit.run()
    assert shown(kit, EVERY) == []


def test_what_passes_by_itself_is_waited_for(kit: Kit) -> None:
    _faults(kit)["ben@testwerk.example"] = AWAY
    loop = ask(kit, "short", BookMode.PROPOSE)
    assert shown(kit, EVERY) == []
    kit.clock.forward(minutes=30)
    planning.replan(kit.app, loop.id, actor="person:rolf", cause="asked")
    kit.run()
    matter = only(shown(kit)).kept.matter
    assert matter.since == kit.clock() - timedelta(minutes=30)


def test_a_calendar_that_nobody_asks_for_is_nobodys_worry(kit: Kit) -> None:
    _faults(kit)["ben@testwerk.example"] = REVOKED
    ask(kit, "short", BookMode.PROPOSE)
    assert only(shown(kit)).kept.matter.kind is Kind.REVOKED
    kit.clock.forward(hours=24)
    assert shown(kit, EVERY) == []
